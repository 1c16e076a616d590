//! Strings that look like secrets, by their names and by chance.

use model::finding::Severity::{Low, Medium};

use super::rule::{Rule, named};
use crate::secrets::check;

pub(super) static RULES: &[Rule] = &[
    named(
        "secret-assigned",
        "a value that looks random and is named like a secret",
        Medium,
        &["secret", "token", "api_key", "apikey", "api-key", "access_key", "accesskey", "private_key", "auth_key", "encryption_key"],
        concat!(
            "(?i:secret|token|api[_-]?key|access_?key|private_key|auth_key|encryption_key)",
            r#"(?i:_?(?:key|base|id|value|prod|production|hash|salt|string))?(?:["']\]?)?[ \t]{0,8}(?:=>|:=|=|:)[ \t]{0,8}["'`]?"#,
            r#"([0-9A-Za-z+/_=~-]{20,128})(?:["'`\s;,}&<\\]|$)"#
        ),
    )
    .checked(check::random)
    .guessed(),
    named(
        "password-assigned",
        "a password",
        Low,
        &["password", "passwd", "passphrase"],
        concat!(
            r#"(?i:passw(?:or)?d|passphrase)(?:["']\]?)?[ \t]{0,8}(?:=>|:=|=|:)[ \t]{0,8}["'`]?"#,
            r#"([^\s"'`$<>{}()\[\],;\\%]{8,64})(?:["'`\s;,&<\\]|$)"#
        ),
    )
    .checked(check::strong_password)
    .guessed(),
];
