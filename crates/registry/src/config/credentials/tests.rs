//! Files with credentials: what is read of them, and what is left of them when we have written.

use std::os::unix::fs::symlink;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// base64 of `user:hunter2`.
const AUTH: &str = "dXNlcjpodW50ZXIy";

fn registry(text: &str) -> Repository {
    let (registry, path) = text.split_once('/').unwrap_or((text, ""));
    Repository { registry: registry.into(), path: path.into() }
}

fn password(user: &str, password: &str) -> Credentials {
    Credentials::Password { user: user.into(), password: Secret::new(password.into()) }
}

fn source(document: &Value, name: &str) -> Result<Option<Source>> {
    AuthFile::parse(Path::new("auth.json"), document.to_string().as_bytes()).unwrap().source(&registry(name))
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn places(files: &[PathBuf]) -> Places {
    Places { credentials: files.to_vec(), ..Places::default() }
}

#[test]
fn the_closest_entry_counts() {
    let document = json!({ "auths": {
        "reg.example": { "auth": AUTH },
        "reg.example/team": { "auth": "dGVhbTp4" },
        "https://index.docker.io/v1/": { "auth": AUTH, "identitytoken": "token" },
    }});
    let inline = |credentials| Some(Source::Inline(credentials));
    assert_eq!(source(&document, "reg.example/a").unwrap(), inline(password("user", "hunter2")));
    assert_eq!(source(&document, "reg.example/team/a").unwrap(), inline(password("team", "x")));
    let token = Credentials::IdentityToken { user: "user".into(), token: Secret::new("token".into()) };
    assert_eq!(source(&document, "docker.io/library/nginx").unwrap(), inline(token));
    assert_eq!(source(&document, "quay.io/a").unwrap(), None);
}

#[test]
fn helpers_are_for_a_registry_or_for_all() {
    let document = json!({
        "auths": { "a.example": {}, "b.example": { "auth": AUTH }, "c.example": { "auth": AUTH } },
        "credHelpers": { "c.example": "own" },
        "credsStore": "all",
    });
    assert_eq!(source(&document, "a.example/x").unwrap(), Some(Source::Helper("all".into())));
    assert_eq!(source(&document, "b.example/x").unwrap(), Some(Source::Inline(password("user", "hunter2"))));
    assert_eq!(source(&document, "c.example/x").unwrap(), Some(Source::Helper("own".into())));
}

#[test]
fn docker_s_padding_and_colons_in_passwords() {
    let document = json!({ "auths": { "a.example": { "auth": "dTpwOnEAAAA=" } } });
    assert_eq!(source(&document, "a.example").unwrap(), Some(Source::Inline(password("u", "p:q"))));
}

#[test]
fn a_mistake_names_the_key_and_quotes_no_value() {
    let check = |document: Value, key: &str| {
        let error = source(&document, "a.example").unwrap_err().to_string();
        assert!(error.contains(&format!("`{key}` takes")) && !error.contains("hunter2"), "{error}");
    };
    check(json!({ "auths": "hunter2" }), "auths");
    check(json!({ "auths": { "a.example": "hunter2" } }), "auths.a.example");
    check(json!({ "auths": { "a.example": { "auth": 5 } } }), "auths.a.example.auth");
    check(json!({ "auths": { "a.example": { "auth": "hunter2!" } } }), "auths.a.example.auth");
    check(json!({ "auths": { "a.example": { "auth": "aHVudGVyMg==" } } }), "auths.a.example.auth");
    check(json!({ "credsStore": ["hunter2"] }), "credsStore");
    check(json!({ "credHelpers": { "a.example": {} } }), "credHelpers.a.example");
    let error = AuthFile::parse(Path::new("auth.json"), b"{\n\"hunter2").err().unwrap().to_string();
    assert_eq!(error, "`auth.json`, line 2: it is no JSON object");
}

#[test]
fn a_login_is_its_owner_s_alone_and_leaves_what_others_keep() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("containers/auth.json");
    let places = places(std::slice::from_ref(&path));
    let kept = keep(&places, &registry("reg.example:5000"), "user", &Secret::new("hunter2".into())).unwrap();
    assert_eq!(kept, Kept::File(path.clone()));
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(json_of(&path), json!({ "auths": { "reg.example:5000": { "auth": AUTH } } }));
    let theirs = json!({ "auths": { "quay.io": { "auth": "dTpw", "odd": 1 } }, "currentContext": "x" });
    std::fs::write(&path, theirs.to_string()).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(exposed(&places), [Warning::Exposed { path: path.clone() }]);
    keep(&places, &registry("docker.io"), "user", &Secret::new("hunter2".into())).unwrap();
    assert!(exposed(&places).is_empty());
    let expected = json!({
        "auths": { "quay.io": { "auth": "dTpw", "odd": 1 }, "docker.io": { "auth": AUTH } },
        "currentContext": "x",
    });
    assert_eq!(json_of(&path), expected);
    let left: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing beside it");
}

#[test]
fn docker_finds_docker_hub_in_its_own_file() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("config.json");
    let places = places(std::slice::from_ref(&path));
    keep(&places, &registry("docker.io"), "user", &Secret::new("hunter2".into())).unwrap();
    assert_eq!(json_of(&path), json!({ "auths": { "https://index.docker.io/v1/": { "auth": AUTH } } }));
    assert_eq!(find(&places, &registry("docker.io/library/x")).unwrap(), Some(password("user", "hunter2")));
}

