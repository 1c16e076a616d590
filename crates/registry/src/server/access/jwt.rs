//! Short-lived bearer tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037), with the claims of the
//! distribution token specification. One algorithm, which the key decides and not the token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::pattern::Pattern;
use super::scope::{Actions, Grant, Scope};

/// How long a token is valid, in seconds.
pub(super) const LIFETIME: u64 = 300;

/// How far the clocks of two servers may be apart, in seconds.
const SKEW: u64 = 30;

/// The longest token that is read.
const LONGEST: usize = 12 * 1024;

/// The only algorithm.
const ALGORITHM: &str = "EdDSA";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    /// Who signed it: the service.
    pub(super) iss: String,
    /// Who has it, `user:anna`.
    pub(super) sub: String,
    /// For whom it is: the same service.
    pub(super) aud: String,
    /// When it was signed, from when and until when it is valid.
    pub(super) iat: u64,
    pub(super) nbf: u64,
    pub(super) exp: u64,
    /// Tells it from all others.
    pub(super) jti: String,
    /// What it allows.
    pub(super) access: Vec<Access>,
}

/// One thing that a token allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Access {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) actions: Vec<String>,
}

impl Access {
    pub(super) fn of(scope: &Scope) -> Self {
        let (kind, name, actions) = match scope {
            Scope::Repository { name, actions } => (
                "repository",
                name.as_str(),
                actions.iter().map(|action| action.as_str().to_owned()).collect(),
            ),
            Scope::Catalog => ("registry", "catalog", vec!["*".to_owned()]),
        };
        Self { kind: kind.to_owned(), name: name.to_owned(), actions }
    }

    /// The grant that it is; the catalog needs none.
    fn grant(&self) -> Option<Grant> {
        let actions: Actions =
            self.actions.iter().filter_map(|name| super::scope::Action::named(name)).collect();
        let repositories = Pattern::one(&self.name).ok().filter(|_| self.kind == "repository")?;
        Some(Grant { repositories, actions })
    }
}

impl Claims {
    pub(super) fn grants(&self) -> Vec<Grant> {
        self.access.iter().filter_map(Access::grant).collect()
    }
}

/// Signs claims.
pub(super) fn sign(claims: &Claims, kid: &str, key: &SigningKey) -> Option<String> {
    let header = Header { alg: ALGORITHM.to_owned(), typ: "JWT".to_owned(), kid: kid.to_owned() };
    let part = |json: Vec<u8>| URL_SAFE_NO_PAD.encode(json);
    let signed =
        format!("{}.{}", part(serde_json::to_vec(&header).ok()?), part(serde_json::to_vec(claims).ok()?));
    let signature = key.sign(signed.as_bytes());
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes())))
}

/// A token in its parts, of which nothing is believed yet.
pub(super) struct Unchecked<'a> {
    /// Which key is said to have signed it.
    pub(super) kid: String,
    signed: &'a str,
    claims: &'a str,
    signature: Signature,
}

impl<'a> Unchecked<'a> {
    /// Takes a token apart.
    pub(super) fn parse(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.').filter(|_| token.len() <= LONGEST)?;
        let (header, claims) = signed.split_once('.').filter(|(_, claims)| !claims.contains('.'))?;
        let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        let known = header.alg == ALGORITHM && header.typ == "JWT";
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        known.then_some(Self { kid: header.kid, signed, claims, signature })
    }

    /// The claims, if this key signed them and they hold for this service at this time.
    pub(super) fn verify(&self, key: &VerifyingKey, service: &str, now: u64) -> Option<Claims> {
        key.verify_strict(self.signed.as_bytes(), &self.signature).ok()?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(self.claims).ok()?).ok()?;
        let ours = claims.iss == service && claims.aud == service;
        let begun = claims.iat.max(claims.nbf) <= now.saturating_add(SKEW);
        let lasts = claims.exp > now && claims.exp.saturating_sub(claims.iat) <= LIFETIME;
        (ours && begun && lasts).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::server::access::Action;

    const NOW: u64 = 1_800_000_000;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn claims() -> Claims {
        let scope = Scope::repository("team/app", Action::Pull);
        Claims {
            iss: "registry".into(),
            sub: "user:anna".into(),
            aud: "registry".into(),
            iat: NOW,
            nbf: NOW,
            exp: NOW + LIFETIME,
            jti: "1".into(),
            access: vec![Access::of(&scope), Access::of(&Scope::Catalog)],
        }
    }

    fn read(token: &str, now: u64) -> Option<Claims> {
        Unchecked::parse(token)?.verify(&key(1).verifying_key(), "registry", now)
    }

    fn forged(header: &str, claims: &Claims, key: &SigningKey) -> String {
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap());
        let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
        let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).to_bytes());
        format!("{signed}.{signature}")
    }

    #[test]
    fn a_token_says_what_was_signed_while_it_lasts() {
        let token = sign(&claims(), "k", &key(1)).unwrap();
        assert_eq!(read(&token, NOW), Some(claims()));
        assert_eq!(read(&token, NOW + LIFETIME - 1), Some(claims()));
        assert_eq!(read(&token, NOW + LIFETIME), None);
        assert_eq!(read(&token, NOW - SKEW), Some(claims()));
        assert_eq!(read(&token, NOW - SKEW - 1), None);
        assert_eq!(claims().grants().len(), 1, "the catalog is no repository");
    }

    #[test]
    fn claims_of_others_and_longer_lives_are_refused() {
        type Change = fn(&mut Claims);
        let changes: [Change; 5] = [
            |claims| claims.aud = "other".into(),
            |claims| claims.iss = "other".into(),
            |claims| claims.exp = NOW + LIFETIME + 1,
            |claims| claims.nbf = NOW + SKEW + 1,
            |claims| claims.iat = NOW - LIFETIME - 1,
        ];
        for change in changes {
            let mut wrong = claims();
            change(&mut wrong);
            assert_eq!(read(&sign(&wrong, "k", &key(1)).unwrap(), NOW), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_key_decides_the_algorithm() {
        let good = r#"{"alg":"EdDSA","typ":"JWT","kid":"k"}"#;
        assert!(read(&forged(good, &claims(), &key(1)), NOW).is_some());
        assert_eq!(read(&forged(good, &claims(), &key(2)), NOW), None);
        for header in [
            r#"{"alg":"none","typ":"JWT","kid":"k"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"k"}"#,
            r#"{"alg":"eddsa","typ":"JWT","kid":"k"}"#,
            r#"{"alg":"EdDSA","alg":"none","typ":"JWT","kid":"k"}"#,
            r#"{"alg":"EdDSA","typ":"JWT","kid":"k","jwk":{}}"#,
            r#"{"alg":"EdDSA","typ":"JWT"}"#,
            "",
        ] {
            assert_eq!(read(&forged(header, &claims(), &key(1)), NOW), None, "{header}");
        }
        let token = sign(&claims(), "k", &key(1)).unwrap();
        let (signed, _) = token.rsplit_once('.').unwrap();
        assert!(Unchecked::parse(&format!("{signed}.")).is_none());
        assert!(Unchecked::parse(signed).is_none());
    }

    #[test]
    fn no_letter_of_a_token_can_be_changed() {
        let token = sign(&claims(), "k", &key(1)).unwrap();
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(read(std::str::from_utf8(&bytes).unwrap(), NOW), None, "{at}");
        }
        assert!(Unchecked::parse(&"a".repeat(LONGEST + 1)).is_none());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[ -~]{0,40}(\\.[ -~]{0,40}){0,4}") {
            prop_assert_eq!(read(&text, NOW), None);
        }
    }
}
