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