#[test]
fn a_link_to_the_file_stays_a_link() {
    let root = tempfile::tempdir().unwrap();
    let (real, link) = (root.path().join("real.json"), root.path().join("auth.json"));
    std::fs::write(&real, "{}").unwrap();
    symlink(&real, &link).unwrap();
    let places = places(std::slice::from_ref(&link));
    keep(&places, &registry("a.example"), "user", &Secret::new("hunter2".into())).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(json_of(&real).get("auths").is_some());
}

#[test]
fn the_first_file_that_has_something_counts_and_only_the_first_is_changed() {
    let root = tempfile::tempdir().unwrap();
    let (ours, theirs) = (root.path().join("auth.json"), root.path().join("config.json"));
    let places = places(&[ours.clone(), theirs.clone()]);
    let login = json!({ "auths": { "a.example": { "auth": AUTH } } });
    std::fs::write(&theirs, login.to_string()).unwrap();
    assert_eq!(find(&places, &registry("a.example/x")).unwrap(), Some(password("user", "hunter2")));
    keep(&places, &registry("a.example"), "mine", &Secret::new("p".into())).unwrap();
    assert_eq!(find(&places, &registry("a.example/x")).unwrap(), Some(password("mine", "p")));
    let forgotten = forget(&places, &registry("a.example")).unwrap();
    assert_eq!(forgotten, Forgotten { from: vec![Kept::File(ours.clone())], left: vec![theirs.clone()] });
    assert_eq!((json_of(&ours), json_of(&theirs)), (json!({ "auths": {} }), login));
    assert!(forget(&places, &registry("a.example")).unwrap().from.is_empty());
}

#[test]
fn a_login_for_a_part_of_a_registry_comes_and_goes_alone() {
    let root = tempfile::tempdir().unwrap();
    let places = places(&[root.path().join("auth.json")]);
    for (name, user) in [("a.example", "all"), ("a.example/team", "team")] {
        keep(&places, &registry(name), user, &Secret::new("p".into())).unwrap();
    }
    assert_eq!(find(&places, &registry("a.example/team/x")).unwrap(), Some(password("team", "p")));
    assert_eq!(find(&places, &registry("a.example/x")).unwrap(), Some(password("all", "p")));
    forget(&places, &registry("a.example/team")).unwrap();
    assert_eq!(find(&places, &registry("a.example/team/x")).unwrap(), Some(password("all", "p")));
    assert_eq!(forget_all(&places).unwrap(), ["a.example"]);
    assert_eq!(find(&places, &registry("a.example/x")).unwrap(), None);
}

#[test]
fn logins_at_the_same_time_are_all_kept() {
    let root = tempfile::tempdir().unwrap();
    let places = places(&[root.path().join("auth.json")]);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let places = &places;
            scope.spawn(move || {
                let name = format!("r{number}.example");
                keep(places, &registry(&name), "user", &Secret::new("p".into())).unwrap();
            });
        }
    });
    assert_eq!(forget_all(&places).unwrap().len(), 8);
}

#[test]
fn a_helper_keeps_what_the_file_says_it_keeps() {
    let root = tempfile::tempdir().unwrap();
    let (file, kept) = (root.path().join("auth.json"), root.path().join("kept"));
    let program = root.path().join("docker-credential-box");
    let script = format!(
        "#!/bin/sh\nread line\ncase $1 in\nstore) echo \"$line\" > {0} ;;\nget) read line < {0} && echo \"$line\" ;;\n\
         erase) : > {0} ;;\nesac\n",
        kept.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(&file, json!({ "credHelpers": { "a.example": "box" } }).to_string()).unwrap();
    let places = Places { helpers: vec![root.path().to_owned()], ..places(&[file]) };
    let name = registry("a.example");
    let mut stored = keep(&places, &name, "user", &Secret::new("hunter2".into()));
    while stored.as_ref().is_err_and(|error| error.to_string().contains("Text file busy")) {
        stored = keep(&places, &name, "user", &Secret::new("hunter2".into()));
    }
    assert_eq!(stored.unwrap(), Kept::Helper("box".into()));
    assert_eq!(find(&places, &name).unwrap(), Some(password("user", "hunter2")));
    let written = json_of(&kept);
    assert_eq!(written, json!({ "ServerURL": "a.example", "Username": "user", "Secret": "hunter2" }));
    assert_eq!(forget(&places, &name).unwrap().from, [Kept::Helper("box".into())]);
    assert_eq!(std::fs::read(&kept).unwrap(), b"\n".get(1..).unwrap());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(file) = AuthFile::parse(Path::new("auth.json"), &bytes) {
            let _either = file.source(&registry("a.example/x"));
        }
    }

    #[test]
    fn what_is_kept_is_found_again(user in "[^:\0]{1,20}", text in "[^\0]{0,20}", host in "[a-z]{1,9}\\.example") {
        let mut file = AuthFile::parse(Path::new("auth.json"), b"").unwrap();
        file.keep(&registry(&host), &user, &Secret::new(text.clone())).unwrap();
        let again = AuthFile::parse(Path::new("auth.json"), file.text().unwrap().as_bytes()).unwrap();
        let found = again.source(&registry(&format!("{host}/a/b"))).unwrap();
        prop_assert_eq!(found, Some(Source::Inline(password(&user, &text))));
    }
}
