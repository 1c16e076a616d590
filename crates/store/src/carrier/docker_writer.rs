//! What `docker load` reads: one image, its layers plain and named by their diff ids.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use model::digest::{ClaimedDigest, Digest, Hasher};
use model::oci::{Descriptor, Manifest};

use super::archive::{header, padding};
use super::beside::{self, Beside};
use crate::compress::{BUFFER, Compression, decoder};
use crate::error::{Result, StoreError};
use crate::import::json;
use crate::limits::Limits;
use crate::source::{check_media_type, is_layer, not_an_image};
use crate::wire::{ConfigFile, DockerImage, parse};

const BLOCK: u64 = 512;

/// An archive that is being written.
pub(super) struct DockerWriter {
    beside: Beside,
    to: PathBuf,
    limits: Limits,
    state: Mutex<State>,
}

struct State {
    file: File,
    /// Where the next entry begins.
    at: u64,
    /// Whatever is no layer: one of them is the configuration.
    small: BTreeMap<ClaimedDigest, Vec<u8>>,
    /// Diff id of each layer's blob.
    layers: BTreeMap<ClaimedDigest, Digest>,
}

impl DockerWriter {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let beside = Beside::new(path);
        let file = beside.make_file()?;
        let state = Mutex::new(State { file, at: 0, small: BTreeMap::new(), layers: BTreeMap::new() });
        Ok(Self { beside, to: path.to_owned(), limits: Limits::default(), state })
    }

    fn state(&self) -> Result<MutexGuard<'_, State>> {
        self.state.lock().map_err(|_| StoreError::Stopped)
    }

    pub(super) fn has(&self, digest: &ClaimedDigest) -> bool {
        let knows = |state: &State| state.layers.contains_key(digest) || state.small.contains_key(digest);
        self.state().is_ok_and(|state| knows(&state))
    }

    pub(super) fn blob(&self, blob: &Descriptor, bytes: &mut (dyn Read + Send)) -> Result<()> {
        if is_layer(blob) {
            return self.layer(blob, bytes);
        }
        if blob.size > self.limits.config {
            let (what, allowed) = (blob.digest.to_string(), self.limits.config);
            return Err(StoreError::Limit { what, limit: "bytes in a configuration", allowed });
        }
        let mut small = Vec::new();
        beside::copy(blob, bytes, &mut small, &self.to)?;
        self.state()?.small.insert(blob.digest, small);
        Ok(())
    }

    /// The header comes last, because only then is known what it says.
    fn layer(&self, blob: &Descriptor, bytes: &mut (dyn Read + Send)) -> Result<()> {
        check_media_type(blob)?;
        let mut state = self.state()?;
        let start = state.at + BLOCK;
        state.file.seek(io::SeekFrom::Start(start)).map_err(self.unwritten())?;
        let (diff_id, length) = self.plain(blob, bytes, &mut state.file)?;
        self.entry(&mut state, &layer_name(&diff_id), length)?;
        state.layers.insert(blob.digest, diff_id);
        Ok(())
    }

    /// Writes a layer unpacked, and checks what it was unpacked from.
    fn plain(
        &self,
        blob: &Descriptor,
        bytes: &mut (dyn Read + Send),
        out: &mut File,
    ) -> Result<(Digest, u64)> {
        let unread = |error| StoreError::stream(blob.digest.to_string(), error);
        let mut packed = Hashed::new(bytes.take(blob.size.saturating_add(1)));
        let mut magic = Vec::new();
        packed.by_ref().take(4).read_to_end(&mut magic).map_err(unread)?;
        let compression = Compression::of(&magic);
        let source = io::Cursor::new(magic).chain(&mut packed);
        let mut plain = Hashed::new(decoder(source, compression, &self.limits).map_err(unread)?);
        let copied = copy(&mut plain, out, unread, self.unwritten());
        let (diff_id, length) = (plain.hasher.clone().finish(), plain.length);
        drop(plain);
        // Other bytes than those promised explain why they cannot be unpacked.
        io::copy(&mut packed, &mut io::sink())
            .map_err(|cause| StoreError::Fetch { blob: blob.digest.to_string(), cause })?;
        beside::check(blob, packed.hasher, packed.length)?;
        copied.map(|()| (diff_id, length))
    }

    /// Completes an entry whose data is written.
    fn entry(&self, state: &mut State, name: &str, length: u64) -> Result<()> {
        let header = header(name, length).map_err(self.unwritten())?;
        let padding = padding(length);
        let end = state.at + BLOCK + length;
        let written = state.file.write_all_at(header.as_bytes(), state.at);
        written.and_then(|()| state.file.write_all_at(padding, end)).map_err(self.unwritten())?;
        state.at = end + padding.len() as u64;
        Ok(())
    }

    fn small_entry(&self, state: &mut State, name: &str, bytes: &[u8]) -> Result<()> {
        state.file.write_all_at(bytes, state.at + BLOCK).map_err(self.unwritten())?;
        self.entry(state, name, bytes.len() as u64)
    }

    pub(super) fn finish(self, name: Option<&str>, top: &Descriptor, bytes: &[u8]) -> Result<()> {
        let label = self.to.display().to_string();
        let refused = |why: &str| not_an_image(&label, why);
        if top.is_index() {
            return Err(refused("a docker-archive holds one image: choose a platform"));
        }
        let manifest: Manifest = parse(bytes, "the manifest")?;
        let mut state = self.state()?;
        let config = state.small.get(&manifest.config.digest).cloned();
        let config = config.ok_or_else(|| refused("its configuration did not come"))?;
        let diff_of = |layer: &Descriptor| state.layers.get(&layer.digest).copied();
        let diff_ids: Option<Vec<Digest>> = manifest.layers.iter().map(diff_of).collect();
        let diff_ids = diff_ids.ok_or_else(|| refused("not all of its layers came"))?;
        confirm(&config, &diff_ids)?;
        let config_name = format!("{}.json", manifest.config.digest.hex());
        self.small_entry(&mut state, &config_name, &config)?;
        let image = DockerImage {
            config: config_name,
            repo_tags: Some(name.into_iter().map(str::to_owned).collect()),
            layers: diff_ids.iter().map(layer_name).collect(),
        };
        self.small_entry(&mut state, "manifest.json", &json(&[image])?)?;
        // A layer that failed may have left more than the end.
        let ended = state.file.write_all_at(&[0; 1024], state.at);
        ended.and_then(|()| state.file.set_len(state.at + 1024)).map_err(self.unwritten())?;
        drop(state);
        self.beside.place()
    }

    fn unwritten(&self) -> impl Fn(io::Error) -> StoreError + '_ {
        |error| StoreError::write_path(&self.to)(error)
    }
}

