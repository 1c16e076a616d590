//! cosign's signatures and attestations, in both of their layouts, read and written.
//!
//! The old layout is an image beside the image, under a tag made of its digest: every cosign reads it. The new one is
//! a sigstore bundle that refers to the image: cosign reads it from 2.6 with `--new-bundle-format`, and from 3.0 by
//! itself, where it comes first.

mod simple;
mod layer;
mod bundle;
mod keyless;
mod promised;
mod legacy;
mod private;

use model::digest::ClaimedDigest;

pub use bundle::{BUNDLE, is_bundle, referrer, seal as seal_bundle};
pub use keyless::{Keyless, TrustedRoot};
pub use legacy::{Image, Layer, add};
pub use private::open as open_private_key;
pub use simple::sign as sign_simple;

pub(crate) use bundle::verify as verify_bundle;
pub(crate) use layer::{attestation, signature};

/// Media type of what is signed in the old layout.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// Media type of an attestation in the old layout.
pub const DSSE_ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";

/// The annotation of a layer that has its signature, in base64.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// The annotation of a layer that has the certificate it was signed with, in PEM.
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";

/// The tags beside an image that the old layout has: signatures, attestations.
#[must_use]
pub fn tags(digest: &ClaimedDigest) -> [String; 2] {
    [signature_tag(digest), attestation_tag(digest)]
}

/// Where the old layout keeps signatures.
#[must_use]
pub fn signature_tag(digest: &ClaimedDigest) -> String {
    format!("sha256-{}.sig", digest.hex())
}

/// Where the old layout keeps attestations.
#[must_use]
pub fn attestation_tag(digest: &ClaimedDigest) -> String {
    format!("sha256-{}.att", digest.hex())
}

#[cfg(test)]
mod tests;
