//! A document in JSON, of which nobody says beforehand which format it has.

use serde::de::MapAccess;

use super::collect::Collector;
use super::stream::{self, Member, Taker};
use super::{cyclonedx, malformed, spdx, syft};
use crate::content::Flaw;

/// The members at a document's top, whichever of the formats it is.
#[derive(Default)]
struct Document {
    /// `bomFormat` of CycloneDX.
    bom_format: String,
    /// `specVersion` of CycloneDX.
    spec_version: String,
    /// `spdxVersion` of SPDX 2.
    spdx_version: String,
    /// Whether it has Syft's list.
    has_artifacts: bool,
    /// Whether it has what SPDX 3 begins with.
    has_context: bool,
}

/// Reads a document.
pub(super) fn read(bytes: &[u8], collector: &mut Collector) -> Result<(), Flaw> {
    let mut document = Document::default();
    stream::document(bytes, &mut document, collector).map_err(|error| malformed(error.to_string()))?;
    collector.format = document.format()?;
    Ok(())
}

impl Document {
    fn format(&self) -> Result<String, Flaw> {
        if self.bom_format == "CycloneDX" {
            return Ok(format!("CycloneDX {}", self.spec_version));
        }
        if self.spdx_version.starts_with("SPDX-2.") {
            return Ok(self.spdx_version.replace('-', " "));
        }
        if self.has_artifacts {
            return Ok("Syft".to_owned());
        }
        Err(malformed(if self.has_context {
            "it is SPDX 3, of which no reader knows yet; its writer can give SPDX 2.3"
        } else {
            "it is neither CycloneDX, nor SPDX, nor Syft's own"
        }))
    }
}

impl Taker for Document {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Member<'_, A>,
        collector: &mut Collector,
    ) -> Result<(), A::Error> {
        match name {
            "bomFormat" => self.bom_format = value.text()?,
            "specVersion" => self.spec_version = value.text()?,
            "spdxVersion" => self.spdx_version = value.text()?,
            "name" => collector.subject = value.text()?,
            "metadata" => value.object(&mut cyclonedx::Metadata, collector)?,
            "components" => value.each::<cyclonedx::Component>(collector)?,
            "packages" => value.each::<spdx::Package>(collector)?,
            "annotations" => value.each::<spdx::DocumentAnnotation>(collector)?,
            "artifacts" => {
                self.has_artifacts = true;
                value.each::<syft::Artifact>(collector)?;
            }
            "artifactRelationships" => value.each::<syft::Relationship>(collector)?,
            "source" => value.object(&mut syft::Source, collector)?,
            "distro" => {
                let mut distribution = syft::Distro::default();
                value.object(&mut distribution, collector)?;
                distribution.done(collector);
            }
            // An attestation of in-toto has the document within.
            "predicate" => value.object(self, collector)?,
            "@context" => {
                self.has_context = true;
                value.leave()?;
            }
            _ => value.leave()?,
        }
        Ok(())
    }
}
