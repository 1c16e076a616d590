//! in-toto statements: what somebody says of bytes that they name by digest.
//!
//! in-toto/attestation, spec/v1/statement.md; version 0.1, which cosign still writes, has the same shape.

mod predicate;

use std::collections::BTreeMap;

use model::digest::ClaimedDigest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use predicate::{Predicate, Wanted};

use crate::signature::{Result, SignatureError, shown};

/// The type of a statement in an envelope.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

const V1: &str = "https://in-toto.io/Statement/v1";
const V0_1: &str = "https://in-toto.io/Statement/v0.1";
/// Things that one statement is about.
const MOST_SUBJECTS: usize = 10_000;
/// What an error calls it.
const WHAT: &str = "the statement";

/// A statement. What is said stays in its bytes until somebody wants it, so that no reader has to hold it twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    subjects: Vec<Subject>,
    predicate: Predicate,
    bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(default)]
    subject: Vec<Subject>,
    predicate_type: String,
}

/// One thing that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subject {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    digest: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, Value>,
}

impl Statement {
    /// Reads a statement from the bytes that were signed.
    ///
    /// # Errors
    /// [`SignatureError`]: it is none, of an unknown version, or about too many things.
    pub fn parse(bytes: Vec<u8>) -> Result<Self> {
        let head: Head = serde_json::from_slice(&bytes).map_err(SignatureError::malformed(WHAT))?;
        if !matches!(head.kind.as_str(), V1 | V0_1) {
            return Err(SignatureError::OtherType { found: shown(&head.kind), wanted: V1.to_owned() });
        }
        SignatureError::few("subjects of a statement", head.subject.len(), MOST_SUBJECTS)?;
        Ok(Self { subjects: head.subject, predicate: Predicate::of(&head.predicate_type), bytes })
    }

    /// What kind of thing it says.
    #[must_use]
    pub fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// What it says, as whoever asks understands it.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`]: it says something else.
    pub fn said<T: DeserializeOwned>(&self) -> Result<T> {
        #[derive(Deserialize)]
        struct Body<T> {
            predicate: T,
        }
        let body: Body<T> = serde_json::from_slice(&self.bytes).map_err(SignatureError::malformed(WHAT))?;
        Ok(body.predicate)
    }

    /// Who built the image, where it is provenance: SLSA, version 1 or 0.2.
    #[must_use]
    pub fn builder(&self) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Provenance {
            run_details: Option<Run>,
            builder: Option<Builder>,
        }
        #[derive(Deserialize)]
        struct Run {
            builder: Builder,
        }
        #[derive(Deserialize)]
        struct Builder {
            id: String,
        }
        if !Wanted::by_word("provenance").is(&self.predicate) {
            return None;
        }
        let Provenance { run_details, builder } = self.said().ok()?;
        Some(run_details.map(|run| run.builder).or(builder)?.id)
    }

    /// The bytes that were signed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The image, as it is named there.
    pub(crate) fn subject(&self, digest: &ClaimedDigest) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.is(digest))
    }

    /// Whether it is about these bytes.
    ///
    /// # Errors
    /// [`SignatureError::OtherDigest`] with what it is about.
    pub(crate) fn about(&self, wanted: &ClaimedDigest) -> Result<()> {
        if self.subject(wanted).is_some() {
            return Ok(());
        }
        let first = self.subjects.first().and_then(|subject| subject.digest.iter().next());
        let first = first.map(|(algorithm, hex)| shown(&format!("{algorithm}:{hex}")));
        let signed = match (first, self.subjects.len()) {
            (Some(first), 1) => first,
            (Some(first), count) => format!("{first} and {} others", count - 1),
            (None, _) => "nothing that it names by digest".to_owned(),
        };
        Err(SignatureError::OtherDigest { signed, wanted: *wanted })
    }
}

impl Subject {
    fn is(&self, digest: &ClaimedDigest) -> bool {
        self.digest.get("sha256").is_some_and(|hex| *hex == digest.hex())
    }
}

