//! Images that are made on the spot.

use model::digest::Digest;
use serde_json::{Value, json};

use crate::layers::{self, layer};

/// A manifest or an index, and the blobs that it names.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) media_type: String,
    pub(crate) manifest: Vec<u8>,
    pub(crate) blobs: Vec<Vec<u8>>,
    platform: Option<Value>,
}

impl Image {
    /// Of plain layers, for this architecture.
    pub(crate) fn new(architecture: &str, layers: &[Vec<u8>]) -> Self {
        let digests: Vec<String> = layers.iter().map(|layer| Digest::of(layer).to_string()).collect();
        let config = json!({
            "architecture": architecture, "os": "linux",
            "config": { "Cmd": ["/probe", "echo", "hello"] },
            "rootfs": { "type": "layers", "diff_ids": digests },
        });
        let config = config.to_string().into_bytes();
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type,
            "config": described("application/vnd.oci.image.config.v1+json", &config),
            "layers": layers.iter().map(|layer| described("application/vnd.oci.image.layer.v1.tar", layer)).collect::<Vec<_>>(),
        });
        Self {
            media_type: media_type.to_owned(),
            manifest: manifest.to_string().into_bytes(),
            blobs: layers.iter().cloned().chain([config]).collect(),
            platform: Some(json!({ "architecture": architecture, "os": "linux" })),
        }
    }

    /// A document of any kind, which names nothing.
    #[allow(dead_code, reason = "the engine's tests need it")]
    pub(crate) fn of(media_type: String, manifest: Vec<u8>) -> Self {
        Self { media_type, manifest, blobs: Vec::new(), platform: None }
    }

    /// For this host, with one layer of one file.
    pub(crate) fn small(content: &str) -> Self {
        Self::new(host(), &[layer(&[("file", content.as_bytes())])])
    }

    /// The same with so many bytes that nothing packs or guesses.
    pub(crate) fn large(bytes: usize) -> Self {
        let mut noise = 88_172_645_463_325_252_u64;
        let mut content = vec![0; bytes];
        content.fill_with(|| {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            noise.to_le_bytes()[0]
        });
        Self::new(host(), &[layer(&[("file", &content)]), layer(&[("other", b"small")])])
    }

    pub(crate) fn digest(&self) -> String {
        Digest::of(&self.manifest).to_string()
    }

    /// Of its bottom layer.
    pub(crate) fn layer(&self) -> String {
        Digest::of(&self.blobs[0]).to_string()
    }
}

/// An index over images.
pub(crate) fn index(images: &[&Image]) -> Image {
    let media_type = "application/vnd.oci.image.index.v1+json";
    let entry = |image: &&Image| {
        let mut entry = described(&image.media_type, &image.manifest);
        entry["platform"] = image.platform.clone().unwrap();
        entry
    };
    let manifests: Vec<Value> = images.iter().map(entry).collect();
    let manifest = json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": manifests });
    Image {
        media_type: media_type.to_owned(),
        manifest: manifest.to_string().into_bytes(),
        blobs: Vec::new(),
        platform: None,
    }
}

/// A signature of something.
pub(crate) fn referrer(subject: &Image, content: &str) -> Image {
    let (empty, blob) = (b"{}".to_vec(), content.as_bytes().to_vec());
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2, "mediaType": media_type, "artifactType": "application/vnd.example.signature",
        "config": described("application/vnd.oci.empty.v1+json", &empty),
        "layers": [described("application/octet-stream", &blob)],
        "subject": described(&subject.media_type, &subject.manifest),
    });
    Image {
        media_type: media_type.to_owned(),
        manifest: manifest.to_string().into_bytes(),
        blobs: vec![blob, empty],
        platform: None,
    }
}

/// As the image specification calls this host.
pub(crate) fn host() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// An image that can run.
pub(crate) fn runnable() -> Image {
    Image::new(host(), &[layers::runnable(&[])])
}

fn described(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len() })
}
