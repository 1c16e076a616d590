//! Images on the way out, every blob hashed again as it goes.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use model::digest::{Digest, Hasher};
use model::image::{Image, Layer};
use model::oci::Index;

use crate::attached::Attached;
use crate::compress::{Compression, decoder};
use crate::disk::Store;
use crate::error::{Result, StoreError};
use crate::names::descriptors;
use crate::wire::DockerImage;

/// The shape of a saved image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// What `docker load` reads.
    DockerArchive,
    /// An OCI image layout in a tar file.
    OciArchive,
}

impl Store {
    /// Writes an image as an archive.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if a blob no longer hashes to its digest (what was written is then of no use),
    /// and what `out` says.
    pub fn save(&self, image: &Image, format: Format, out: &mut dyn Write) -> Result<()> {
        let mut archive = tar::Builder::new(out);
        match format {
            Format::DockerArchive => self.docker_archive(image, &mut archive)?,
            Format::OciArchive => self.oci_archive(image, &mut archive)?,
        }
        archive.finish().map_err(unwritten)?;
        archive.get_mut().flush().map_err(unwritten)
    }

    /// Writes an image as an OCI image layout into a new directory.
    ///
    /// # Errors
    /// As [`Store::save`]; an existing `path` is refused.
    pub fn save_layout(&self, image: &Image, path: &Path) -> Result<()> {
        let blobs = path.join("blobs/sha256");
        fs::create_dir(path).map_err(StoreError::write_path(path))?;
        fs::create_dir_all(&blobs).map_err(StoreError::write_path(&blobs))?;
        let beside = self.attached(&image.digest.into())?;
        for digest in self.blobs_with(image, &beside) {
            let to = blobs.join(digest.hex());
            let mut blob = Checked::new(self.open_blob(&digest)?);
            let copied = File::create_new(&to).and_then(|mut file| io::copy(&mut blob, &mut file));
            copied.map_err(StoreError::write_path(&to))?;
            self.confirm(blob.finish(), &digest)?;
        }
        let write = |to: &Path, bytes: &[u8]| fs::write(to, bytes).map_err(StoreError::write_path(to));
        for attached in distinct(&beside) {
            write(&blobs.join(attached.digest.hex()), &attached.bytes)?;
        }
        write(&path.join("index.json"), &self.index_of(image, &beside)?)?;
        write(&path.join("oci-layout"), crate::disk::OCI_LAYOUT)
    }

    fn oci_archive(&self, image: &Image, archive: &mut tar::Builder<&mut dyn Write>) -> Result<()> {
        append(archive, "oci-layout", crate::disk::OCI_LAYOUT)?;
        let beside = self.attached(&image.digest.into())?;
        append(archive, "index.json", &self.index_of(image, &beside)?)?;
        for attached in distinct(&beside) {
            append(archive, &format!("blobs/sha256/{}", attached.digest.hex()), &attached.bytes)?;
        }
        for digest in self.blobs_with(image, &beside) {
            let file = self.open_blob(&digest)?;
            let size = file.metadata().map_err(|error| StoreError::read(digest.to_string(), error))?.len();
            let mut blob = Checked::new(file);
            append_stream(archive, &format!("blobs/sha256/{}", digest.hex()), size, &mut blob)?;
            self.confirm(blob.finish(), &digest)?;
        }
        Ok(())
    }

    /// Layers go out uncompressed under their diff id, as every reader of this format expects.
    fn docker_archive(&self, image: &Image, archive: &mut tar::Builder<&mut dyn Write>) -> Result<()> {
        let name = |layer: &Layer| format!("{}.tar", layer.diff_id.hex());
        let mut written = BTreeSet::new();
        for layer in image.layers.iter().filter(|layer| written.insert(layer.diff_id)) {
            let corrupt = || self.corrupt(&layer.diff_id, "its listing is gone");
            let size = self.listing(&layer.diff_id)?.ok_or_else(corrupt)?.tar_bytes;
            let mut stream = Checked::new(self.plain_layer(layer)?);
            append_stream(archive, &name(layer), size, &mut stream)?;
            self.confirm(stream.finish(), &layer.diff_id)?;
        }
        let config = format!("{}.json", image.config_digest.hex());
        append(archive, &config, &self.small_blob(&image.config_digest)?)?;
        let entry = DockerImage {
            config,
            repo_tags: Some(image.names.clone()),
            layers: image.layers.iter().map(name).collect(),
        };
        let manifest = serde_json::to_vec(&[entry]).map_err(|error| unwritten(error.into()))?;
        append(archive, "manifest.json", &manifest)
    }

