//! Statements that a stage requires, looked for beside the image before anybody promotes it.

use model::digest::ClaimedDigest;
use model::reference::ImageName;
use trust::evidence::Verified;
use trust::foreign::ForeignKey;
use trust::key::PublicKey;
use trust::publisher::{Attestation, Requirement};

use super::EngineError;
use crate::attest::{AttestError, Demand, Grounds, Wanted};
use crate::engine::Engine;
use crate::registries::Registries;
use crate::ship::Wanted as Platform;

impl Engine {
    /// Those of the required statements that are there and hold, about this very digest.
    pub(super) fn statements(
        &self,
        registries: &Registries,
        image: &ImageName,
        digest: ClaimedDigest,
        required: &[Requirement],
    ) -> Result<Vec<Attestation>, EngineError> {
        let mut attested = Vec::new();
        for required in required {
            for key in &required.keys {
                if self.says(registries, image, digest, &required.kind, key)? {
                    attested.push(Attestation::assertion(&required.kind, key, digest));
                }
            }
        }
        Ok(attested)
    }

    fn says(
        &self,
        registries: &Registries,
        image: &ImageName,
        digest: ClaimedDigest,
        kind: &str,
        key: &PublicKey,
    ) -> Result<bool, EngineError> {
        // A key that is of no kind that signs has signed nothing.
        let Some(pem) = key.to_pem() else { return Ok(false) };
        let key = ForeignKey::from_pem(&pem).map_err(AttestError::from)?;
        let grounds = Grounds { keys: vec![key], ..Grounds::default() };
        let demand = Demand { grounds, wanted: Some(Wanted::by_word(kind)), ..Demand::default() };
        let reference = format!("docker://{}@{digest}", image.repository);
        let testimony = match self.testimony(registries, &reference, &Platform::host(), &demand) {
            Ok(testimony) => testimony,
            Err(EngineError::Attest(AttestError::Nothing { .. } | AttestError::Unheard { .. })) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let about = |verified: &Verified| match verified {
            Verified::Statement(statement) => statement.digest == digest,
            Verified::Signature(signature) => signature.digest == digest,
        };
        Ok(testimony.accepted.iter().any(|accepted| about(&accepted.verified)))
    }
}
