//! OpenVEX 0.0.1 and 0.2.0 (openvex/spec).

use serde::Deserialize;

use super::statement::{Component, Statement, Verdict, line};

#[derive(Deserialize)]
pub(super) struct OpenVex {
    /// Also the mark by which such a document is known.
    #[serde(rename = "@context")]
    _context: String,
    statements: Vec<Claim>,
}

#[derive(Deserialize)]
struct Claim {
    vulnerability: Vulnerability,
    #[serde(default)]
    products: Vec<Product>,
    status: String,
    #[serde(default)]
    justification: String,
    #[serde(default)]
    impact_statement: String,
    #[serde(default)]
    timestamp: String,
}

/// A name in 0.0.1, an object since.
#[derive(Deserialize)]
#[serde(untagged)]
enum Vulnerability {
    Name(String),
    Object {
        #[serde(default)]
        name: String,
        #[serde(default)]
        aliases: Vec<String>,
    },
}

/// A package URL in 0.0.1, an object since.
#[derive(Deserialize)]
#[serde(untagged)]
enum Product {
    Name(String),
    Object {
        #[serde(rename = "@id", default)]
        id: String,
        #[serde(default)]
        identifiers: Identifiers,
        #[serde(default)]
        subcomponents: Vec<Product>,
    },
}

#[derive(Default, Deserialize)]
struct Identifiers {
    #[serde(default)]
    purl: String,
}

impl OpenVex {
    /// In the order in which they were made, where they say when: the last word counts.
    pub(super) fn statements(mut self) -> Vec<Statement> {
        self.statements.sort_by(|one, other| one.timestamp.cmp(&other.timestamp));
        self.statements.into_iter().filter_map(Claim::statement).collect()
    }
}

impl Claim {
    fn statement(self) -> Option<Statement> {
        let verdict = Verdict::named(&self.status)?;
        let names = match self.vulnerability {
            Vulnerability::Name(name) => vec![name],
            Vulnerability::Object { name, aliases } => std::iter::once(name).chain(aliases).collect(),
        };
        let products = self.products.into_iter().map(Product::component).collect();
        let reason = line(verdict, [self.justification.as_str(), &self.impact_statement]);
        Some(Statement { names, products, verdict, reason })
    }
}

impl Product {
    fn component(self) -> Component {
        match self {
            Self::Name(name) => Component::of([name]),
            Self::Object { id, identifiers, subcomponents } => {
                let mut component = Component::of([id, identifiers.purl]);
                // Parts of parts are not in the specification.
                component.parts = subcomponents.into_iter().map(Self::component).collect();
                component
            }
        }
    }
}
