//! Files whose names say that they hold passwords, read by what each of them consists of.

use std::str;

use model::finding::Severity::{Critical, High, Medium};
use serde_json::Value;

use super::allowed;
use super::check::{self, decoded};
use super::rule::{Rule, whole};
use crate::catalog::Candidate;

/// The most secrets of one file.
const MOST: usize = 100;

/// A secret, and the line that it is in.
type Line = (u32, Vec<u8>);

/// A kind of file.
struct Kind {
    rule: Rule,
    wants: fn(&Candidate<'_>) -> bool,
    read: fn(&[u8]) -> Vec<Line>,
}

static KINDS: &[Kind] = &[
    Kind {
        rule: whole("password-hash", "the password of an account, hashed", Medium),
        wants: |candidate| matches!(candidate.path, "etc/shadow" | "etc/shadow-" | "etc/master.passwd"),
        read: |bytes| lines(bytes, account),
    },
    Kind {
        rule: whole("htpasswd", "the password of a web server's user, hashed", Medium),
        wants: |candidate| matches!(candidate.name(), ".htpasswd" | "htpasswd" | "htpasswd.users"),
        read: |bytes| lines(bytes, account),
    },
    Kind {
        rule: whole("pgpass", "a password of PostgreSQL", High),
        wants: |candidate| matches!(candidate.name(), ".pgpass" | "pgpass.conf"),
        read: |bytes| lines(bytes, pgpass),
    },
    Kind {
        rule: whole("netrc", "a password for another machine", High),
        wants: |candidate| matches!(candidate.name(), ".netrc" | "_netrc" | ".authinfo"),
        read: netrc,
    },
    Kind {
        rule: whole("mysql-password", "a password of MySQL", High),
        wants: |candidate| matches!(candidate.name(), ".my.cnf" | "my.cnf" | ".mylogin.cnf" | "debian.cnf"),
        read: |bytes| lines(bytes, setting),
    },
    Kind {
        rule: whole("pypirc", "a password of a Python package index", Critical),
        wants: |candidate| candidate.name() == ".pypirc",
        read: |bytes| lines(bytes, setting),
    },
    Kind {
        rule: whole("registry-password", "the password of a container registry", Critical),
        wants: is_registry_config,
        read: registries,
    },
    Kind { rule: whole("keystore", "a store of private keys", Medium), wants: is_keystore, read: keystore },
];

/// The rules of all kinds.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    KINDS.iter().map(|kind| &kind.rule)
}

