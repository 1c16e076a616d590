//! CycloneDX 1.4 and later, with vulnerabilities that were analysed.

use std::collections::HashMap;

use serde::Deserialize;

use super::statement::{Component, Statement, Verdict, line};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CycloneDx {
    /// Also the mark by which such a document is known.
    #[serde(rename = "bomFormat")]
    _format: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    components: Vec<Part>,
    #[serde(default)]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    component: Option<Part>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "bom-ref", default)]
    reference: String,
    #[serde(default)]
    purl: String,
    #[serde(default)]
    components: Vec<Part>,
}

#[derive(Deserialize)]
struct Vulnerability {
    #[serde(default)]
    id: String,
    #[serde(default)]
    references: Vec<Reference>,
    #[serde(default)]
    analysis: Analysis,
    #[serde(default)]
    affects: Vec<Affected>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    id: String,
}

#[derive(Default, Deserialize)]
struct Analysis {
    #[serde(default)]
    state: String,
    #[serde(default)]
    justification: String,
    #[serde(default)]
    detail: String,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(rename = "ref")]
    reference: String,
}

/// Package URLs by reference.
type Purls<'a> = HashMap<&'a str, &'a str>;

impl CycloneDx {
    pub(super) fn statements(&self) -> Vec<Statement> {
        let mut purls = Purls::new();
        let parts = self.metadata.component.iter().chain(&self.components);
        parts.for_each(|part| part.note(&mut purls));
        self.vulnerabilities.iter().filter_map(|vulnerability| vulnerability.statement(&purls)).collect()
    }
}

impl Part {
    /// Nested no deeper than the JSON may be.
    fn note<'a>(&'a self, purls: &mut Purls<'a>) {
        if !self.purl.is_empty() {
            purls.insert(&self.reference, &self.purl);
        }
        self.components.iter().for_each(|part| part.note(purls));
    }
}

impl Vulnerability {
    fn statement(&self, purls: &Purls<'_>) -> Option<Statement> {
        let verdict = match self.analysis.state.as_str() {
            "not_affected" | "false_positive" => Verdict::NotAffected,
            "resolved" | "resolved_with_pedigree" => Verdict::Fixed,
            "exploitable" => Verdict::Affected,
            "in_triage" => Verdict::UnderInvestigation,
            _ => return None,
        };
        let names = std::iter::once(&self.id).chain(self.references.iter().map(|reference| &reference.id));
        let names = names.filter(|name| !name.is_empty()).cloned().collect();
        let products = self.affects.iter().map(|affected| Component::of([affected.purl(purls)])).collect();
        let reason = line(verdict, [self.analysis.justification.as_str(), &self.analysis.detail]);
        Some(Statement { names, products, verdict, reason })
    }
}

impl Affected {
    /// By reference within the document, or into another (`urn:cdx:SERIAL/VERSION#REFERENCE`), where references
    /// usually are package URLs themselves.
    fn purl(&self, purls: &Purls<'_>) -> String {
        let reference = self.reference.as_str();
        let own = if reference.starts_with("urn:cdx:") {
            reference.split_once('#').map_or(reference, |(_, own)| own)
        } else {
            reference
        };
        purls.get(own).copied().unwrap_or(own).to_owned()
    }
}
