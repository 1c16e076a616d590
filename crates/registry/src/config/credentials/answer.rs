//! What a credential helper answers: docker-credential-helpers' protocol.

use serde::Deserialize;

use super::Credentials;
use crate::config::secret::Secret;

/// What a helper says where it has nothing.
const NOTHING: &str = "credentials not found";

/// The name that stands for an identity token.
const TOKEN: &str = "<token>";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: String,
    secret: String,
}

/// The answer to `get` of a helper that succeeded; the error says nothing of its text.
///
/// # Errors
/// What is not the protocol's.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Credentials>, &'static str> {
    // The message of the parser may quote what it read.
    let answer: Answer = serde_json::from_slice(bytes).map_err(|_| "answers what is no credentials")?;
    let Answer { username: user, secret } = answer;
    let secret = Secret::new(secret);
    if secret.reveal().is_empty() {
        return Ok(None);
    }
    Ok(Some(match user.as_str() {
        TOKEN => Credentials::IdentityToken { user: String::new(), token: secret },
        _ => Credentials::Password { user, password: secret },
    }))
}

/// Whether a helper that failed only has nothing.
pub(super) fn has_nothing(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains(NOTHING)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_password_a_token_and_nothing() {
        let of = |text: &str| parse(text.as_bytes());
        let password = Credentials::Password { user: "a".into(), password: Secret::new("b".into()) };
        assert_eq!(of(r#"{"ServerURL":"x","Username":"a","Secret":"b"}"#), Ok(Some(password)));
        let token = Credentials::IdentityToken { user: String::new(), token: Secret::new("t".into()) };
        assert_eq!(of(r#"{"Username":"<token>","Secret":"t"}"#), Ok(Some(token)));
        assert_eq!(of(r#"{"Username":"","Secret":""}"#), Ok(None));
        assert!(of("").is_err() && of(r#"{"Username":"a"}"#).is_err() && of("[]").is_err());
        assert!(has_nothing(b"credentials not found in native keychain\n") && !has_nothing(b"locked"));
    }

    proptest! {
        #[test]
        fn an_error_never_quotes_what_was_read(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Err(error) = parse(&bytes) {
                prop_assert_eq!(error, "answers what is no credentials");
            }
        }
    }
}
