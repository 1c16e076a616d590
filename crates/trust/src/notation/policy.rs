//! What a person trusts of Notation's signers: roots, and whom they may name.

use std::collections::BTreeMap;

use super::certificate::Certificate;
use crate::signature::{Result, SignatureError, shown};

/// Identities that a policy lists.
const MOST_IDENTITIES: usize = 1_000;
/// How each of them begins.
const PREFIX: &str = "x509.subject:";
/// Attributes that every identity has to give: trust-store-trust-policy.md, "Trusted Identities Constraints".
const REQUIRED: [&str; 3] = ["C", "ST", "O"];

/// Certificates that are trusted, and the signers that count below them.
#[derive(Debug, Clone, Default)]
pub struct TrustPolicy {
    /// Of authorities, `x509/ca`.
    pub roots: Vec<Certificate>,
    /// Of authorities whose word counts for the time as well, `x509/signingAuthority`.
    pub signing_authorities: Vec<Certificate>,
    /// Whose signatures count.
    pub identities: Identities,
}

/// Signers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Identities {
    /// Whomever the roots name: `*`.
    #[default]
    Any,
    /// Those whose subject has all that one of these lists.
    These(Vec<Identity>),
}

/// A part of a subject: `x509.subject: C=US, ST=WA, O=example, CN=build`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    attributes: BTreeMap<String, String>,
}

impl Identities {
    /// Reads what a trust policy lists as `trustedIdentities`.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`].
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let texts: Vec<_> = texts.into_iter().take(MOST_IDENTITIES + 1).collect();
        SignatureError::few("trusted identities", texts.len(), MOST_IDENTITIES)?;
        match texts.as_slice() {
            ["*"] => Ok(Self::Any),
            [] => Err(malformed("there are none")),
            texts => Ok(Self::These(texts.iter().map(|text| Identity::parse(text)).collect::<Result<_>>()?)),
        }
    }

    /// Whether a signer is one of them.
    pub(super) fn count(&self, signer: &Certificate) -> Result<()> {
        let Self::These(identities) = self else { return Ok(()) };
        let attributes = signer.attributes()?;
        if identities.iter().any(|identity| identity.is(&attributes)) {
            return Ok(());
        }
        let wanted: Vec<_> = identities.iter().map(ToString::to_string).collect();
        let (found, wanted) = (shown(&signer.subject()), shown(&wanted.join(" or ")));
        Err(SignatureError::OtherSigner { found, wanted })
    }
}

impl Identity {
    fn parse(text: &str) -> Result<Self> {
        let subject = text.strip_prefix(PREFIX);
        let subject = subject.ok_or_else(|| malformed(&format!("`{}` is no `{PREFIX}`", shown(text))))?;
        let mut attributes = BTreeMap::new();
        for part in split(subject) {
            let (name, value) = part.split_once('=').unwrap_or((&part, ""));
            let (name, value) = (name.trim().to_uppercase(), value.trim());
            let name = if name == "S" { "ST".to_owned() } else { name };
            if value.is_empty() || attributes.insert(name, value.to_owned()).is_some() {
                return Err(malformed(&format!(
                    "`{}` is not one attribute with its value",
                    shown(part.trim())
                )));
            }
        }
        match REQUIRED.iter().find(|name| !attributes.contains_key(**name)) {
            Some(absent) => Err(malformed(&format!("`{}` has no {absent}", shown(text)))),
            None => Ok(Self { attributes }),
        }
    }

    fn is(&self, attributes: &BTreeMap<&'static str, String>) -> bool {
        self.attributes.iter().all(|(name, value)| attributes.get(name.as_str()) == Some(value))
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<_> = self.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        f.write_str(&parts.join(", "))
    }
}

/// The parts between commas; `\` takes the comma's meaning away (RFC 4514, section 2.4).
fn split(subject: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for character in subject.chars() {
        match (escaped, character) {
            (false, '\\') => escaped = true,
            (false, ',' | '+') => parts.push(String::new()),
            _ => {
                escaped = false;
                parts.last_mut().into_iter().for_each(|part| part.push(character));
            }
        }
    }
    parts
}

fn malformed(why: &str) -> SignatureError {
    SignatureError::malformed("the list of trusted identities")(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<&'static str> {
        Identities::parse([text]).err().map(|error| error.code())
    }

    #[test]
    fn identities_are_read_as_notation_writes_them() {
        let parsed = Identities::parse([r"x509.subject: C=US, S=WA, O=a\, b, CN=build"]).unwrap();
        let Identities::These(identities) = parsed else { panic!("all are trusted") };
        let attributes = [("C", "US"), ("ST", "WA"), ("O", "a, b"), ("CN", "build"), ("L", "Seattle")];
        let attributes = attributes.map(|(name, value)| (name, value.to_owned()));
        assert!(identities[0].is(&attributes.clone().into()));
        assert!(!identities[0].is(&attributes[..3].iter().cloned().collect()));
        assert_eq!(Identities::parse(["*"]).unwrap(), Identities::Any);
    }

    #[test]
    fn an_identity_that_would_mean_too_many_is_refused() {
        for text in ["", "C=US", "x509.subject: C=US, ST=WA", "x509.subject: C=US, ST=WA, O=", "**"] {
            assert_eq!(code(text), Some("E-trust-signature-malformed"), "{text}");
        }
        assert_eq!(code("x509.subject: C=US, ST=WA, O=a, O=b"), Some("E-trust-signature-malformed"));
        assert!(Identities::parse([]).is_err());
        assert!(Identities::parse(["*", "*"]).is_err());
    }
}