/// The secrets of a file that is one of these kinds, each with its line.
pub(crate) fn secrets<'a>(
    candidate: &'a Candidate<'_>,
    bytes: &'a [u8],
) -> impl Iterator<Item = (&'static Rule, u32, Vec<u8>)> + 'a {
    let kinds = KINDS.iter().filter(|kind| (kind.wants)(candidate));
    kinds.flat_map(|kind| (kind.read)(bytes).into_iter().map(|(line, secret)| (&kind.rule, line, secret)))
}

/// What `read` finds in each line.
fn lines(bytes: &[u8], read: fn(&str) -> Option<&str>) -> Vec<Line> {
    let numbered = bytes.split(|byte| *byte == b'\n').zip(1..);
    let text = numbered.filter_map(|(line, number)| Some((number, read(str::from_utf8(line).ok()?)?)));
    text.take(MOST).map(|(line, secret)| (line, secret.as_bytes().to_vec())).collect()
}

/// `name:hash:...`; what begins with `!` or `*` lets nobody in.
fn account(line: &str) -> Option<&str> {
    let hash = line.split(':').nth(1)?.trim();
    let modern = hash.starts_with('$') && hash.matches('$').count() >= 2 && hash.len() >= 20;
    let digest = hash.starts_with("{SHA}") && hash.len() == 33;
    let old =
        hash.len() == 13 && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./".contains(&byte));
    (modern || digest || old).then_some(hash)
}

/// `host:port:database:user:password`, with colons of the fields escaped.
fn pgpass(line: &str) -> Option<&str> {
    let password = line.rsplit(':').next()?.trim();
    let fields = line.split(':').count();
    (fields >= 5 && !line.starts_with('#') && is_password(password)).then_some(password)
}

/// `password = value`, of configuration files.
fn setting(line: &str) -> Option<&str> {
    let (name, value) = line.split_once('=')?;
    let value = value.trim().trim_matches(['"', '\'']);
    (name.trim() == "password" && is_password(value)).then_some(value)
}

fn is_password(value: &str) -> bool {
    !value.is_empty() && check::password(value.as_bytes()) && !allowed::value(value.as_bytes())
}

/// `machine host login name password word`, over lines or within one.
fn netrc(bytes: &[u8]) -> Vec<Line> {
    let numbered = bytes.split(|byte| *byte == b'\n').zip(1_u32..);
    let words = numbered.flat_map(|(line, number)| {
        let words = str::from_utf8(line).unwrap_or_default().split_whitespace();
        words.map(move |word| (number, word))
    });
    let mut previous = "";
    let passwords = words.filter(|(_, word)| {
        let follows = previous == "password" && is_password(word);
        previous = word;
        follows
    });
    passwords.take(MOST).map(|(line, word)| (line, word.as_bytes().to_vec())).collect()
}

fn is_registry_config(candidate: &Candidate<'_>) -> bool {
    let path = candidate.path;
    let ends = [
        ".docker/config.json",
        "containers/auth.json",
        ".dockercfg",
        ".dockerconfigjson",
        "kaniko/.docker/config.json",
    ];
    ends.iter().any(|end| path.ends_with(end))
}

/// Docker's `{"auths": {"host": {"auth": "base64 of name:password"}}}`, and the form of old without `auths`.
fn registries(bytes: &[u8]) -> Vec<Line> {
    let Ok(config) = serde_json::from_slice::<Value>(bytes) else { return Vec::new() };
    let hosts = config.get("auths").unwrap_or(&config).as_object().into_iter().flatten();
    hosts.filter_map(|(_, host)| registry(host)).take(MOST).map(|secret| (0, secret)).collect()
}

fn registry(host: &Value) -> Option<Vec<u8>> {
    let text = |name: &str| host.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let token = text("identitytoken").or_else(|| text("registrytoken"));
    let pair = text("auth").and_then(|auth| decoded(auth.trim().as_bytes()));
    let from_pair = pair.and_then(|pair| pair.splitn(2, |byte| *byte == b':').nth(1).map(<[u8]>::to_vec));
    let password = from_pair.or_else(|| text("password").map(|text| text.as_bytes().to_vec()));
    token.map(|token| token.as_bytes().to_vec()).or(password.filter(|password| password.len() >= 4))
}

/// Java's trust stores hold certificates only, and go by that name.
fn is_keystore(candidate: &Candidate<'_>) -> bool {
    const ENDINGS: &[&str] = &[".p12", ".pfx", ".jks", ".jceks", ".keystore", ".bks"];
    let name = candidate.name();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
        && !name.contains("cacerts")
        && !name.contains("truststore")
}

/// PKCS #12 (RFC 7292) is a sequence with version 3; Java's own stores begin with these four bytes.
fn keystore(bytes: &[u8]) -> Vec<Line> {
    let java = bytes.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) || bytes.starts_with(&[0xce, 0xce, 0xce, 0xce]);
    let head = bytes.get(..16).unwrap_or(bytes);
    let pkcs12 = bytes.first() == Some(&0x30) && head.windows(3).any(|window| window == [2, 1, 3]);
    if java || pkcs12 { vec![(0, Vec::new())] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    /// Made up here, and long enough to be a hash.
    const HASH: &str = "$6$abcdefghij$klmnopqrstuvwxyz0123456789";

    #[track_caller]
    fn check(path: &str, bytes: &[u8], expected: &[(&str, u32, &str)]) {
        let candidate = Candidate { path, size: bytes.len() as u64, executable: false };
        let found: Vec<_> = secrets(&candidate, bytes).collect();
        let text = |secret: &Vec<u8>| String::from_utf8(secret.clone()).unwrap();
        let found: Vec<_> = found.iter().map(|(rule, line, secret)| (rule.id, *line, text(secret))).collect();
        let expected: Vec<_> =
            expected.iter().map(|(id, line, text)| (*id, *line, (*text).to_owned())).collect();
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn accounts_that_may_log_in() {
        let text = format!("root:*:1::::::\nbin:!{HASH}:1:\napp:{HASH}:19000:0:99999:7:::\nx::1:\n");
        check("etc/shadow", text.as_bytes(), &[("password-hash", 3, HASH)]);
        check("srv/.htpasswd", format!("me:{HASH}\n").as_bytes(), &[("htpasswd", 1, HASH)]);
        check("srv/.htpasswd", b"me:plain\n", &[]);
        check("srv/shadow", text.as_bytes(), &[]);
    }

    #[test]
    fn passwords_for_databases_and_machines() {
        check(
            "root/.pgpass",
            b"# host\ndb:5432:app:me:q8Zk3vTn\ndb:5432:app:me:password\n",
            &[("pgpass", 2, "q8Zk3vTn")],
        );
        let text = b"machine a.b login me\n  password q8Zk3vTn\nmachine c password changeme\n";
        check("root/.netrc", text, &[("netrc", 2, "q8Zk3vTn")]);
        check(
            "root/.my.cnf",
            b"[client]\npassword = 'q8Zk3vTn'\nport = 1\n",
            &[("mysql-password", 2, "q8Zk3vTn")],
        );
        check("root/.my.cnf", b"[client]\n#password = your_password\n", &[]);
        check("root/.pypirc", b"[pypi]\nusername = me\npassword = q8Zk3vTn\n", &[("pypirc", 3, "q8Zk3vTn")]);
    }

    #[test]
    fn passwords_for_registries() {
        let auth = STANDARD.encode("me:q8Zk3vTn");
        let rule = "registry-password";
        let config = format!(r#"{{"auths":{{"a.b":{{"auth":"{auth}"}},"c.d":{{}}}}}}"#);
        check("root/.docker/config.json", config.as_bytes(), &[(rule, 0, "q8Zk3vTn")]);
        let old = format!(r#"{{"a.b":{{"auth":"{auth}","email":"x"}}}}"#);
        check("root/.dockercfg", old.as_bytes(), &[(rule, 0, "q8Zk3vTn")]);
        check(
            "root/.docker/config.json",
            br#"{"auths":{"a.b":{"identitytoken":"q8Zk3vTn"}}}"#,
            &[(rule, 0, "q8Zk3vTn")],
        );
        check("root/.docker/config.json", br#"{"auths":{"a.b":{}},"credsStore":"pass"}"#, &[]);
        check("app/config.json", config.as_bytes(), &[]);
        check("root/.docker/config.json", b"{", &[]);
    }

    #[test]
    fn stores_of_keys() {
        check("app/server.jks", &[0xfe, 0xed, 0xfe, 0xed, 0, 0], &[("keystore", 0, "")]);
        check("app/server.p12", &[0x30, 0x82, 1, 0, 2, 1, 3, 0x30], &[("keystore", 0, "")]);
        check("app/server.p12", b"text", &[]);
        check("etc/ssl/certs/java/cacerts.jks", &[0xfe, 0xed, 0xfe, 0xed, 0, 0], &[]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for path in ["etc/shadow", ".htpasswd", ".pgpass", ".netrc", ".my.cnf", ".pypirc", ".dockercfg", "a.p12"] {
                let candidate = Candidate { path, size: bytes.len() as u64, executable: false };
                prop_assert!(secrets(&candidate, &bytes).count() <= MOST);
            }
        }
    }
}