fn layer_name(diff_id: &Digest) -> String {
    format!("{}.tar", diff_id.hex())
}

/// The layers are those that the configuration lists.
fn confirm(config: &[u8], diff_ids: &[Digest]) -> Result<()> {
    let listed = parse::<ConfigFile>(config, "the configuration")?.rootfs.diff_ids;
    if listed.len() != diff_ids.len() {
        return Err(not_an_image("the configuration", "it lists other layers than the manifest"));
    }
    for (claimed, found) in listed.iter().zip(diff_ids) {
        let confirmed = claimed.confirm(*found);
        confirmed.map_err(|mismatch| StoreError::mismatch("a layer (uncompressed)", mismatch))?;
    }
    Ok(())
}

fn copy(
    plain: &mut dyn Read,
    out: &mut File,
    unread: impl Fn(io::Error) -> StoreError,
    unwritten: impl Fn(io::Error) -> StoreError,
) -> Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = plain.read(&mut buffer).map_err(&unread)?;
        let Some(piece) = buffer.get(..length).filter(|piece| !piece.is_empty()) else { return Ok(()) };
        out.write_all(piece).map_err(&unwritten)?;
    }
}

/// Hashes and counts what is read.
struct Hashed<R> {
    source: R,
    hasher: Hasher,
    length: u64,
}

impl<R: Read> Hashed<R> {
    fn new(source: R) -> Self {
        Self { source, hasher: Hasher::new(), length: 0 }
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.hasher.update(buffer.get(..length).unwrap_or_default());
        self.length += length as u64;
        Ok(length)
    }
}