/// The bytes of a statement about an image.
///
/// # Errors
/// What is said is no JSON.
pub fn write(
    name: &str,
    digest: &ClaimedDigest,
    annotations: &BTreeMap<String, String>,
    predicate: &Predicate,
    said: &[u8],
) -> Result<Vec<u8>> {
    let digests = [("sha256".to_owned(), digest.hex())].into();
    let annotations = annotations.iter().map(|(key, value)| (key.clone(), Value::String(value.clone())));
    let subject = Subject { name: name.to_owned(), digest: digests, annotations: annotations.collect() };
    let head =
        Head { kind: V1.to_owned(), subject: vec![subject], predicate_type: predicate.address().to_owned() };
    let _checked: serde::de::IgnoredAny =
        serde_json::from_slice(said).map_err(SignatureError::malformed("what is attested"))?;
    let mut bytes = serde_json::to_vec(&head).map_err(SignatureError::malformed(WHAT))?;
    // The head is an object that ends here; what is said goes in as it is, digits and order included.
    bytes.pop();
    bytes.extend_from_slice(br#","predicate":"#);
    bytes.extend_from_slice(said.trim_ascii());
    bytes.push(b'}');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use model::digest::Digest;

    use super::*;

    fn digest() -> ClaimedDigest {
        Digest::of(b"image").into()
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes =
            write("app", &digest(), &BTreeMap::new(), &Predicate::Custom, b" {\"answer\": 42.0} ").unwrap();
        let statement = Statement::parse(bytes).unwrap();
        assert_eq!(statement.predicate(), &Predicate::Custom);
        assert_eq!(statement.said::<serde_json::Value>().unwrap(), serde_json::json!({"answer": 42.0}));
        statement.about(&digest()).unwrap();
        assert_eq!(statement.subject(&digest()).unwrap().name, "app");
        let other = statement.about(&Digest::of(b"other").into()).unwrap_err();
        assert_eq!(other.code(), "E-trust-signature-digest");
        assert!(other.to_string().contains(&digest().to_string()), "{other}");
    }

    #[test]
    fn what_is_no_json_is_not_attested() {
        let closing = write("app", &digest(), &BTreeMap::new(), &Predicate::Custom, b"{},\"subject\":[]");
        assert_eq!(closing.unwrap_err().code(), "E-trust-signature-malformed");
    }

    #[test]
    fn a_subject_that_is_named_twice_is_no_subject() {
        let twice = format!(
            r#"{{"_type":"{V1}","subject":[],"subject":[{{"digest":{{"sha256":"{}"}}}}],"predicateType":"x","predicate":{{}}}}"#,
            digest().hex()
        );
        assert_eq!(Statement::parse(twice.into_bytes()).unwrap_err().code(), "E-trust-signature-malformed");
    }

    #[test]
    fn statements_of_unknown_versions_are_refused() {
        let bytes = br#"{"_type":"https://in-toto.io/Statement/v2","subject":[],"predicateType":"x"}"#;
        assert_eq!(Statement::parse(bytes.to_vec()).unwrap_err().code(), "E-trust-signature-type");
    }

    #[test]
    fn provenance_says_who_built_it() {
        let of = |address: &str, said: &str| {
            let kind = Predicate::of(address);
            let bytes = write("app", &digest(), &BTreeMap::new(), &kind, said.as_bytes()).unwrap();
            Statement::parse(bytes).unwrap().builder()
        };
        let new = r#"{"buildDefinition":{},"runDetails":{"builder":{"id":"https://ci.example"}}}"#;
        assert_eq!(of("https://slsa.dev/provenance/v1", new).as_deref(), Some("https://ci.example"));
        let old = r#"{"builder":{"id":"https://ci.example"}}"#;
        assert_eq!(of("https://slsa.dev/provenance/v0.2", old).as_deref(), Some("https://ci.example"));
        assert_eq!(of("https://spdx.dev/Document", old), None);
    }
}
