//! Bills of material and other documents: those that somebody else wrote, and ours.

use std::fs::File;
use std::path::Path;

use model::inventory::Inventory;
use scan::{Content, sbom};

use super::{ExamineError, Examined, Target, TargetKind};

/// How an examination is written for other tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Our own JSON, of which members are only ever added.
    Json,
    /// For code scanning.
    Sarif,
    /// CycloneDX 1.6, with the vulnerabilities.
    CycloneDx,
    /// SPDX 2.3.
    Spdx,
    /// A page for people, complete in one file.
    Html,
}

impl Examined {
    /// As a document.
    #[must_use]
    pub fn document(&self, form: Form) -> String {
        let scan = self.scan();
        match form {
            Form::Json => {
                // Texts and numbers alone: there is nothing in it that JSON lacks.
                let json = serde_json::to_string_pretty(&report::view::Scan::of(&scan));
                json.map(|json| json + "\n").unwrap_or_default()
            }
            Form::Sarif => report::sarif::sarif(&scan),
            Form::CycloneDx => report::cyclonedx::cyclonedx(&scan),
            Form::Spdx => report::spdx::spdx(&scan),
            Form::Html => report::html::html(&scan),
        }
    }
}

/// Reads what somebody says is in something. The reader is bounded in everything and runs nothing.
pub(super) fn read(path: &Path) -> Result<(Target, Inventory), ExamineError> {
    let file = File::open(path).map_err(ExamineError::read(path))?;
    let size = file.metadata().map_err(ExamineError::read(path))?.len();
    let bill = sbom::read(&Content::File(&file, size))
        .map_err(|flaw| ExamineError::Bill { path: path.to_owned(), flaw })?;
    let name = if bill.subject.is_empty() { path.display().to_string() } else { bill.subject };
    let target = Target { name, kind: TargetKind::Sbom, digest: bill.digest, ..Target::default() };
    Ok((target, bill.inventory))
}
