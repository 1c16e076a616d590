//! A VEX document, whatever its form, and what it does to findings.

use std::collections::HashMap;

use model::finding::{Dismissal, Vulnerability};
use serde_json::Value;

use super::csaf::Csaf;
use super::cyclonedx::CycloneDx;
use super::openvex::OpenVex;
use super::purl::Purl;
use super::statement::{Statement, Subject};

/// The most that a document may be long, in bytes.
const MAX_DOCUMENT: usize = 64 << 20;

/// What somebody says of vulnerabilities in a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    source: String,
    /// The last word on something comes last.
    statements: Vec<Statement>,
}

/// Why something is no VEX document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VexError {
    /// It is too long.
    #[error("`{0}` is longer than 64 MiB")]
    TooLong(String),
    /// It is none that we read, or a damaged one.
    #[error("`{0}` is no VEX document: {1}")]
    Malformed(String, String),
}

impl VexError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "E-vex-size",
            Self::Malformed(..) => "E-vex-malformed",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "give the part of it that is about this image",
            Self::Malformed(..) => "give a document in the form of OpenVEX, CSAF or CycloneDX (JSON)",
        }
    }
}

impl Document {
    /// Reads a document in the form of OpenVEX, CSAF or CycloneDX; `source` is its name, for people.
    ///
    /// # Errors
    /// [`VexError`].
    pub fn parse(bytes: &[u8], source: &str) -> Result<Self, VexError> {
        if bytes.len() > MAX_DOCUMENT {
            return Err(VexError::TooLong(source.to_owned()));
        }
        let malformed = |error: serde_json::Error| VexError::Malformed(source.to_owned(), error.to_string());
        let value: Value = serde_json::from_slice(bytes).map_err(malformed)?;
        let has = |mark: &str| value.get(mark).is_some();
        let statements = if has("bomFormat") {
            serde_json::from_value::<CycloneDx>(value).map_err(malformed)?.statements()
        } else if has("document") {
            serde_json::from_value::<Csaf>(value).map_err(malformed)?.statements()
        } else if has("statements") {
            serde_json::from_value::<OpenVex>(value).map_err(malformed)?.statements()
        } else {
            let unknown = "it has neither `statements`, `document` nor `bomFormat`".to_owned();
            return Err(VexError::Malformed(source.to_owned(), unknown));
        };
        Ok(Self { source: source.to_owned(), statements })
    }

    /// All that it says.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Dismisses what it says does not count, and says so in the findings. `packages` are the package URLs of the
    /// inventory's packages, in its order, and `image` those of the image itself.
    pub fn apply(&self, found: &mut [Vulnerability], packages: &[String], image: &[String]) {
        let mut by_name: HashMap<&str, Vec<(usize, &Statement)>> = HashMap::new();
        for said in self.statements.iter().enumerate() {
            said.1.names.iter().for_each(|name| by_name.entry(name).or_default().push(said));
        }
        let image: Vec<_> = image.iter().map(|purl| Purl::parse(purl)).collect();
        for vulnerability in found.iter_mut().filter(|found| found.dismissed.is_none()) {
            let package = packages.get(vulnerability.package as usize).and_then(|purl| Purl::parse(purl));
            let subject = Subject { image: &image, package: package.as_ref() };
            let names = std::iter::once(&vulnerability.id).chain(&vulnerability.aliases);
            let said = names.filter_map(|name| by_name.get(name.as_str())).flatten();
            let last = said.filter(|(_, statement)| statement.concerns(subject)).max_by_key(|(at, _)| *at);
            if let Some((_, statement)) = last.filter(|(_, statement)| statement.verdict.dismisses()) {
                let (reason, source) = (statement.reason.clone(), self.source.clone());
                vulnerability.dismissed = Some(Dismissal { reason, source, until: None });
            }
        }
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
