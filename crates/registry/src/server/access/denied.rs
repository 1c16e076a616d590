//! A no, as a client hears it.

use http::{HeaderValue, StatusCode};

use super::scope::Scope;

/// Why a request may not be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// 401, 403, 429 or 503.
    pub status: StatusCode,
    /// The specification's code: `UNAUTHORIZED`, `DENIED`, `TOOMANYREQUESTS`; `UNAVAILABLE` beside 503.
    pub code: &'static str,
    /// In words.
    pub message: String,
    /// After how many seconds it is worth another try.
    pub retry_after: Option<u64>,
    /// What a client should bring a token for.
    pub(super) challenge: Option<Box<Challenge>>,
}

/// What `WWW-Authenticate` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) service: String,
    pub(super) scopes: Vec<Scope>,
    pub(super) error: Option<&'static str>,
}

impl Denied {
    /// Who is asking has to say who they are, or to bring a better token.
    pub(super) fn unauthorized(message: &str, challenge: Challenge) -> Self {
        Self {
            challenge: Some(Box::new(challenge)),
            ..Self::no(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
        }
    }

    /// Whoever it is, they may not.
    pub(super) fn forbidden(message: &str) -> Self {
        Self::no(StatusCode::FORBIDDEN, "DENIED", message)
    }

    /// Not so fast.
    pub(super) fn too_many(message: &str, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds.max(1)),
            ..Self::no(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", message)
        }
    }

    /// It cannot be found out who somebody is, and so they are nobody.
    pub(super) fn unavailable(message: &str) -> Self {
        Self { retry_after: Some(5), ..Self::no(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message) }
    }

    fn no(status: StatusCode, code: &'static str, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), retry_after: None, challenge: None }
    }

    /// The value of `WWW-Authenticate`, for a server whose address is `base` (`https://host:port`). The token's
    /// server asks for a password instead: [`Denied::basic`].
    #[must_use]
    pub fn bearer(&self, base: &str) -> Option<HeaderValue> {
        let challenge = self.challenge.as_ref()?;
        let mut text = format!("Bearer realm=\"{base}/token\",service=\"{}\"", challenge.service);
        if !challenge.scopes.is_empty() {
            let scopes: Vec<_> = challenge.scopes.iter().map(ToString::to_string).collect();
            text += &format!(",scope=\"{}\"", scopes.join(" "));
        }
        if let Some(error) = challenge.error {
            text += &format!(",error=\"{error}\"");
        }
        HeaderValue::from_str(&text).ok()
    }

    /// The value of `WWW-Authenticate` where a password is wanted.
    #[must_use]
    pub fn basic(&self) -> Option<HeaderValue> {
        let challenge = self.challenge.as_ref()?;
        HeaderValue::from_str(&format!("Basic realm=\"{}\"", challenge.service)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::access::Action;

    #[test]
    fn a_challenge_names_what_a_token_is_wanted_for() {
        let challenge = Challenge {
            service: "registry".into(),
            scopes: vec![Scope::repository("team/app", Action::Pull), Scope::Catalog],
            error: Some("insufficient_scope"),
        };
        let denied = Denied::unauthorized("say who you are", challenge);
        assert_eq!(
            denied.bearer("https://host:5000").unwrap(),
            "Bearer realm=\"https://host:5000/token\",service=\"registry\",\
             scope=\"repository:team/app:pull registry:catalog:*\",error=\"insufficient_scope\""
        );
        assert_eq!(denied.basic().unwrap(), "Basic realm=\"registry\"");
        assert_eq!(Denied::forbidden("no").bearer("https://host"), None);
    }
}
