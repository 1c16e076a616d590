//! A chain of certificates from the signer to a root: signature-specification.md, "Certificate Requirements".

use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::oid::db::rfc5280;

use super::certificate::{Certificate, Uses};
use super::envelope::Algorithm;
use crate::signature::{Result, SignatureError, shown};

/// What a certificate that signs code may not be for as well.
const FOREIGN_USES: [ObjectIdentifier; 5] = [
    rfc5280::ANY_EXTENDED_KEY_USAGE,
    rfc5280::ID_KP_SERVER_AUTH,
    rfc5280::ID_KP_CLIENT_AUTH,
    rfc5280::ID_KP_EMAIL_PROTECTION,
    rfc5280::ID_KP_TIME_STAMPING,
];

/// A chain whose certificates each follow from the next, and may all be used as they are.
#[derive(Debug)]
pub(super) struct Chain {
    leaf: Certificate,
    /// The signer's issuer first, the root last. Empty where the signer's certificate is its own root.
    above: Vec<Certificate>,
}

impl Chain {
    /// Reads a chain and checks it against itself.
    pub(super) fn parse(chain: &[Vec<u8>]) -> Result<Self> {
        let mut certificates = chain.iter().map(|der| Certificate::from_der(der));
        let leaf = certificates.next().ok_or(SignatureError::Unsigned)??;
        let above = certificates.collect::<Result<Vec<_>>>()?;
        let chain = Self { leaf, above };
        chain.check_order()?;
        check_leaf(&chain.leaf)?;
        for (depth, certificate) in chain.above.iter().enumerate() {
            check_authority(certificate, depth)?;
        }
        Ok(chain)
    }

    pub(super) fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    fn all(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.leaf).chain(&self.above)
    }

    /// "The certificates in the signature MUST be ordered", and end in a root.
    fn check_order(&self) -> Result<()> {
        for (certificate, issuer) in self.all().zip(self.all().skip(1)) {
            if !issuer.issued(certificate) {
                return Err(certificate.unfit(&format!("is not issued by {}", shown(&issuer.subject()))));
            }
        }
        let root = self.root();
        if root.issued(root) { Ok(()) } else { Err(root.unfit("is the last of its chain and no root")) }
    }

    fn root(&self) -> &Certificate {
        self.above.last().unwrap_or(&self.leaf)
    }

    /// The first of these that is in the chain.
    pub(super) fn trusted<'a>(&self, roots: &'a [Certificate]) -> Result<&'a Certificate> {
        let known = |root: &&Certificate| self.all().any(|one| one.fingerprint() == root.fingerprint());
        let untrusted = || SignatureError::Untrusted { root: shown(&self.root().subject()) };
        roots.iter().find(known).ok_or_else(untrusted)
    }

    /// "Each and every certificate in the certificate chain must be valid."
    pub(super) fn valid_at(&self, time: i64) -> Result<()> {
        self.all().try_for_each(|certificate| {
            let (from, until) = certificate.validity();
            let what = || format!("the certificate of {}", shown(&certificate.subject()));
            if time > until {
                return Err(SignatureError::Expired { what: what(), late: time - until });
            }
            if time < from {
                return Err(SignatureError::NotYet { what: what(), early: from - time });
            }
            Ok(())
        })
    }
}

/// "Leaf Certificates".
fn check_leaf(leaf: &Certificate) -> Result<()> {
    let Uses { basic, key, extended } = leaf.uses()?;
    if basic.is_some_and(|(_, basic)| basic.ca) {
        return Err(leaf.unfit("is an authority's, and signs an image itself"));
    }
    let Some((true, usage)) = key else {
        return Err(leaf.unfit("does not say, as it must, what its key is for"));
    };
    let other = usage.key_encipherment()
        || usage.data_encipherment()
        || usage.key_agreement()
        || usage.key_cert_sign()
        || usage.crl_sign()
        || usage.encipher_only()
        || usage.decipher_only();
    if !usage.digital_signature() || other {
        return Err(leaf.unfit("is not for signatures, or not for those alone"));
    }
    if extended.is_some_and(|extended| extended.0.iter().any(|purpose| FOREIGN_USES.contains(purpose))) {
        return Err(leaf.unfit("is for something else than signing code"));
    }
    if Algorithm::of(leaf.key()).is_none() {
        return Err(
            leaf.unfit("has a key that Notation does not sign with, or one that is not supported here")
        );
    }
    Ok(())
}

/// "Root and Intermediate CA Certificates"; `depth` is how many authorities are below.
fn check_authority(authority: &Certificate, depth: usize) -> Result<()> {
    let Uses { basic, key, .. } = authority.uses()?;
    let Some((true, basic)) = basic.filter(|(_, basic)| basic.ca) else {
        return Err(authority.unfit("is not an authority's, and issues certificates"));
    };
    if basic.path_len_constraint.is_some_and(|most| usize::from(most) < depth) {
        return Err(authority.unfit("may not have so many authorities below it"));
    }
    match key {
        Some((true, usage)) if usage.key_cert_sign() => Ok(()),
        _ => Err(authority.unfit("is not for signing certificates")),
    }
}
