//! Archives, honest and otherwise.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too, which clippy does not see"
)]
#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod afar;

use std::io::Write;
use std::path::{Path, PathBuf};

use coffer_store::{Imported, Limits, Naming, Owner, Quiet, Result, Store};
use model::digest::Digest;
use model::reference::{ArchiveSource, ImageName};

pub(crate) const NOW: i64 = 1_700_000_000;

/// A tar archive under construction.
pub(crate) struct Tar(tar::Builder<Vec<u8>>);

impl Tar {
    pub(crate) fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    /// An entry whose path and link are written as they are, however bad.
    pub(crate) fn raw(mut self, kind: tar::EntryType, path: &str, link: &str, content: &[u8]) -> Self {
        let mut header = header(kind, content.len() as u64);
        let old = header.as_old_mut();
        old.name[..path.len()].copy_from_slice(path.as_bytes());
        old.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        self.0.append(&header, content).unwrap();
        self
    }

    pub(crate) fn file(self, path: &str, content: &[u8]) -> Self {
        self.raw(tar::EntryType::Regular, path, "", content)
    }

    pub(crate) fn program(mut self, path: &str, mode: u32) -> Self {
        let mut header = header(tar::EntryType::Regular, 4);
        header.set_mode(mode);
        self.0.append_data(&mut header, path, &b"\x7fELF"[..]).unwrap();
        self
    }

    pub(crate) fn directory(self, path: &str) -> Self {
        self.raw(tar::EntryType::Directory, path, "", b"")
    }

    pub(crate) fn symlink(self, path: &str, target: &str) -> Self {
        self.raw(tar::EntryType::Symlink, path, target, b"")
    }

    pub(crate) fn hard_link(self, path: &str, target: &str) -> Self {
        self.raw(tar::EntryType::Link, path, target, b"")
    }

    pub(crate) fn device(mut self, path: &str, kind: tar::EntryType, major: u32, minor: u32) -> Self {
        let mut header = header(kind, 0);
        header.set_path(path).unwrap();
        header.set_device_major(major).unwrap();
        header.set_device_minor(minor).unwrap();
        header.set_cksum();
        self.0.append(&header, &b""[..]).unwrap();
        self
    }

    /// A PAX record for the next entry.
    pub(crate) fn pax(mut self, key: &str, value: &[u8]) -> Self {
        self.0.append_pax_extensions([(key, value)]).unwrap();
        self
    }

