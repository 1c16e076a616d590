//! Images on their way to a registry: what is to be sent, and the bytes of each part.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use model::digest::{ClaimedDigest, Digest, Hasher};
use model::image::{Image, Layer};
use model::oci::{Descriptor, Manifest, OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST};

use crate::compress::{BUFFER, Compression};
use crate::disk::{Scratch, Store};
use crate::error::{Result, StoreError};
use crate::import::{claim, json};
use crate::save::Checked;
use crate::wire::parse;

/// What has to be sent for an image: the layers and the configuration first, the manifest last.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The manifest's bytes.
    pub manifest: Vec<u8>,
    /// What the manifest is.
    pub media_type: String,
    /// The configuration.
    pub config: Descriptor,
    /// Bottom first.
    pub layers: Vec<Descriptor>,
}

/// How layers are packed that the store has as plain archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Every client reads it.
    Gzip,
    /// Smaller and faster; old clients do not know it.
    Zstd,
}

/// An image whose plain layers were packed for sending. The packed copies go when this is dropped.
pub struct Packed<'a> {
    /// What is to be sent.
    pub outgoing: Outgoing,
    store: &'a Store,
    scratch: Scratch,
    copies: BTreeMap<ClaimedDigest, PathBuf>,
}

impl Packed<'_> {
    /// The bytes of the configuration or of a layer. Whoever reads them hashes them.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is gone.
    pub fn blob(&self, digest: &ClaimedDigest) -> Result<File> {
        match self.copies.get(digest) {
            Some(path) => File::open(path).map_err(StoreError::read_path(path)),
            None => self.store.blob(digest),
        }
    }

    /// Packs a layer that is not packed.
    fn layer(&mut self, layer: &Layer, packing: Packing) -> Result<Descriptor> {
        let as_it_is = |media_type| Descriptor::new(media_type, claim(&layer.blob), layer.size);
        match self.store.compression_of(&layer.blob)? {
            Compression::Gzip => return Ok(as_it_is(OCI_LAYER_GZIP)),
            Compression::Zstd => return Ok(as_it_is(OCI_LAYER_ZSTD)),
            // The empty archive, for one, would only grow.
            Compression::Plain if layer.size == 0 => return Ok(as_it_is(OCI_LAYER)),
            Compression::Plain => {}
        }
        let path = self.scratch.fresh();
        let (digest, size) = self.store.pack(layer, packing, &path)?;
        self.copies.insert(claim(&digest), path);
        let media_type = match packing {
            Packing::Gzip => OCI_LAYER_GZIP,
            Packing::Zstd => OCI_LAYER_ZSTD,
        };
        Ok(Descriptor::new(media_type, claim(&digest), size))
    }
}

impl Store {
    /// What has to be sent for an image, as it is here.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the manifest is not what it was.
    pub fn outgoing(&self, image: &Image) -> Result<Outgoing> {
        let unknown = || StoreError::Unknown { name: image.digest.to_string(), near: Vec::new() };
        let record = self.record(&image.digest.hex())?.ok_or_else(unknown)?;
        let bytes = self.small_blob(&image.digest)?;
        let Manifest { config, layers, .. } = parse(&bytes, "the manifest")?;
        Ok(Outgoing { manifest: bytes, media_type: record.manifest_type, config, layers })
    }

    /// The bytes of a blob. Whoever reads them hashes them.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is gone.
    pub fn blob(&self, digest: &ClaimedDigest) -> Result<File> {
        self.open_blob(&Digest::assertion(*digest))
    }

    /// What has to be sent for an image with its plain layers packed: another manifest, the same configuration.
    /// Packing an image twice gives the same bytes.
    ///
    /// # Errors
    /// As [`Store::outgoing`], and what the disk says.
    pub fn packed(&self, image: &Image, packing: Packing) -> Result<Packed<'_>> {
        self.clean();
        let outgoing = self.outgoing(image)?;
        let mut packed = Packed { outgoing, store: self, scratch: self.scratch()?, copies: BTreeMap::new() };
        let layers = image.layers.iter().map(|layer| packed.layer(layer, packing));
        let layers = layers.collect::<Result<Vec<_>>>()?;
        if packed.copies.is_empty() {
            return Ok(packed);
        }
        let old: Manifest = parse(&packed.outgoing.manifest, "the manifest")?;
        let config = Descriptor { media_type: OCI_CONFIG.to_owned(), ..old.config.clone() };
        let manifest = Manifest { media_type: OCI_MANIFEST.to_owned(), config, layers, ..old };
        packed.outgoing = Outgoing {
            manifest: json(&manifest)?,
            media_type: manifest.media_type,
            config: manifest.config,
            layers: manifest.layers,
        };
        Ok(packed)
    }

    /// Packs a plain layer into a new file; returns the file's digest and length.
    fn pack(&self, layer: &Layer, packing: Packing, to: &Path) -> Result<(Digest, u64)> {
        let mut plain = Checked::new(self.open_blob(&layer.blob)?);
        let file = File::create_new(to).map_err(StoreError::write_path(to))?;
        let out = Hashing { file: BufWriter::with_capacity(BUFFER, file), hasher: Hasher::new(), length: 0 };
        let packed = pack(&mut plain, packing, out).map_err(StoreError::write_path(to))?;
        self.confirm(plain.finish(), &layer.blob)?;
        Ok(packed)
    }
}

fn pack(plain: &mut dyn io::Read, packing: Packing, out: Hashing) -> io::Result<(Digest, u64)> {
    let mut out = match packing {
        Packing::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::default());
            io::copy(plain, &mut encoder)?;
            encoder.finish()?
        }
        Packing::Zstd => {
            let mut encoder = zstd::stream::write::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL)?;
            io::copy(plain, &mut encoder)?;
            encoder.finish()?
        }
    };
    out.flush()?;
    Ok((out.hasher.finish(), out.length))
}

/// Hashes what is written.
struct Hashing {
    file: BufWriter<File>,
    hasher: Hasher,
    length: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
