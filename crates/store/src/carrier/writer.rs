//! An image on disk, written blob by blob: complete in the end, or not there at all.

use std::io::Read;

use model::digest::ClaimedDigest;
use model::oci::Descriptor;
use model::reference::{ArchiveSource, Transport};

use super::archive::Archive;
use super::directory::Directory;
use super::docker_writer::DockerWriter;
use super::flat::Flat;
use crate::error::Result;
use crate::source::not_an_image;

/// An image that is being written to an [`ArchiveSource`]. Dropped before its end, it leaves nothing.
pub struct LayoutWriter {
    kind: Kind,
    /// The name that the destination itself gives.
    selector: Option<String>,
}

enum Kind {
    Oci(Directory),
    OciArchive(Archive),
    Flat(Flat),
    Docker(DockerWriter),
}

impl LayoutWriter {
    /// Prepares to write. An OCI layout that is there is added to, other files are replaced at the end;
    /// a `dir:` has to be new or empty.
    ///
    /// # Errors
    /// [`StoreError::Write`](crate::StoreError::Write), and a destination that is of another kind.
    pub fn create(destination: &ArchiveSource) -> Result<Self> {
        let path = &destination.path;
        let kind = match destination.transport {
            Some(Transport::Oci) => Kind::Oci(Directory::create(path)?),
            Some(Transport::OciArchive) => Kind::OciArchive(Archive::create(path)?),
            Some(Transport::Dir) => Kind::Flat(Flat::create(path)?),
            Some(Transport::DockerArchive) => Kind::Docker(DockerWriter::create(path)?),
            Some(Transport::Rootfs) | None => {
                let why = "images are written to oci:, oci-archive:, dir: and docker-archive:";
                return Err(not_an_image(&path.display().to_string(), why));
            }
        };
        Ok(Self { kind, selector: destination.selector.clone() })
    }

    /// Whether the blob is there already.
    #[must_use]
    pub fn has(&self, digest: &ClaimedDigest) -> bool {
        match &self.kind {
            Kind::Oci(directory) => directory.has(digest),
            Kind::OciArchive(archive) => archive.has(digest),
            Kind::Flat(flat) => flat.has(digest),
            Kind::Docker(archive) => archive.has(digest),
        }
    }

    /// Writes a blob: a layer, a configuration, or a manifest that is not the top one. Threads may share it.
    ///
    /// # Errors
    /// [`StoreError::Digest`](crate::StoreError::Digest) and [`StoreError::Size`](crate::StoreError::Size) where
    /// the bytes are not the blob's, and [`StoreError::Fetch`](crate::StoreError::Fetch) where they do not come.
    pub fn blob(&self, blob: &Descriptor, bytes: &mut (dyn Read + Send)) -> Result<()> {
        match &self.kind {
            Kind::Oci(directory) => directory.blob(blob, bytes),
            Kind::OciArchive(archive) => archive.blob(blob, bytes),
            Kind::Flat(flat) => flat.blob(blob, bytes),
            Kind::Docker(archive) => archive.blob(blob, bytes),
        }
    }

    /// Writes the manifest or index that all blobs were for, under a name where one is given, and makes all of it
    /// visible. A name in the destination itself comes first. `beside` it are manifests that refer to it, or
    /// have a name that says so, which OCI layouts list; the others have no place for that.
    ///
    /// # Errors
    /// What the disk says; for `docker-archive:`, whatever is not one image.
    pub fn finish(
        self,
        name: Option<&str>,
        top: &Descriptor,
        bytes: &[u8],
        beside: &[Descriptor],
    ) -> Result<()> {
        let name = self.selector.as_deref().or(name);
        match self.kind {
            Kind::Oci(directory) => directory.finish(name, top, bytes, beside),
            Kind::OciArchive(archive) => archive.finish(name, top, bytes, beside),
            Kind::Flat(flat) => flat.finish(top, bytes),
            Kind::Docker(archive) => archive.finish(name, top, bytes),
        }
    }
}
