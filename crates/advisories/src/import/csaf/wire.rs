//! A document as it is written.

use serde::Deserialize;

use crate::import::words::or_default;

#[derive(Debug, Deserialize)]
pub(in crate::import) struct Document {
    pub(super) document: Meta,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) product_tree: ProductTree,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) vulnerabilities: Vec<Vulnerability>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Meta {
    pub(super) title: String,
    publisher: Publisher,
    references: Vec<Link>,
    pub(super) aggregate_severity: Text,
    pub(super) tracking: Tracking,
}

impl Meta {
    /// `redhat`, `suse`: by the words of their names before what says that they are firms or products.
    pub(super) fn publisher(&self) -> String {
        let name = self.publisher.name.to_ascii_lowercase();
        match name {
            name if name.starts_with("red hat") => "redhat".to_owned(),
            name if name.starts_with("suse") => "suse".to_owned(),
            name => name,
        }
    }

    /// Its own page, for people where there is one.
    pub(super) fn reference(&self) -> String {
        let own = || self.references.iter().filter(|link| link.category == "self");
        let page = own().find(|link| !link.url.ends_with(".json")).or_else(|| own().next());
        page.map(|link| link.url.clone()).unwrap_or_default()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Publisher {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Link {
    category: String,
    url: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Text {
    pub(super) text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tracking {
    pub(super) id: String,
    pub(super) initial_release_date: String,
    pub(super) current_release_date: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProductTree {
    pub(super) branches: Vec<Branch>,
    pub(super) full_product_names: Vec<Product>,
    pub(super) relationships: Vec<Relationship>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Branch {
    pub(super) branches: Vec<Branch>,
    pub(super) product: Option<Product>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Product {
    pub(super) name: String,
    pub(super) product_id: String,
    #[serde(default, rename = "product_identification_helper", deserialize_with = "or_default")]
    pub(super) helper: Helper,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Helper {
    pub(super) cpe: Option<String>,
    pub(super) purl: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Relationship {
    pub(super) product_reference: String,
    pub(super) relates_to_product_reference: String,
    pub(super) full_product_name: FullName,
}

#[derive(Debug, Deserialize)]
pub(super) struct FullName {
    pub(super) product_id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Vulnerability {
    pub(super) cve: Option<String>,
    pub(super) ids: Vec<Text>,
    pub(super) title: String,
    pub(super) release_date: String,
    pub(super) cwe: Option<Cwe>,
    pub(super) notes: Vec<Note>,
    pub(super) product_status: ProductStatus,
    pub(super) remediations: Vec<Statement>,
    pub(super) threats: Vec<Statement>,
    pub(super) scores: Vec<Scores>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cwe {
    pub(super) id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Note {
    pub(super) category: String,
    pub(super) text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProductStatus {
    pub(super) fixed: Vec<String>,
    pub(super) known_affected: Vec<String>,
    pub(super) known_not_affected: Vec<String>,
    pub(super) under_investigation: Vec<String>,
}

/// A remedy, or a threat: something said of some products.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Statement {
    pub(super) category: String,
    pub(super) details: String,
    pub(super) product_ids: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scores {
    cvss_v4: Option<Vector>,
    cvss_v3: Option<Vector>,
    cvss_v2: Option<Vector>,
}

impl Scores {
    pub(super) fn vectors(&self) -> impl Iterator<Item = &str> {
        [&self.cvss_v4, &self.cvss_v3, &self.cvss_v2].into_iter().flatten().map(|it| it.vector.as_str())
    }
}

#[derive(Debug, Deserialize)]
struct Vector {
    #[serde(rename = "vectorString")]
    vector: String,
}
