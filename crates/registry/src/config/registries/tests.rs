//! registries.conf as people write it, and as they get it wrong.

use std::path::Path;

use model::reference::{ImageName, Repository};
use proptest::prelude::*;

use super::*;
use crate::config::endpoint::Named;
use crate::config::shortname::full_name;

fn registries(text: &str) -> Registries {
    Registries::of_text(Path::new("a.conf"), text).unwrap()
}

fn repository(text: &str) -> Repository {
    text.parse::<ImageName>().unwrap().located()
}

/// Endpoints as `host/path security pulls`, a line each.
fn endpoints(registries: &Registries, name: &str) -> Vec<String> {
    let endpoints = registries.endpoints(&repository(name)).unwrap();
    let line = |Endpoint { repository, security, pulls, role }: &Endpoint| {
        format!("{repository} {security:?} {pulls:?} {role:?}")
    };
    endpoints.iter().map(line).collect()
}

fn mistake(text: &str) -> String {
    parse(Path::new("a.conf"), text).unwrap_err().to_string()
}

fn full(registries: &Registries, name: &str) -> String {
    full_name(registries, &name.parse().unwrap()).unwrap().to_string()
}

#[test]
fn without_settings_a_name_leads_where_it_says() {
    let none = Registries::default();
    assert_eq!(endpoints(&none, "nginx"), ["docker.io/library/nginx Verified All Registry"]);
    let hub = none.destination(&repository("Registry-1.docker.io:443/library/nginx")).unwrap();
    assert_eq!((hub.host(), hub.repository.registry.as_str()), ("registry-1.docker.io", "docker.io"));
}

#[test]
fn mirrors_come_first_and_the_registry_last() {
    let text = r#"
        [[registry]]
        location = "docker.io"
        [[registry.mirror]]
        location = "mirror.example:5000/hub"
        insecure = true
        [[registry.mirror]]
        location = "other.example"
        pull-from-mirror = "digest-only"
    "#;
    let expected = [
        "mirror.example:5000/hub/library/nginx Insecure All Mirror",
        "other.example/library/nginx Verified Digests Mirror",
        "docker.io/library/nginx Verified All Registry",
    ];
    assert_eq!(endpoints(&registries(text), "nginx"), expected);
    assert_eq!(endpoints(&registries(text), "quay.io/a/b"), ["quay.io/a/b Verified All Registry"]);
}

#[test]
fn a_mirror_for_digests_serves_no_tag() {
    let text = r#"
        [[registry]]
        location = "docker.io"
        mirror-by-digest-only = true
        [[registry.mirror]]
        location = "mirror.example"
    "#;
    let found = registries(text).endpoints(&repository("nginx")).unwrap();
    let serves = |named| found.iter().map(|endpoint| endpoint.serves(named)).collect::<Vec<_>>();
    assert_eq!(serves(Named::ByTag), [false, true]);
    assert_eq!(serves(Named::ByDigest), [true, true]);
}

#[test]
fn a_location_takes_the_prefix_s_place_for_pulls_and_pushes() {
    let text = r#"
        [[registry]]
        prefix = "team.example/apps"
        location = "registry.example:5000/2026"
        insecure = true
    "#;
    let registries = registries(text);
    let moved = ["registry.example:5000/2026/web Insecure All Registry"];
    assert_eq!(endpoints(&registries, "team.example/apps/web"), moved);
    let pushed = registries.destination(&repository("team.example/apps/web")).unwrap();
    assert_eq!(pushed.repository.to_string(), "registry.example:5000/2026/web");
    assert_eq!(endpoints(&registries, "team.example/web"), ["team.example/web Verified All Registry"]);
}

#[test]
fn a_location_that_leaves_no_name_is_an_error() {
    let text = "[[registry]]\nprefix = \"docker.io/library/nginx\"\nlocation = \"other.example\"";
    let error = registries(text).endpoints(&repository("nginx")).unwrap_err().to_string();
    assert!(error.contains("line 1") && error.contains("names no repository"), "{error}");
}

#[test]
fn a_whole_registry_is_asked_where_its_location_is() {
    let whole = |text: &str| {
        let hub = Repository { registry: "docker.io".into(), path: String::new() };
        let place = registries(text).destination(&hub).unwrap();
        (place.repository.registry, place.repository.path)
    };
    let pair = |registry: &str, path: &str| (registry.to_owned(), path.to_owned());
    assert_eq!(whole("[[registry]]\nlocation = \"docker.io\""), pair("docker.io", ""));
    let moved = "[[registry]]\nprefix = \"docker.io\"\nlocation = \"mirror.example/hub\"";
    assert_eq!(whole(moved), pair("mirror.example", "hub"));
}

