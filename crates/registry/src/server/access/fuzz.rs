//! For the fuzz targets: parsers that nobody else sees.

use ed25519_dalek::SigningKey;

use super::credentials::Credentials;
use super::exchange::TokenRequest;
use super::jwt::Unchecked;
use super::scope::Scope;

/// Whether a header shows credentials; reading it must not fail otherwise.
#[must_use]
pub fn shows_credentials(header: &[u8]) -> bool {
    Credentials::parse(header).is_some()
}

/// Whether a text is a token that a fixed key has signed: that nobody has, so it is none.
#[must_use]
pub fn is_signed(token: &str) -> bool {
    let key = SigningKey::from_bytes(&[7; 32]).verifying_key();
    Unchecked::parse(token).and_then(|token| token.verify(&key, "registry", 0)).is_some()
}

/// A scope as it is understood, written again.
#[must_use]
pub fn scope(text: &str) -> Option<String> {
    Scope::parse(text).map(|scope| scope.to_string())
}

/// Whether a text is a query or a form that asks for a token.
#[must_use]
pub fn asks_for_token(text: &str) -> (bool, bool) {
    (TokenRequest::query(text).is_ok(), TokenRequest::form(text.as_bytes()).is_ok())
}
