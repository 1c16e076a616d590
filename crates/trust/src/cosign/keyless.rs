//! Bundles that are signed with a certificate for minutes: who signed is what an issuer of identities said then, and
//! a log and its witnesses prove when.
//!
//! The proofs are `sigstore-verify`'s. It looks at this machine's clock in one place, to refuse entries of the log
//! from the future; everything else follows from the bundle and the trusted root.

use model::digest::ClaimedDigest;
use sigstore_verify::types::{Artifact, Bundle, Sha256Hash, SignatureContent};
use sigstore_verify::{IdentityMatcher, VerificationPolicy, Verifier};

use crate::signature::{By, Result, SignatureError, shown};
use crate::statement::PAYLOAD_TYPE;

/// Bytes of a trusted root; sigstore's own has 7 KiB.
const MOST_ROOT: usize = 4 << 20;
/// What an error calls them.
const WHAT: &str = "the trusted root";
const BUNDLE: &str = "the bundle";

/// Who may vouch for identities, and which logs are believed: a sigstore instance, given and never fetched.
pub struct TrustedRoot(Verifier);

/// Whose signatures count, and by whose word.
pub struct Keyless {
    root: TrustedRoot,
    subject: String,
    issuer: String,
}

/// What a bundle was verified to be.
pub(super) struct Kept {
    pub(super) by: By,
    pub(super) payload: Vec<u8>,
    pub(super) time: i64,
}

impl TrustedRoot {
    /// Reads `trusted_root.json` (`application/vnd.dev.sigstore.trustedroot+json`).
    ///
    /// # Errors
    /// [`SignatureError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        SignatureError::fits(WHAT, bytes, MOST_ROOT)?;
        let text = std::str::from_utf8(bytes).map_err(SignatureError::malformed(WHAT))?;
        let root = sigstore_verify::trust_root::TrustedRoot::from_json(text);
        let root = root.map_err(SignatureError::malformed(WHAT))?;
        Verifier::new(&root).map(Self).map_err(SignatureError::malformed(WHAT))
    }
}

impl Keyless {
    /// Signatures count that `issuer` says are by `subject`, word for word.
    #[must_use]
    pub fn new(root: TrustedRoot, subject: impl Into<String>, issuer: impl Into<String>) -> Self {
        Self { root, subject: subject.into(), issuer: issuer.into() }
    }

    /// Verifies a bundle, and returns the statement's very bytes that were verified.
    pub(super) fn verify(&self, bytes: &[u8], digest: &ClaimedDigest) -> Result<Kept> {
        let wanted = Sha256Hash::from_hex(&digest.hex()).map_err(SignatureError::malformed(BUNDLE))?;
        let bundle = parse(bytes)?;
        let (by, time) = self.hold(&bundle, wanted.into())?;
        let SignatureContent::DsseEnvelope(envelope) = bundle.content else {
            let found = "a signature over bytes".to_owned();
            return Err(SignatureError::OtherType { found, wanted: "a statement about an image".to_owned() });
        };
        if envelope.payload_type != PAYLOAD_TYPE {
            let found = shown(&envelope.payload_type);
            return Err(SignatureError::OtherType { found, wanted: PAYLOAD_TYPE.to_owned() });
        }
        Ok(Kept { by, payload: envelope.payload.into_bytes(), time })
    }

    /// Verifies a bundle that has a signature over bytes; who made it, and when.
    pub(super) fn verify_bytes(&self, bundle: &[u8], signed: &[u8]) -> Result<(By, i64)> {
        self.hold(&parse(bundle)?, signed.into())
    }

    fn hold(&self, bundle: &Bundle, signed: Artifact<'_>) -> Result<(By, i64)> {
        let policy =
            VerificationPolicy::new(IdentityMatcher::Exact(self.subject.clone()), self.issuer.clone());
        let verified = self.root.0.verify(signed, bundle, &policy).map_err(|error| self.refused(&error))?;
        let time = verified.verified_timestamps().iter().map(|time| time.as_second()).min();
        let time =
            time.ok_or_else(|| SignatureError::Keyless("nobody witnesses when it was signed".into()))?;
        Ok((By::Identity { subject: self.subject.clone(), issuer: self.issuer.clone() }, time))
    }

    /// sigstore's reason in our words, where it is one that a person can do something about.
    fn refused(&self, error: &sigstore_verify::Error) -> SignatureError {
        let other = |wanted: &str, found: Option<&str>| SignatureError::OtherSigner {
            found: found.map_or_else(|| "somebody without a name".to_owned(), shown),
            wanted: wanted.to_owned(),
        };
        match error {
            sigstore_verify::Error::IdentityMismatch { actual, .. } => {
                other(&self.subject, actual.as_ref().map(|actual| actual.as_str()))
            }
            sigstore_verify::Error::IssuerMismatch { actual, .. } => {
                let found = actual.as_deref().map(|actual| format!("somebody whom {actual} knows"));
                other(&format!("somebody whom {} knows", self.issuer), found.as_deref())
            }
            other => SignatureError::Keyless(shown(&other.to_string())),
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Bundle> {
    let text = std::str::from_utf8(bytes).map_err(SignatureError::malformed(BUNDLE))?;
    Bundle::from_json(text).map_err(SignatureError::malformed(BUNDLE))
}

impl std::fmt::Debug for Keyless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyless").field("subject", &self.subject).field("issuer", &self.issuer).finish()
    }
}