#[test]
fn a_pattern_needs_no_location() {
    let text = "[[registry]]\nprefix = \"*.example\"\ninsecure = true";
    assert_eq!(endpoints(&registries(text), "a.example/x"), ["a.example/x Insecure All Registry"]);
}

#[test]
fn what_is_blocked_is_an_error_that_says_where() {
    let text = "\n[[registry]]\nlocation = \"docker.io\"\nblocked = true\n";
    let registries = registries(text);
    for name in ["nginx", "docker.io:443/library/nginx", "Index.docker.io/a/b"] {
        let error = registries.endpoints(&repository(name)).unwrap_err();
        assert!(matches!(&error, ConfigError::Blocked { line: 2, .. }), "{error}");
        assert!(error.to_string().contains("`a.conf`, line 2, blocks `docker.io`"), "{error}");
    }
}

#[test]
fn a_blocked_registry_is_reached_by_no_other_name() {
    let blocked = "[[registry]]\nlocation = \"bad.example\"\nblocked = true\n";
    let moved = "[[registry]]\nprefix = \"good.example\"\nlocation = \"bad.example\"\n";
    let mirror =
        "[[registry]]\nlocation = \"good.example\"\n[[registry.mirror]]\nlocation = \"bad.example\"\n";
    for other in [moved, mirror] {
        let registries = registries(&format!("{blocked}{other}"));
        let result = registries.endpoints(&repository("good.example/a"));
        assert!(matches!(result, Err(ConfigError::Blocked { line: 1, .. })), "{other}");
    }
}

#[test]
fn a_longer_prefix_is_an_exception_from_a_block() {
    let text = r#"
        [[registry]]
        location = "docker.io"
        blocked = true
        [[registry]]
        location = "docker.io/library"
    "#;
    let registries = registries(text);
    assert_eq!(endpoints(&registries, "nginx"), ["docker.io/library/nginx Verified All Registry"]);
    assert!(registries.endpoints(&repository("team/app")).is_err());
}

#[test]
fn short_names_follow_aliases_then_the_only_registry_then_docker_hub() {
    assert_eq!(full(&Registries::default(), "nginx:1.27"), "docker.io/library/nginx:1.27");
    let text = r#"
        unqualified-search-registries = ["quay.io"]
        [aliases]
        "nginx" = "public.example/mirror/nginx"
        "team/app" = "docker.io/app"
    "#;
    let one = registries(text);
    assert_eq!(full(&one, "nginx:1.27"), "public.example/mirror/nginx:1.27");
    assert_eq!(full(&one, "team/app"), "docker.io/library/app");
    assert_eq!(full(&one, "alpine"), "quay.io/alpine");
    assert_eq!(full(&one, "localhost:5000/nginx"), "localhost:5000/nginx");
    let off = registries(&format!("short-name-mode = \"disabled\"\n{text}"));
    assert_eq!(full(&off, "nginx"), "quay.io/nginx");
}

#[test]
fn several_registries_for_short_names_are_a_question_and_no_search() {
    let several = registries("unqualified-search-registries = [\"quay.io\", \"docker.io\"]");
    let error = full_name(&several, &"nginx:1".parse().unwrap()).unwrap_err();
    let expected = "`nginx:1` could be any of `quay.io/nginx:1`, `docker.io/library/nginx:1`: \
                    `a.conf` lists several registries";
    assert_eq!(error.to_string(), expected);
    assert_eq!(full(&several, "quay.io/nginx"), "quay.io/nginx");
}

#[test]
fn later_files_replace_what_earlier_ones_say_of_the_same() {
    let root = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    };
    let main = write(
        "main.conf",
        "[[registry]]\nlocation = \"a.example\"\nblocked = true\n[aliases]\nx = \"q.io/x\"",
    );
    let unread = write("system.conf", "[[registry]]\nlocation = \"b.example\"\nblocked = true");
    write("conf.d/1.conf", "unknown = 1\n[[registry]]\nlocation = \"a.example\"");
    write("conf.d/2.conf", "[aliases]\nx = \"\"\ny = \"q.io/y\"");
    write("conf.d/3.txt", "not toml");
    let files = [root.path().join("none"), main, unread];
    let (all, warnings) = Registries::load(&files, &[root.path().join("conf.d"), "/none".into()]).unwrap();
    assert!(
        all.endpoints(&repository("a.example/x")).is_ok()
            && all.endpoints(&repository("b.example/x")).is_ok()
    );
    assert_eq!((full(&all, "x"), full(&all, "y")), ("docker.io/library/x".into(), "q.io/y".into()));
    assert!(matches!(warnings.as_slice(), [Warning::UnknownKey { line: 1, key, .. }] if key == "unknown"));
}

