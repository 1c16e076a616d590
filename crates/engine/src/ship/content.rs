//! What a manifest is about: an image that can run, or something that can only be carried.

use model::oci::{DOCKER_CONFIG, Descriptor, Manifest, OCI_CONFIG, Platform};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Result, ShipError};

/// A document of a kind that is known by now.
pub(crate) fn parse<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T> {
    let unread =
        |error: serde_json::Error| ShipError::Document { name: name.to_owned(), why: error.to_string() };
    Ok(serde_json::from_slice(bytes).map_err(unread)?)
}

/// An image has an image's configuration, and layers that are layers.
pub(super) fn check_image(name: &str, manifest: &Manifest) -> Result<()> {
    if !matches!(manifest.config.media_type.as_str(), OCI_CONFIG | DOCKER_CONFIG) {
        let kind = manifest.artifact_type.as_ref().filter(|kind| !kind.is_empty());
        let kind = kind.unwrap_or(&manifest.config.media_type).clone();
        return Err(ShipError::Artifact { name: name.to_owned(), kind }.into());
    }
    manifest.layers.iter().try_for_each(|layer| check_layer(name, layer))
}

fn check_layer(name: &str, layer: &Descriptor) -> Result<()> {
    check_here(name, layer)?;
    let media_type = layer.media_type.as_str();
    let why = if media_type.ends_with("+encrypted") {
        "is encrypted, and there is no key".to_owned()
    } else if ![".layer.", ".rootfs."].iter().any(|part| media_type.contains(part)) {
        format!("is no layer but `{media_type}`")
    } else {
        return Ok(());
    };
    Err(ShipError::Layer { name: name.to_owned(), layer: layer.digest.to_string(), why }.into())
}

/// Layers that lie elsewhere, as those of Windows once did, are never gone after.
pub(super) fn check_here(name: &str, layer: &Descriptor) -> Result<()> {
    if layer.urls.is_empty() {
        return Ok(());
    }
    let why = "lies outside of the registry, where nothing is fetched from".to_owned();
    Err(ShipError::Layer { name: name.to_owned(), layer: layer.digest.to_string(), why }.into())
}

/// What a configuration says that its image runs on.
pub(super) fn platform(name: &str, config: &[u8]) -> Result<Platform> {
    /// Only what is asked for; old configurations leave it out.
    #[derive(Deserialize)]
    struct Config {
        #[serde(default)]
        architecture: String,
        #[serde(default)]
        os: String,
        #[serde(default)]
        variant: Option<String>,
    }
    let Config { architecture, os, variant } = parse(name, config)?;
    Ok(Platform { architecture, os, variant, os_version: None })
}

#[cfg(test)]
mod tests {
    use model::oci::{OCI_EMPTY, OCI_LAYER_GZIP};

    use super::*;

    fn manifest(config: &str, layer: &str) -> Manifest {
        let descriptor = |media_type: &str| {
            Descriptor::new(media_type, format!("sha256:{}", "a".repeat(64)).parse().unwrap(), 1)
        };
        Manifest {
            schema_version: 2,
            media_type: String::new(),
            artifact_type: Some("application/vnd.example.sbom".into()),
            config: descriptor(config),
            layers: vec![descriptor(layer)],
            subject: None,
            annotations: None,
        }
    }

    fn code(manifest: &Manifest) -> Option<&'static str> {
        check_image("app", manifest).err().map(|error| error.code())
    }

    #[test]
    fn what_is_no_image_is_named() {
        assert_eq!(code(&manifest(OCI_CONFIG, OCI_LAYER_GZIP)), None);
        assert_eq!(code(&manifest(OCI_EMPTY, OCI_LAYER_GZIP)), Some("E-ship-artifact"));
        assert_eq!(code(&manifest(OCI_CONFIG, &format!("{OCI_LAYER_GZIP}+encrypted"))), Some("E-ship-layer"));
        assert_eq!(code(&manifest(OCI_CONFIG, "application/json")), Some("E-ship-layer"));
        let mut foreign = manifest(OCI_CONFIG, OCI_LAYER_GZIP);
        foreign.layers[0].urls.push("https://elsewhere.example/layer".into());
        assert_eq!(code(&foreign), Some("E-ship-layer"));
    }
}
