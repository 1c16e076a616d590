//! A document as its publisher handles it: what it says, the envelope around it, and the bytes that are its file.

use crate::key::Signer;
use crate::metadata::{Authority, Document, Envelope, FormatError, Signature, Tally};

use super::PublishError;

/// A document and its envelope.
#[derive(Debug, Clone)]
pub(super) struct Paper<T> {
    pub(super) document: T,
    envelope: Envelope<'static>,
    bytes: Vec<u8>,
}

/// What a signer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signing {
    Done,
    /// By this key, earlier.
    Before,
    /// The key is none of the role's.
    Stranger,
}

impl<T: Document + Clone> Paper<T> {
    /// One that nobody has signed.
    pub(super) fn new(document: T) -> Result<Self, PublishError> {
        let envelope = Envelope::seal(&document)?;
        let bytes = envelope.to_bytes()?;
        Ok(Self { document, envelope, bytes })
    }

    pub(super) fn read(name: &str, bytes: &[u8], most: u64) -> Result<Self, PublishError> {
        let wrong = |source: FormatError| PublishError::File { name: name.to_owned(), source };
        let envelope = Envelope::open(bytes, most).map_err(wrong)?.into_owned();
        let document = envelope.claimed().map_err(wrong)?;
        Ok(Self { document, envelope, bytes: bytes.to_vec() })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is signed.
    pub(super) fn message(&self) -> &[u8] {
        self.envelope.message()
    }

    pub(super) fn tally(&self, authority: &Authority) -> Tally {
        self.envelope.tally(authority)
    }

    pub(super) fn holds(&self, authority: &Authority) -> bool {
        self.envelope.holds(authority).is_ok()
    }

    /// That a threshold of the authority's keys signed it.
    pub(super) fn check(&self, name: &str, authority: &Authority) -> Result<(), PublishError> {
        let unsigned =
            |shortfall| PublishError::Unsigned { name: name.to_owned(), source: Box::new(shortfall) };
        self.envelope.holds(authority).map_err(unsigned)
    }

    /// Signs, if the key is one of the authority's and has not signed yet.
    pub(super) fn sign(
        &mut self,
        authority: &Authority,
        signer: &dyn Signer,
    ) -> Result<Signing, PublishError> {
        let Some(material) = signer.public().material() else { return Ok(Signing::Stranger) };
        let key = authority.keys().iter().find(|(_, key)| key.material().as_ref() == Some(&material));
        let Some((id, key)) = key else { return Ok(Signing::Stranger) };
        if self.tally(authority).signed.contains(id) {
            return Ok(Signing::Before);
        }
        let signature = signer.sign(self.message())?;
        // Whatever a key in hardware returns is looked at before it is called a signature.
        if !key.verifies(self.message(), &signature) {
            return Err(PublishError::NoSignature(id.clone()));
        }
        self.add(&Signature { keyid: id.clone(), sig: model::hex::encode(&signature) })?;
        Ok(Signing::Done)
    }

    fn add(&mut self, signature: &Signature) -> Result<(), PublishError> {
        self.envelope.add(signature.clone());
        self.bytes = self.envelope.to_bytes()?;
        Ok(())
    }

    /// Takes over what the authorities' keys have signed of the same document.
    pub(super) fn join(&mut self, other: &Self, authorities: &[Authority]) -> Result<(), PublishError> {
        for authority in authorities {
            let (ours, theirs) = (self.tally(authority), other.tally(authority));
            let new = theirs.signed.iter().filter(|id| !ours.signed.contains(id));
            for id in new {
                let signature = other.envelope.signatures().iter().find(|signature| signature.keyid == *id);
                if let Some(signature) = signature {
                    self.add(signature)?;
                }
            }
        }
        Ok(())
    }

    /// Reads a document that is to be signed. It has to be written as this program writes it, so that what is
    /// shown of it is all that it says.
    pub(super) fn pending(name: &str, bytes: &[u8], most: u64) -> Result<Self, PublishError> {
        let paper = Self::read(name, bytes, most)?;
        match Self::new(paper.document.clone())?.message() == paper.message() {
            true => Ok(paper),
            false => Err(PublishError::Unusual(name.to_owned())),
        }
    }

    /// The same document with what the authorities' keys have signed, and no stranger's signature.
    pub(super) fn cleaned(&self, authorities: &[Authority]) -> Result<Self, PublishError> {
        let mut clean = Self::new(self.document.clone())?;
        clean.join(self, authorities)?;
        Ok(clean)
    }
}
