//! Tokens that say who somebody is.

use model::finding::Severity::{High, Low, Medium};

use super::rule::{FARTHEST, Rule, named, token};
use crate::secrets::check;

pub(super) static RULES: &[Rule] = &[
    token(
        "service-account-token",
        "a token of a Kubernetes service account",
        High,
        &["eyJ"],
        r"eyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{20,}\.[0-9A-Za-z_-]{40,}",
    )
    .checked(check::kubernetes)
    .reaching(FARTHEST),
    token(
        "jwt",
        "a signed JSON web token",
        Medium,
        &["eyJ"],
        r"eyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{20,}\.[0-9A-Za-z_-]{40,}",
    )
    .checked(check::jwt)
    .reaching(FARTHEST),
    named(
        "basic-authorization",
        "a name and a password in an HTTP header",
        Medium,
        &["authorization: basic ", "authorization\": \"basic "],
        r#"(?i:authorization"?: "?basic )([0-9A-Za-z+/]{12,200}={0,2})"#,
    )
    .checked(check::basic),
    named(
        "bearer-authorization",
        "a token in an HTTP header",
        Low,
        &["authorization: bearer ", "authorization\": \"bearer "],
        r#"(?i:authorization"?: "?bearer )([0-9A-Za-z+/_.=~-]{24,400})"#,
    )
    .checked(check::chance)
    .guessed(),
];
