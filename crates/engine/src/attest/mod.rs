//! Signatures and attestations beside images: found and verified, made and put there.
//!
//! They are where cosign and Notation keep them: under tags made of the image's digest, and as what refers to the
//! image, in its registry, in an OCI layout or in the store, which keeps what it gets with an image.

mod error;
mod place;
mod gather;
mod put;
mod predicate;

use std::collections::BTreeMap;

use model::digest::ClaimedDigest;
use model::image::Image;
use registry::client::ClientError;
use trust::evidence::{self, Evidence};
use trust::key::Signer;

use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::registries::Registries;
use crate::ship::Wanted as Platform;
use gather::{Gathered, Piece};
use place::Place;

pub use error::AttestError;
pub use predicate::{bill, provenance, vulnerabilities};
pub use trust::cosign::{Keyless, TrustedRoot};
pub use trust::evidence::{Grounds, Verified};
pub use trust::foreign::ForeignKey;
pub use trust::notation::{Certificate, Identities, TrustPolicy};
pub use trust::signature::{By, SignatureError, VerifiedSignature, VerifiedStatement};
pub use trust::statement::{Predicate, Wanted};

/// What this module returns.
type Result<T> = std::result::Result<T, EngineError>;

/// What somebody wants vouched for.
#[derive(Debug, Default)]
pub struct Demand {
    /// What they trust.
    pub grounds: Grounds,
    /// Words that a signature has to have been made with.
    pub annotations: BTreeMap<String, String>,
    /// What has to be said of the image; without it, that somebody signs it.
    pub wanted: Option<Wanted>,
}

/// What is beside an image.
#[derive(Debug)]
pub struct Testimony {
    /// The image, with its registry.
    pub name: String,
    /// What the name stands for.
    pub digest: ClaimedDigest,
    /// What holds, and says what was asked for. Never empty.
    pub accepted: Vec<Accepted>,
    /// What does not hold, or says something else.
    pub refused: Vec<Refused>,
}

/// Evidence that holds.
#[derive(Debug)]
pub struct Accepted {
    /// The tag or the manifest that it was found in.
    pub at: String,
    /// What it says.
    pub verified: Verified,
}

/// Evidence that does not.
#[derive(Debug)]
pub struct Refused {
    /// The tag or the manifest that it was found in.
    pub at: String,
    /// Why not.
    pub error: SignatureError,
}

/// What somebody says of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saying {
    /// That they sign it.
    Signature {
        /// Words that are signed along.
        annotations: BTreeMap<String, String>,
    },
    /// Something of a kind, as JSON.
    Statement {
        /// The kind.
        predicate: Predicate,
        /// What is said.
        said: Vec<u8>,
    },
}

/// Where cosign will look for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layouts {
    /// In both places, so that every version finds it.
    #[default]
    Both,
    /// Under a tag beside the image, where all versions look, the newest last.
    Tag,
    /// As what refers to the image, where versions from 2.6 on look.
    Referrer,
}

/// What was put beside an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    /// The image, with its registry.
    pub name: String,
    /// What it is about: what the name stands for.
    pub digest: ClaimedDigest,
    /// The tags and the manifests that have it now.
    pub at: Vec<String>,
}

impl Engine {
    /// Looks for everything beside an image that vouches for it, and verifies it. `reference` is an image of the store
    /// where it names no registry, or a name in a registry, or an OCI layout. Of an image for several platforms, what is said of the one for `platform` counts
    /// as well.
    ///
    /// # Errors
    /// [`AttestError`], where nothing holds that says what was asked for, with every reason; what the registry says.
    pub fn testimony(
        &self,
        registries: &Registries,
        reference: &str,
        platform: &Platform,
        demand: &Demand,
    ) -> Result<Testimony> {
        let place = Place::find(self, registries, reference)?;
        let top = place.top()?;
        let digest = top.descriptor.digest;
        let Gathered { pieces, broken: mut refused } = gather::all(&place, top, platform)?;
        let mut accepted = Vec::new();
        for piece in &pieces {
            let at = piece.at.clone();
            match self.heard(piece, demand) {
                Ok(verified) => accepted.push(Accepted { at, verified }),
                Err(error) => refused.push(Refused { at, error }),
            }
        }
        let name = place.name();
        if accepted.is_empty() {
            return Err(AttestError::unheard(name, demand.wanted.as_ref(), refused).into());
        }
        Ok(Testimony { name, digest, accepted, refused })
    }

    /// Who built an image of the store, by the word of these keys, with the key that says so.
    pub(crate) fn builders(
        &self,
        image: &Image,
        keys: Vec<ForeignKey>,
    ) -> Result<Vec<(ClaimedDigest, String)>> {
        let grounds = Grounds { keys, ..Grounds::default() };
        let demand = Demand { grounds, wanted: Some(Wanted::by_word("provenance")), ..Demand::default() };
        let place = Place::of(self, image);
        let gathered = gather::all(&place, place.top()?, &Platform::host())?;
        let builder = |piece: &Piece| match self.heard(piece, &demand).ok()? {
            Verified::Statement(VerifiedStatement { by: By::Key(key), statement, .. }) => {
                Some((key.into(), statement.builder()?))
            }
            _ => None,
        };
        Ok(gathered.pieces.iter().filter_map(builder).collect())
    }

    /// Verifies one piece, and asks whether it says what was asked for.
    fn heard(&self, piece: &Piece, demand: &Demand) -> std::result::Result<Verified, SignatureError> {
        let evidence =
            Evidence { media_type: &piece.media_type, annotations: &piece.annotations, bytes: &piece.bytes };
        let verified = evidence::verify(evidence, &piece.subject, &demand.grounds, self.now())?;
        let found = match &verified {
            Verified::Signature(signature) => {
                signature.require(&demand.annotations)?;
                &Predicate::Signature
            }
            Verified::Statement(statement) => statement.statement.predicate(),
        };
        let wanted = demand.wanted.clone().unwrap_or_else(|| Wanted::by_word("signature"));
        if wanted.is(found) {
            return Ok(verified);
        }
        Err(SignatureError::OtherType { found: found.to_string(), wanted: wanted.to_string() })
    }

    /// Says something of an image, and puts it beside the image. `reference` is as in [`Engine::testimony`].
    ///
    /// # Errors
    /// [`AttestError`]: the signer's, or what is said is nothing that could be; what the registry says.
    pub fn attest(
        &self,
        registries: &Registries,
        reference: &str,
        saying: &Saying,
        layouts: Layouts,
        signer: &dyn Signer,
    ) -> Result<Attested> {
        let place = Place::find(self, registries, reference)?;
        let top = place.top()?;
        let at = put::all(&place, &top, saying, layouts, signer, self.now())?;
        let (name, digest) = (place.name(), top.descriptor.digest);
        let kind = match saying {
            Saying::Signature { .. } => Predicate::Signature.to_string(),
            Saying::Statement { predicate, .. } => predicate.to_string(),
        };
        let entry = Entry::image(Kind::Attest, None, name.clone(), self.now());
        let entry = entry.with("digest", digest.to_string()).with("type", kind);
        self.note(&entry.with("key", signer.public().id().short()))?;
        if let Place::Store { image, .. } = &place {
            self.learn_builds(image)?;
        }
        Ok(Attested { name, digest, at })
    }
}

/// What is there, or nothing where a registry says that it is not.
fn absent<T>(answer: std::result::Result<T, ClientError>) -> Result<Option<T>> {
    match answer {
        Ok(there) => Ok(Some(there)),
        Err(ClientError::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
