//! Against softhsm2, a token of software that Debian has.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use super::*;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Tokens of their own in a directory of their own.
struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { dir: tempfile::tempdir().unwrap() };
        let tokens = bench.dir.path().join("tokens");
        std::fs::create_dir(&tokens).unwrap();
        let config = format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display());
        std::fs::write(bench.config(), config).unwrap();
        bench
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("softhsm2.conf")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = Command::new(program).args(arguments).env("SOFTHSM2_CONF", self.config()).output();
        let output =
            output.unwrap_or_else(|error| panic!("{program}: {error} (apt-get install softhsm2 opensc)"));
        assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
    }

    fn token(&self, label: &str) -> &Self {
        self.run(
            "softhsm2-util",
            &["--init-token", "--free", "--label", label, "--pin", "1234", "--so-pin", "5678"],
        );
        self
    }

    fn key(&self, token: &str, kind: &str, id: &str, label: &str) -> &Self {
        let token = ["--module", MODULE, "--token-label", token, "--login", "--pin", "1234"];
        let key = ["--keypairgen", "--key-type", kind, "--id", id, "--label", label];
        self.run("pkcs11-tool", &[&token[..], &key[..]].concat());
        self
    }

    fn open(&self, uri: &str, pin: &str) -> Result<Token, TokenError> {
        let environment = vec![("SOFTHSM2_CONF".into(), self.config().into())];
        let directories = vec!["/usr/bin".into(), "/usr/local/bin".into()];
        let uri = format!("pkcs11:{uri}?module-path={MODULE}").parse()?;
        Token::open(uri, &Tools { directories, environment }, Secret::new(pin.into()))
    }
}

#[test]
fn privileged_a_token_s_signature_is_its_key_s() {
    let bench = Bench::new();
    bench.token("team").key("team", "EC:prime256v1", "01", "root-1").key(
        "team",
        "EC:prime256v1",
        "02",
        "root-2",
    );
    let token = bench.open("token=team;id=%01", "1234").unwrap();
    let signature = token.sign(b"message").unwrap();
    assert!(token.public().verifies(b"message", &signature));
    assert!(!token.public().verifies(b"massage", &signature));
    assert_eq!(bench.open("token=team;object=root-1", "1234").unwrap().public(), token.public());
    let other = bench.open("token=team;object=root-2", "1234").unwrap();
    assert!(!other.public().verifies(b"message", &signature));
    // The tool signs with the first key that it finds, whatever its label.
    for name in ["token=team;object=root-1", "token=team;object=root-2"] {
        let token = bench.open(name, "1234").unwrap();
        assert!(token.public().verifies(b"message", &token.sign(b"message").unwrap()), "{name}");
    }
}

#[test]
fn privileged_what_is_wrong_with_a_token_is_told_apart() {
    let bench = Bench::new();
    bench.token("one").token("two").key("one", "EC:prime256v1", "01", "a").key("one", "rsa:2048", "02", "b");
    let refusal = |uri: &str| bench.open(uri, "1234").unwrap_err();
    let absent = refusal("token=three;id=%01");
    assert!(matches!(&absent, TokenError::NoToken { labels, .. } if labels.len() == 2), "{absent}");
    let either = refusal("model=SoftHSM%20v2;id=%01");
    assert!(matches!(&either, TokenError::Several { serials, .. } if serials.len() == 2), "{either}");
    let curve = refusal("token=one;id=%02");
    assert!(matches!(curve, TokenError::Curve(_)), "{curve}");
    let key = refusal("token=one;id=%07");
    assert!(key.to_string().contains("object not found"), "{key}");
    let called = refusal("token=one;object=c");
    assert!(matches!(&called, TokenError::NoKey { labels, .. } if labels.len() == 2), "{called}");
    bench.key("one", "EC:prime256v1", "03", "a");
    let both = refusal("token=one;object=a");
    assert!(matches!(&both, TokenError::SeveralKeys { ids, .. } if ids.len() == 2), "{both}");
}

#[test]
fn privileged_a_wrong_pin_is_the_token_s_word() {
    let bench = Bench::new();
    bench.token("team").key("team", "EC:prime256v1", "01", "a");
    let token = bench.open("token=team;id=%01", "9999").unwrap();
    let error = token.sign(b"message").unwrap_err();
    assert!(error.reason.contains("the PIN is wrong"), "{error}");
}

#[test]
fn a_pin_is_read_only_where_nobody_else_can() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pin");
    let write = |text: &str, mode| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    write("1234\n", 0o600);
    assert_eq!(pin_of(&path).unwrap().reveal(), "1234");
    write("1234\n", 0o640);
    assert!(pin_of(&path).unwrap_err().to_string().contains("others may read it, its mode is 640"));
    for text in ["", "\n", "12\n34\n", &"1".repeat(MAX_PIN)] {
        write(text, 0o600);
        assert!(pin_of(&path).unwrap_err().to_string().contains("no PIN on one line"), "{text}");
    }
}