#[test]
fn unknown_keys_are_worth_a_warning_each() {
    let text = "credential-helpers = []\n[[registry]]\nlocation = \"a.example\"\nodd = 1\n\
                [[registry.mirror]]\nlocation = \"b.example\"\nodder = 1";
    let (_, warnings) = parse(Path::new("a.conf"), text).unwrap();
    let mut warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    warnings.sort();
    let expected = [
        "`a.conf`, line 1: `credential-helpers` has no effect here",
        "`a.conf`, line 4: `registry.odd` has no effect here",
        "`a.conf`, line 7: `registry.mirror.odder` has no effect here",
    ];
    assert_eq!(warnings, expected);
}

#[test]
fn a_mistake_names_file_line_and_key() {
    let check = |text: &str, line: usize, what: &str| {
        let error = mistake(text);
        assert!(error.starts_with(&format!("`a.conf`, line {line}: ")), "{error}");
        assert!(error.contains(what), "{error}");
    };
    check("\n[[registry]]\nlocation = 5", 3, "`location` takes a text");
    check("[[registry]]\nlocation = \"a.example\"\ninsecure = \"yes\"", 3, "`insecure` takes true or false");
    check("[[registry]]\nlocation = \"https://a.example\"", 2, "`prefix` takes a host");
    check("[[registry]]\nprefix = \"a.example\"\nlocation = \"a b\"", 3, "`location` takes a host");
    check("[[registry]]\nprefix = \"a.example\"", 1, "`registry` takes a `location`");
    check("[[registry]]\ninsecure = true", 1, "a `prefix` or a `location`");
    check("registry = 1", 1, "[[registry]] tables");
    check("unqualified-search-registries = [\"a/b\"]", 1, "registries by their hosts");
    check("unqualified-search-registries = [\"myhost\"]", 1, "registries by their hosts");
    check("short-name-mode = \"maybe\"", 1, "enforcing, permissive or disabled");
    check("[aliases]\nnginx = \"nginx\"", 2, "`nginx` takes a whole name");
    check("[aliases]\nnginx = \"q.io/nginx:1\"", 2, "a whole name without a tag");
    check("[aliases]\n\"nginx:1\" = \"q.io/nginx\"", 2, "short names");
    check("[registries.search]\nregistries = []", 1, "version 1 of the format");
    check("[[registry]]\nlocation = \"a.example\"\n[[registry.mirror]]\ninsecure = true", 3, "a `location`");
    check("a = \n", 1, "");
    let both = "[[registry]]\nlocation = \"a.example\"\nmirror-by-digest-only = true\n\
                [[registry.mirror]]\nlocation = \"b.example\"\npull-from-mirror = \"all\"";
    check(both, 1, "not both");
}

#[test]
fn two_tables_about_the_same_are_a_mistake() {
    let text = "[[registry]]\nlocation = \"docker.io\"\nblocked = true\n[[registry]]\nlocation = \"index.docker.io\"";
    let error = Registries::of_text(Path::new("a.conf"), text).unwrap_err().to_string();
    assert!(error.contains("line 4") && error.contains("in line 1"), "{error}");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _either = parse(Path::new("a.conf"), &text);
    }

    #[test]
    fn any_keys_and_values_are_read_or_refused(
        key in prop::sample::select(vec!["registry", "aliases", "prefix", "location", "mirror", "blocked"]),
        value in prop::sample::select(vec!["1", "true", "\"\"", "\"*\"", "[]", "{}", "[{}]", "[[1]]", "{a=\"b\"}"]),
        place in prop::sample::select(vec!["", "[[registry]]\n", "[[registry]]\n[[registry.mirror]]\n"]),
    ) {
        let _either = parse(Path::new("a.conf"), &format!("{place}{key} = {value}"));
    }

    #[test]
    fn what_is_blocked_stays_blocked_whatever_else_is_said(
        mirror in "[a-z]{1,5}\\.example", path in "[a-z]{1,5}(/[a-z]{1,5}){0,2}"
    ) {
        let text = format!(
            "[[registry]]\nlocation = \"bad.test\"\nblocked = true\n\
             [[registry.mirror]]\nlocation = \"{mirror}\"\n[[registry]]\nprefix = \"*.test\""
        );
        let result = registries(&text).endpoints(&repository(&format!("bad.test/{path}")));
        prop_assert!(matches!(result, Err(ConfigError::Blocked { .. })), "not blocked");
    }
}
