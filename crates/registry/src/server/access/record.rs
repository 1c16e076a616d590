//! Accounts as they are kept: JSON under `accounts/users/NAME`, `accounts/teams/NAME` and `accounts/tokens/ID`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::error::{AccountError, Result};
use super::scope::Grant;

/// The user whose password is a token.
pub const TOKEN_USER: &str = "token";

/// Who nobody is.
pub(super) const ANONYMOUS: &str = "anonymous";

/// A person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Argon2id, as a PHC string.
    pub password: String,
    /// Whether they may do everything.
    #[serde(default)]
    pub role: Role,
    /// What they may do themselves.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// Whose grants they have, too.
    #[serde(default)]
    pub teams: BTreeSet<String>,
    /// When the account was made, in seconds since 1970.
    pub made: u64,
}

/// What a user is to the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May do what is granted.
    #[default]
    Member,
    /// May do everything to every repository.
    Admin,
}

/// Several people with the same rights.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Team {
    /// What its members may do.
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// What a machine shows in place of a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// What it is for, in a person's words.
    #[serde(default)]
    pub name: String,
    /// SHA-256 of the secret, in hex. The secret has 256 random bits, which no slow hash makes safer.
    pub hash: String,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// When it was made, in seconds since 1970.
    pub made: u64,
    /// When it ends.
    #[serde(default)]
    pub expires: Option<u64>,
}

impl Token {
    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// When a token was last used, roughly. A record of its own, so that using a token changes no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Used {
    pub(super) when: u64,
}

/// Checks the name of a user or a team.
pub(super) fn check_name(name: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let first = name.bytes().next().is_some_and(plain);
    let rest = name.bytes().all(|byte| plain(byte) || matches!(byte, b'.' | b'_' | b'-'));
    match first && rest && name.len() <= 64 && name != TOKEN_USER && name != ANONYMOUS {
        true => Ok(()),
        false => Err(AccountError::Name(name.chars().take(80).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_none_is_taken_for_something_else() {
        for good in ["anna", "a", "0", "build.bot-7", "a_b"] {
            check_name(good).unwrap();
        }
        for bad in ["", "Anna", ".a", "-a", "a/b", "a:b", "a b", "token", "anonymous", "é", &"a".repeat(65)]
        {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_account_of_an_older_version_is_read() {
        let user: User = serde_json::from_str(r#"{"password":"x","made":7}"#).unwrap();
        assert_eq!((user.role, user.teams.len(), user.grants.len()), (Role::Member, 0, 0));
        let grants = r#"[{"repositories":"team/*","actions":["pull"]}]"#;
        let token: Token =
            serde_json::from_str(&format!(r#"{{"hash":"x","made":7,"grants":{grants}}}"#)).unwrap();
        assert!(!token.is_over(u64::MAX));
        assert!(Token { expires: Some(8), ..token.clone() }.is_over(8));
        assert!(!Token { expires: Some(8), ..token }.is_over(7));
    }
}
