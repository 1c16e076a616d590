//! Why a signature does not count. Each reason is its own, and none of them leads on to "unsigned is fine".

use std::fmt;

use model::digest::ClaimedDigest;

use super::shown;

/// What is wrong with a signature, a statement, or what was given to verify them with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A document is longer than any honest one.
    #[error("{what} has {found} bytes, over the limit of {allowed}")]
    TooLarge {
        /// Which document.
        what: &'static str,
        /// Its bytes.
        found: u64,
        /// The limit.
        allowed: u64,
    },
    /// There are more of something than any honest document has.
    #[error("{what}: {found}, over the limit of {allowed}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// The limit.
        allowed: usize,
    },
    /// A document is not what it should be.
    #[error("{what} cannot be read: {why}")]
    Malformed {
        /// Which document.
        what: &'static str,
        /// What its reader stumbled over.
        why: String,
    },
    /// A file in PEM holds something else than it was given for.
    #[error("it holds `{found}`, not `{wanted}`")]
    OtherPem {
        /// By its own word.
        found: String,
        /// What it was given for.
        wanted: &'static str,
    },
    /// A key is of a kind that nothing here verifies with.
    #[error("keys of the kind {0} are not supported")]
    KeyKind(String),
    /// A private key does not open.
    #[error("the password does not open the private key, or the key's file is damaged")]
    Password,
    /// An algorithm that is not known, too weak, or not the key's.
    #[error("{what} names the algorithm `{found}`, {why}")]
    Algorithm {
        /// Which document.
        what: &'static str,
        /// As it is written there.
        found: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Nobody signed an envelope.
    #[error("the envelope has no signatures")]
    Unsigned,
    /// No signature is by the key.
    #[error("{what} is not signed with the key {key}")]
    NotByKey {
        /// What was verified.
        what: &'static str,
        /// The key's fingerprint.
        key: String,
    },
    /// It is signed with something that was not given.
    #[error("it is {found}, and {given} was given to verify it with")]
    Material {
        /// What it would need.
        found: &'static str,
        /// What there was.
        given: &'static str,
    },
    /// What is signed is about another image.
    #[error("it is about {signed}, not about {wanted}")]
    OtherDigest {
        /// What is signed.
        signed: String,
        /// What was asked for.
        wanted: ClaimedDigest,
    },
    /// What is signed is something else than it was taken for.
    #[error("what is signed is `{found}`, not `{wanted}`")]
    OtherType {
        /// By its own word.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// Words that were asked for were not signed along.
    #[error("the annotation `{key}` is {}, not `{wanted}`", found.as_ref().map_or("not signed".to_owned(), |found| format!("`{found}`")))]
    Annotation {
        /// Its name.
        key: String,
        /// What was asked for.
        wanted: String,
        /// What it says.
        found: Option<String>,
    },
    /// Somebody else signed it.
    #[error("it is signed by {found}, not by {wanted}")]
    OtherSigner {
        /// Who did.
        found: String,
        /// Who should have.
        wanted: String,
    },
    /// The evidence beside a signature without a key does not hold.
    #[error("{0}")]
    Keyless(String),
    /// A certificate does not follow from the next, or may not be used for this.
    #[error("the certificate of {subject} {why}")]
    Certificate {
        /// Whom it names.
        subject: String,
        /// What is wrong with it.
        why: String,
    },
    /// A chain of certificates ends at nobody who was given.
    #[error("no certificate of its chain is among those that are trusted; the chain ends at {root}")]
    Untrusted {
        /// Whom the last one names.
        root: String,
    },
    /// Something is over.
    #[error("{what} expired {} ago", Span(*late))]
    Expired {
        /// What.
        what: String,
        /// Seconds since then.
        late: i64,
    },
    /// Something has not begun.
    #[error("{what} is valid only in {}; this machine's clock may be wrong", Span(*early))]
    NotYet {
        /// What.
        what: String,
        /// Seconds until then.
        early: i64,
    },
    /// The signer demands that something be understood that is not.
    #[error("the signature demands `{0}`, which is not understood here")]
    Critical(String),
}

impl SignatureError {
    /// For `map_err`: a document's reader has stumbled.
    pub(crate) fn malformed<E: fmt::Display>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Malformed { what, why: shown(&error.to_string()) }
    }

    /// A document within its limit.
    pub(crate) fn fits(what: &'static str, bytes: &[u8], allowed: usize) -> super::Result<()> {
        if bytes.len() <= allowed {
            return Ok(());
        }
        Err(Self::TooLarge { what, found: bytes.len() as u64, allowed: allowed as u64 })
    }

    /// A list within its limit.
    pub(crate) fn few(what: &'static str, found: usize, allowed: usize) -> super::Result<()> {
        if found <= allowed { Ok(()) } else { Err(Self::TooMany { what, found, allowed }) }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::TooMany { .. } => "E-trust-signature-limit",
            Self::Malformed { .. } => "E-trust-signature-malformed",
            Self::OtherPem { .. } => "E-trust-pem",
            Self::KeyKind(_) => "E-trust-key-kind",
            Self::Password => "E-trust-key-password",
            Self::Algorithm { .. } => "E-trust-signature-algorithm",
            Self::Unsigned => "E-trust-signature-none",
            Self::NotByKey { .. } => "E-trust-signature-key",
            Self::Material { .. } => "E-trust-signature-material",
            Self::OtherDigest { .. } => "E-trust-signature-digest",
            Self::OtherType { .. } => "E-trust-signature-type",
            Self::Annotation { .. } => "E-trust-signature-annotation",
            Self::OtherSigner { .. } => "E-trust-signature-signer",
            Self::Keyless(_) => "E-trust-signature-keyless",
            Self::Certificate { .. } => "E-trust-certificate",
            Self::Untrusted { .. } => "E-trust-certificate-root",
            Self::Expired { .. } => "E-trust-signature-expired",
            Self::NotYet { .. } => "E-trust-signature-early",
            Self::Critical(_) => "E-trust-signature-critical",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::TooMany { .. } => {
                "no honest signer makes such a thing; ask whoever it is by"
            }
            Self::Malformed { .. } => "get it again from whoever made it; a copy may have been cut short",
            Self::OtherPem { .. } => {
                "give another file: public keys are for --key, certificates for --trust-store, and private keys sign"
            }
            Self::KeyKind(_) => {
                "use a key of ECDSA P-256, Ed25519 or RSA: `cosign generate-key-pair` makes the first"
            }
            Self::Password => "give the password that the key was made with",
            Self::Algorithm { .. } => "have it signed anew with ECDSA P-256, Ed25519 or RSA",
            Self::Unsigned | Self::NotByKey { .. } => {
                "ask the publisher for the public key that they sign with now"
            }
            Self::Material { .. } => {
                "give what it needs: --key FILE, or an identity with its issuer and --trusted-root FILE, or a trust store"
            }
            Self::OtherDigest { .. } => {
                "do not use the image; a signature of something else was put beside it"
            }
            Self::OtherType { .. } => "ask for another --type, or ask the publisher for one of this",
            Self::Annotation { .. } | Self::OtherSigner { .. } => {
                "use it only if you know why it differs from what you asked for"
            }
            Self::Keyless(_) => {
                "get the trusted root anew from whom you trust; otherwise do not use the image"
            }
            Self::Certificate { .. } => "have it signed anew with a certificate that may sign code",
            Self::Untrusted { .. } => "if you trust that root, put its certificate into the trust store",
            Self::Expired { .. } => "have it signed anew",
            Self::NotYet { .. } => "look at the clock: `date -u`",
            Self::Critical(_) => "verify it with a tool that understands it",
        }
    }
}

/// Seconds as people say them.
struct Span(i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match self.0 {
            ..=119 => (self.0, "s"),
            120..=7_199 => (self.0 / 60, "min"),
            7_200..=172_799 => (self.0 / 3_600, "h"),
            _ => (self.0 / 86_400, "days"),
        };
        write!(f, "{count} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_says_for_how_long() {
        let expired = |late| SignatureError::Expired { what: "the signature".into(), late }.to_string();
        assert_eq!(expired(30), "the signature expired 30 s ago");
        assert_eq!(expired(7_200), "the signature expired 2 h ago");
        assert_eq!(expired(864_000), "the signature expired 10 days ago");
    }
}