    pub(crate) fn long(mut self, path: &str, content: &[u8]) -> Self {
        let mut header = header(tar::EntryType::Regular, content.len() as u64);
        self.0.append_data(&mut header, path, content).unwrap();
        self
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

fn header(kind: tar::EntryType, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(if kind == tar::EntryType::Directory { 0o755 } else { 0o644 });
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1_600_000_000);
    header.set_size(size);
    header
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ::zstd::encode_all(bytes, 3).unwrap()
}

pub(crate) fn config(layers: &[&[u8]]) -> Vec<u8> {
    let diff_ids: Vec<String> = layers.iter().map(|layer| Digest::of(layer).to_string()).collect();
    let config = serde_json::json!({
        "architecture": "amd64", "os": "linux", "created": "2024-01-02T03:04:05Z",
        "config": {"Cmd": ["sh"], "Env": ["PATH=/bin"], "ExposedPorts": {"80/tcp": {}}, "User": null},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created_by": "test"}],
    });
    serde_json::to_vec(&config).unwrap()
}

/// What `docker save` writes, the old way: layers in directories, with links to them.
pub(crate) fn docker_archive(name: &str, layers: &[&[u8]]) -> Vec<u8> {
    let config = config(layers);
    let config_name = format!("{}.json", Digest::of(&config).hex());
    let mut archive = Tar::new();
    let mut names = Vec::new();
    for (number, layer) in layers.iter().enumerate() {
        let file = format!("{}.tar", Digest::of(layer).hex());
        archive = archive.long(&file, layer);
        archive = archive.symlink(&format!("layer{number}/layer.tar"), &format!("../{file}"));
        names.push(if number == 0 { format!("layer{number}/layer.tar") } else { file });
    }
    let manifest = serde_json::json!([{"Config": config_name, "RepoTags": [name], "Layers": names}]);
    archive.long(&config_name, &config).file("manifest.json", &serde_json::to_vec(&manifest).unwrap()).bytes()
}

/// The blobs and index of an OCI layout of one image; `shipped` are the layers as they are stored.
pub(crate) fn oci_files(name: Option<&str>, layers: &[&[u8]], shipped: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    let config = config(layers);
    let descriptor = |kind: &str, bytes: &[u8]| {
        serde_json::json!({
            "mediaType": format!("application/vnd.oci.image.{kind}"),
            "digest": Digest::of(bytes).to_string(), "size": bytes.len(),
        })
    };
    let layer_kind = |bytes: &[u8]| match bytes {
        [0x1f, 0x8b, ..] => "layer.v1.tar+gzip",
        [0x28, 0xb5, ..] => "layer.v1.tar+zstd",
        _ => "layer.v1.tar",
    };
    let manifest = serde_json::to_vec(&serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("config.v1+json", &config),
        "layers": shipped.iter().map(|bytes| descriptor(layer_kind(bytes), bytes)).collect::<Vec<_>>(),
    }))
    .unwrap();
    let mut entry = descriptor("manifest.v1+json", &manifest);
    if let Some(name) = name {
        entry["annotations"] = serde_json::json!({"org.opencontainers.image.ref.name": name});
    }
    let index = serde_json::json!({"schemaVersion": 2, "manifests": [entry]});
    let mut files = vec![
        ("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
        ("index.json".to_owned(), serde_json::to_vec(&index).unwrap()),
    ];
    for blob in shipped.iter().chain([&config, &manifest]) {
        files.push((format!("blobs/sha256/{}", Digest::of(blob).hex()), blob.clone()));
    }
    files
}

pub(crate) fn write_files(directory: &Path, files: &[(String, Vec<u8>)]) {
    for (name, bytes) in files {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

pub(crate) fn tar_files(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    files.iter().fold(Tar::new(), |archive, (name, bytes)| archive.long(name, bytes)).bytes()
}

/// A store in a directory of its own, and a place beside it for archives.
pub(crate) struct Bench {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path().join("store"), Owner::Root, limits).unwrap();
        Self { directory, store }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn import(&self, reference: &str) -> Result<Imported> {
        let source = match reference.parse() {
            Ok(model::reference::Reference::Archive(source)) => source,
            _ => ArchiveSource { transport: None, path: reference.into(), selector: None },
        };
        self.store.import(&source, &Naming::FromSource, NOW, &mut Quiet)
    }

    /// Imports a file of these bytes, whatever they are.
    pub(crate) fn import_bytes(&self, name: &str, bytes: &[u8]) -> Result<Imported> {
        std::fs::write(self.path(name), bytes).unwrap();
        self.import(self.path(name).to_str().unwrap())
    }

    /// Imports a docker-archive of these layers.
    pub(crate) fn import_layers(&self, name: &str, layers: &[&[u8]]) -> Result<Imported> {
        self.import_bytes("archive.tar", &docker_archive(name, layers))
    }

    pub(crate) fn resolve(&self, name: &str) -> Result<model::image::Image> {
        self.store.resolve(&name.parse::<ImageName>().unwrap())
    }

    /// Where the bottom layer of an image is unpacked.
    pub(crate) fn bottom(&self, imported: &Imported) -> PathBuf {
        self.store.layer_dir(&imported.image.layers[0])
    }

    /// Nothing in work, nothing half there, and everything as it should be.
    pub(crate) fn assert_consistent(&self) {
        let findings = self.store.verify(&mut Quiet).unwrap();
        assert!(findings.is_empty(), "{findings:?}");
        for image in self.store.list().unwrap() {
            for name in &image.names {
                assert_eq!(self.resolve(name).unwrap().digest, image.digest);
            }
        }
    }

    pub(crate) fn assert_empty(&self) {
        assert!(self.store.list().unwrap().is_empty());
        for directory in ["tmp", "layers", "records", "names"] {
            let path = self.path("store").join(directory);
            assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0, "{directory}");
        }
    }
}