    /// A layer's tar stream.
    pub(crate) fn plain_layer(&self, layer: &Layer) -> Result<Box<dyn Read + Send>> {
        let path = self.blob_path(&layer.blob);
        let compression = self.compression_of(&layer.blob)?;
        let file = self.open_blob(&layer.blob)?;
        if compression == Compression::Plain {
            return Ok(Box::new(file));
        }
        decoder(file, compression, &self.limits).map_err(StoreError::read_path(&path))
    }

    /// Manifest, configuration and layers, each once.
    pub(crate) fn blobs_of(&self, image: &Image) -> Vec<Digest> {
        let mut blobs = vec![image.digest, image.config_digest];
        blobs.extend(image.layers.iter().map(|layer| layer.blob));
        let mut seen = BTreeSet::new();
        blobs.retain(|digest| seen.insert(*digest));
        blobs
    }

    /// The same, and what lies beside the image, but for the manifests there.
    fn blobs_with(&self, image: &Image, beside: &[Attached]) -> Vec<Digest> {
        let mut blobs = self.blobs_of(image);
        blobs.extend(beside.iter().flat_map(Attached::blobs).map(|blob| Digest::assertion(blob.digest)));
        let mut seen = BTreeSet::new();
        blobs.retain(|digest| seen.insert(*digest));
        blobs
    }

    fn index_of(&self, image: &Image, beside: &[Attached]) -> Result<Vec<u8>> {
        let unknown = || StoreError::Unknown { name: image.digest.to_string(), near: Vec::new() };
        let record = self.record(&image.digest.hex())?.ok_or_else(unknown)?;
        let mut listed = descriptors(&record.descriptor(), &image.names);
        listed.extend(beside.iter().map(Attached::listed));
        let index = Index::of(listed);
        serde_json::to_vec(&index).map_err(|error| unwritten(error.into()))
    }

    pub(crate) fn open_blob(&self, digest: &Digest) -> Result<File> {
        let path = self.blob_path(digest);
        File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.corrupt(digest, "the blob is gone"),
            _ => StoreError::read_path(&path)(error),
        })
    }

    pub(crate) fn small_blob(&self, digest: &Digest) -> Result<Vec<u8>> {
        let path = self.blob_path(digest);
        let bytes = fs::read(&path).map_err(StoreError::read_path(&path))?;
        self.confirm(Digest::of(&bytes), digest)?;
        Ok(bytes)
    }

    pub(crate) fn confirm(&self, found: Digest, wanted: &Digest) -> Result<()> {
        if found == *wanted { Ok(()) } else { Err(self.corrupt(wanted, &format!("it hashes to {found}"))) }
    }

    pub(crate) fn corrupt(&self, digest: &Digest, why: &str) -> StoreError {
        StoreError::Corrupt { file: self.blob_path(digest), why: why.to_owned() }
    }
}

/// Each manifest once, whatever tags it has.
fn distinct(beside: &[Attached]) -> impl Iterator<Item = &Attached> {
    let mut seen = BTreeSet::new();
    beside.iter().filter(move |attached| seen.insert(attached.digest))
}

/// Hashes what passes through.
pub(crate) struct Checked<R> {
    source: BufReader<R>,
    hasher: Hasher,
}

impl<R: Read> Checked<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source: BufReader::with_capacity(crate::compress::BUFFER, source), hasher: Hasher::new() }
    }

    pub(crate) fn finish(self) -> Digest {
        self.hasher.finish()
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.hasher.update(buffer.get(..length).unwrap_or_default());
        Ok(length)
    }
}

fn append(archive: &mut tar::Builder<&mut dyn Write>, name: &str, bytes: &[u8]) -> Result<()> {
    append_stream(archive, name, bytes.len() as u64, &mut &*bytes)
}

/// Owner, mode and time are the same for everybody, so that saving twice gives the same bytes.
fn append_stream(
    archive: &mut tar::Builder<&mut dyn Write>,
    name: &str,
    size: u64,
    stream: &mut impl Read,
) -> Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(size);
    header.set_mode(0o444);
    archive.append_data(&mut header, name, stream).map_err(unwritten)
}

fn unwritten(error: io::Error) -> StoreError {
    StoreError::write("the saved image", error)
}
