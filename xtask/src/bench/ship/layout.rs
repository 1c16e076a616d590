//! The OCI layout that the images come from.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::registry::Registry;
use crate::shell::{self, Outcome};

/// A directory with index.json and blobs.
pub(crate) struct Layout {
    directory: PathBuf,
}

/// A blob of the layout.
pub(crate) struct Blob {
    pub(crate) digest: String,
    pub(crate) size: u64,
    pub(crate) file: PathBuf,
}

impl Layout {
    pub(crate) fn open(directory: &Path) -> Outcome<Self> {
        let layout = Self { directory: directory.to_path_buf() };
        layout.json(&directory.join("index.json")).map(|_| layout)
    }

    /// Copies an image into a registry, with a client that is neither's own.
    pub(crate) fn push(&self, image: &str, registry: &Registry) -> Outcome {
        let mut command = Command::new("skopeo");
        command.args(["copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false"]);
        if let Some((user, password)) = registry.credentials() {
            command.args(["--dest-creds", &format!("{user}:{password}")]);
        }
        let from = format!("oci:{}:{image}", self.directory.display());
        let to = format!("docker://{}/{image}:latest", registry.address());
        shell::capture(command.args([from, to])).map(drop)
    }

    /// The layers of an image, bottom first.
    pub(crate) fn layers(&self, image: &str) -> Outcome<Vec<Blob>> {
        let index = self.json(&self.directory.join("index.json"))?;
        let named = |entry: &&Value| {
            let name = entry.pointer("/annotations/org.opencontainers.image.ref.name");
            name.and_then(Value::as_str) == Some(image)
        };
        let entries = index.get("manifests").and_then(Value::as_array);
        let entry = entries.and_then(|entries| entries.iter().find(named));
        let manifest = entry.and_then(|entry| self.blob(entry));
        let manifest = manifest.ok_or_else(|| format!("the layout has no image `{image}`"))?;
        let manifest = self.json(&manifest.file)?;
        let layers = manifest.get("layers").and_then(Value::as_array);
        let layers = layers.and_then(|layers| layers.iter().map(|layer| self.blob(layer)).collect());
        layers.ok_or_else(|| format!("the manifest of `{image}` lists no layers"))
    }

    /// The largest layer of an image.
    pub(crate) fn largest(&self, image: &str) -> Outcome<Blob> {
        let layers = self.layers(image)?.into_iter();
        layers.max_by_key(|layer| layer.size).ok_or_else(|| format!("`{image}` has no layers"))
    }

    pub(crate) fn megabytes(&self, image: &str) -> Outcome<u64> {
        Ok(self.layers(image)?.iter().map(|layer| layer.size).sum::<u64>() / 1_000_000)
    }

    fn blob(&self, descriptor: &Value) -> Option<Blob> {
        let digest = descriptor.get("digest")?.as_str()?.to_owned();
        let file = self.directory.join("blobs").join(digest.replace(':', "/"));
        Some(Blob { digest, size: descriptor.get("size")?.as_u64()?, file })
    }

    fn json(&self, file: &Path) -> Outcome<Value> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let text = std::fs::read(file).map_err(|error| failed(&error))?;
        serde_json::from_slice(&text).map_err(|error| failed(&error))
    }
}
