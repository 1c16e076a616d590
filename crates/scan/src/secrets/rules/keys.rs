//! Private keys.

use model::finding::Severity::{Critical, High, Low};

use super::rule::{FARTHEST, Rule, named, token};
use crate::secrets::check;
use crate::secrets::key::{is_algorithm, is_encrypted, is_pgp, is_plain, is_wrapped};

const BEGINNINGS: &[&str] = &[
    "-----BEGIN PRIVATE KEY",
    "-----BEGIN RSA PRIVATE KEY",
    "-----BEGIN EC PRIVATE KEY",
    "-----BEGIN DSA PRIVATE KEY",
    "-----BEGIN OPENSSH PRIVATE KEY",
    "-----BEGIN ENCRYPTED PRIVATE KEY",
];

/// RFC 7468, and RFC 1421's headers of old.
const PEM: &str = concat!(
    r#"-----BEGIN (?:[A-Z]{2,9} )?PRIVATE KEY-----(?:[\s"'+,]|\\[nr])*"#,
    r"((?:Proc-Type: [^\n]{1,40}\s+DEK-Info: [^\n]{1,80}\s+)?[^-]{40,})-----END"
);

pub(super) static RULES: &[Rule] = &[
    token("private-key", "a private key", Critical, BEGINNINGS, PEM).checked(is_plain).reaching(FARTHEST),
    token("encrypted-private-key", "a private key under a password", Low, BEGINNINGS, PEM)
        .checked(is_encrypted)
        .reaching(FARTHEST),
    token(
        "pgp-private-key",
        "an OpenPGP private key",
        High,
        &["-----BEGIN PGP PRIVATE KEY BLOCK"],
        r"-----BEGIN PGP PRIVATE KEY BLOCK-----\s((?:[A-Z][A-Za-z]{3,10}: [^\n]{0,80}\s){0,6}\s*[^-]{40,})-----END",
    )
    .checked(is_pgp)
    .reaching(FARTHEST),
    token(
        "putty-private-key",
        "a private key of PuTTY",
        Critical,
        &["PuTTY-User-Key-File-"],
        r"PuTTY-User-Key-File-[23]: ([a-z0-9-]{3,40})\s{1,2}Encryption: none\s",
    )
    .checked(is_algorithm),
    token(
        "age-key",
        "a private key of age",
        Critical,
        &["AGE-SECRET-KEY-1"],
        r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}",
    )
    .checked(check::bech32),
    named(
        "kubernetes-key",
        "a private key for a Kubernetes cluster",
        Critical,
        &["client-key-data:"],
        r#"client-key-data:\s{0,4}"?([0-9A-Za-z+/]{200,}={0,2})"#,
    )
    .checked(is_wrapped)
    .reaching(FARTHEST),
    named(
        "wireguard-key",
        "a private key of WireGuard",
        Critical,
        &["privatekey"],
        r"(?i:privatekey)[ \t]{0,8}=[ \t]{0,8}([0-9A-Za-z+/]{42}[048AEIMQUYcgkosw]=)",
    )
    .checked(check::base64),
];
