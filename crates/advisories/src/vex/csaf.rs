//! CSAF 2.0, profile VEX (OASIS).

use std::collections::HashMap;

use serde::Deserialize;

use super::statement::{Component, Statement, Verdict, line};

#[derive(Deserialize)]
pub(super) struct Csaf {
    /// Also the mark by which such a document is known.
    #[serde(rename = "document")]
    _document: Head,
    #[serde(default)]
    product_tree: Tree,
    #[serde(default)]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "csaf_version")]
    _version: String,
}

#[derive(Default, Deserialize)]
struct Tree {
    #[serde(default)]
    branches: Vec<Branch>,
    #[serde(default)]
    full_product_names: Vec<Product>,
    #[serde(default)]
    relationships: Vec<Relationship>,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(default)]
    branches: Vec<Branch>,
    product: Option<Product>,
}

#[derive(Deserialize)]
struct Product {
    product_id: String,
    #[serde(default)]
    product_identification_helper: Helper,
}

#[derive(Default, Deserialize)]
struct Helper {
    #[serde(default)]
    purl: String,
}

#[derive(Deserialize)]
struct Relationship {
    full_product_name: Product,
    product_reference: String,
}

#[derive(Deserialize)]
struct Vulnerability {
    #[serde(default)]
    cve: String,
    #[serde(default)]
    ids: Vec<Id>,
    #[serde(default)]
    product_status: HashMap<String, Vec<String>>,
    #[serde(default)]
    flags: Vec<Remark>,
    #[serde(default)]
    threats: Vec<Remark>,
}

#[derive(Deserialize)]
struct Id {
    text: String,
}

/// A flag or a threat.
#[derive(Deserialize)]
struct Remark {
    #[serde(default)]
    label: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    product_ids: Vec<String>,
}

/// Package URLs by product id.
type Purls<'a> = HashMap<&'a str, &'a str>;

impl Csaf {
    pub(super) fn statements(&self) -> Vec<Statement> {
        let mut purls = Purls::new();
        let products = self.product_tree.full_product_names.iter();
        products.for_each(|product| product.note(&mut purls));
        self.product_tree.branches.iter().for_each(|branch| branch.note(&mut purls));
        for relationship in &self.product_tree.relationships {
            let part = purls.get(relationship.product_reference.as_str()).copied();
            relationship.full_product_name.note(&mut purls);
            if let Some(part) = part {
                purls.entry(&relationship.full_product_name.product_id).or_insert(part);
            }
        }
        self.vulnerabilities.iter().flat_map(|vulnerability| vulnerability.statements(&purls)).collect()
    }
}

impl Branch {
    /// Nested no deeper than the JSON may be.
    fn note<'a>(&'a self, purls: &mut Purls<'a>) {
        self.product.iter().for_each(|product| product.note(purls));
        self.branches.iter().for_each(|branch| branch.note(purls));
    }
}

impl Product {
    fn note<'a>(&'a self, purls: &mut Purls<'a>) {
        let purl = self.product_identification_helper.purl.as_str();
        if !purl.is_empty() {
            purls.insert(&self.product_id, purl);
        }
    }
}

impl Vulnerability {
    fn statements(&self, purls: &Purls<'_>) -> Vec<Statement> {
        let mut all = Vec::new();
        for (status, products) in &self.product_status {
            let Some(verdict) = Verdict::named(status) else { continue };
            // Products with one reason are one statement.
            let mut by_reason: HashMap<String, Vec<Component>> = HashMap::new();
            let reasons = self.reasons();
            for id in products {
                let Some(purl) = purls.get(id.as_str()) else { continue };
                let reason = line(verdict, reasons.get(id.as_str()).into_iter().flatten().copied());
                by_reason.entry(reason).or_default().push(Component::of([(*purl).to_owned()]));
            }
            all.extend(
                by_reason.into_iter().map(|(reason, products)| self.statement(verdict, reason, products)),
            );
        }
        // The map's order is nobody's: those that dismiss come first, so that the others have the last word.
        all.sort_by(|one, other| {
            (!one.verdict.dismisses(), &one.reason).cmp(&(!other.verdict.dismisses(), &other.reason))
        });
        all
    }

    fn statement(&self, verdict: Verdict, reason: String, products: Vec<Component>) -> Statement {
        let ids = self.ids.iter().map(|id| id.text.clone());
        let names = std::iter::once(self.cve.clone()).chain(ids).filter(|name| !name.is_empty());
        Statement { names: names.collect(), products, verdict, reason }
    }

    /// Justifications and their details, by product.
    fn reasons(&self) -> HashMap<&str, Vec<&str>> {
        let mut reasons: HashMap<&str, Vec<&str>> = HashMap::new();
        let threats = self.threats.iter().filter(|threat| threat.category == "impact");
        for remark in self.flags.iter().chain(threats) {
            for id in &remark.product_ids {
                reasons.entry(id).or_default().extend([remark.label.as_str(), &remark.details]);
            }
        }
        reasons
    }
}
