//! Whether a manifest or index is what it is called. image-spec, manifest.md and image-index.md; what looks like
//! both is refused (CVE-2021-41190).

use model::oci::{DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, is_index};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::plain::plain;
use super::{ClientError, Result};

/// What we can read, best first.
pub(crate) const READABLE: [&str; 4] = [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST];

/// Only what tells one kind from another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    schema_version: u32,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    config: Option<IgnoredAny>,
    #[serde(default)]
    layers: Option<IgnoredAny>,
    #[serde(default)]
    manifests: Option<IgnoredAny>,
}

/// Reads a JSON object. serde would take an array for one as well.
pub(crate) fn object<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T> {
    let unreadable = |why: String| ClientError::Document { what: what.to_owned(), why };
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(unreadable("it is no object in JSON".to_owned()));
    }
    serde_json::from_slice(bytes).map_err(|error| unreadable(plain(&error.to_string())))
}

/// The document's media type, by its answer's header and its own word, which must not contradict each other.
pub(crate) fn media_type(what: &str, bytes: &[u8], called: Option<&str>) -> Result<String> {
    let shape: Shape = object(what, bytes)?;
    let contradiction = |called: &str, why: String| ClientError::MediaType {
        what: what.to_owned(),
        called: called.to_owned(),
        why,
    };
    if shape.schema_version != 2 {
        let why = format!("its schema version is {}, and only 2 is understood", shape.schema_version);
        return Err(ClientError::Document { what: what.to_owned(), why });
    }
    let called = called.filter(|called| READABLE.contains(called));
    let own = shape.media_type.as_deref().filter(|own| !own.is_empty());
    if let (Some(called), Some(own)) = (called, own.filter(|own| called.is_some_and(|called| called != *own)))
    {
        return Err(contradiction(called, format!("says of itself that it is `{}`", plain(own))));
    }
    let is_image = shape.config.is_some() || shape.layers.is_some();
    let kind = called.or(own).unwrap_or(match (shape.manifests.is_some(), is_image) {
        (true, _) => OCI_INDEX,
        (false, _) => OCI_MANIFEST,
    });
    match (is_index(kind), shape.manifests.is_some(), is_image) {
        (_, true, true) => Err(contradiction(kind, "looks like an index and like a manifest".to_owned())),
        (true, false, _) => Err(contradiction(kind, "lists no manifests".to_owned())),
        (false, true, _) => Err(contradiction(kind, "lists manifests".to_owned())),
        (false, false, false) => Err(contradiction(kind, "has no configuration".to_owned())),
        _ if READABLE.contains(&kind) => Ok(kind.to_owned()),
        _ => Err(contradiction(&plain(kind), "that is nothing we understand".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(document: &str, called: Option<&str>) -> Option<String> {
        media_type("it", document.as_bytes(), called).ok()
    }

    #[test]
    fn a_document_is_what_it_is_called() {
        let index = r#"{"schemaVersion":2,"manifests":[]}"#;
        let image = r#"{"schemaVersion":2,"config":{},"layers":[]}"#;
        for called in [OCI_INDEX, DOCKER_INDEX] {
            assert_eq!(kind(index, Some(called)).as_deref(), Some(called));
            assert_eq!(kind(image, Some(called)), None);
        }
        for called in [OCI_MANIFEST, DOCKER_MANIFEST] {
            assert_eq!(kind(image, Some(called)).as_deref(), Some(called));
            assert_eq!(kind(index, Some(called)), None);
        }
        assert_eq!(kind(index, Some("text/plain")).as_deref(), Some(OCI_INDEX));
        assert_eq!(kind(image, None).as_deref(), Some(OCI_MANIFEST));
    }

    #[test]
    fn what_looks_like_both_or_like_nothing_is_refused() {
        for document in [
            r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#,
            r#"{"schemaVersion":2,"manifests":[],"config":{}}"#,
            r#"{"schemaVersion":2}"#,
            r#"{"schemaVersion":1,"fsLayers":[]}"#,
            r#"{"schemaVersion":2,"layers":[],"layers":[]}"#,
            r#"{"schemaVersion":2,"mediaType":"text/html","config":{}}"#,
            "[2,null,{},[]]",
            "[]",
            "",
        ] {
            for called in [None, Some(OCI_INDEX), Some(OCI_MANIFEST), Some("text/plain")] {
                assert_eq!(kind(document, called), None, "{document}");
            }
        }
        let other = format!(r#"{{"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}","config":{{}}}}"#);
        assert_eq!(kind(&other, Some(OCI_MANIFEST)), None);
    }

    proptest::proptest! {
        #[test]
        fn no_document_is_too_odd(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..100)) {
            let _either = media_type("it", &bytes, None);
        }
    }
}
