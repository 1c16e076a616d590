//! Images as they come: what is there, before any of it is believed.

mod beside;
mod container;
mod docker;
mod oci;
mod pack;
mod rootfs;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;

use model::digest::ClaimedDigest;
use model::image::ImageConfig;
use model::oci::Descriptor;
use model::reference::{ArchiveSource, Transport};

use crate::commit::Growth;
use crate::compress::{Compression, decoder};
use crate::disk::Scratch;
use crate::error::{Result, StoreError};
use crate::limits::Limits;
use crate::pull::Blobs;
pub(crate) use beside::Company;
pub(crate) use container::{Container, Part};
pub(crate) use docker::parts as docker_parts;
pub(crate) use oci::{answering, check_media_type, described, is_layer, kept_type};
pub(crate) use rootfs::memory;

/// What an import will do.
pub(crate) struct Plan<'a> {
    /// Names that the source gives it.
    pub(crate) names: Vec<String>,
    /// The manifest and its media type, if the source has one that is worth keeping.
    pub(crate) manifest: Option<(Vec<u8>, String)>,
    pub(crate) config: PlannedConfig,
    /// Bottom first.
    pub(crate) layers: Vec<Inbound<'a>>,
    /// What lies beside it there.
    pub(crate) company: Company,
}

/// Where the configuration comes from.
pub(crate) enum PlannedConfig {
    /// The source's, its digest checked.
    Shipped(Vec<u8>),
    /// The source has none; this one will be written.
    Made(Box<ImageConfig>),
    /// That of another image, changed, with one more line of history.
    Grown(Box<Growth>),
}

/// One layer, not yet read.
pub(crate) enum Inbound<'a> {
    /// Its bytes are on this machine.
    Here(PlannedLayer),
    /// Its bytes come when they are asked for.
    Afar(Remote<'a>),
}

impl Inbound<'_> {
    /// Bytes of the blob.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Here(planned) => planned.part.length,
            Self::Afar(remote) => remote.blob.size,
        }
    }
}

/// A layer that is not on this machine.
pub(crate) struct Remote<'a> {
    pub(crate) blob: Descriptor,
    pub(crate) diff_id: ClaimedDigest,
    pub(crate) source: &'a dyn Blobs,
}

/// A layer that is on this machine.
pub(crate) struct PlannedLayer {
    pub(crate) part: Part,
    pub(crate) blob: Form,
    pub(crate) diff_id: Option<ClaimedDigest>,
}

/// How a layer becomes a blob.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// As shipped; a descriptor may claim its digest.
    AsShipped(Option<ClaimedDigest>),
    /// As a plain tar, whose digest is the diff id: nothing else is claimed by a docker-archive.
    Uncompressed,
}

/// Reads what `source` is, up to its layers.
pub(crate) fn read(source: &ArchiveSource, scratch: &Scratch, limits: &Limits) -> Result<Plan<'static>> {
    let mut plan = unnamed(source, scratch, limits)?;
    let real = std::fs::canonicalize(&source.path).unwrap_or_else(|_| source.path.clone());
    let file = real.file_name().filter(|_| source.path != Path::new("-"));
    let Some(stem) = file.map(|name| stem(&name.to_string_lossy())) else { return Ok(plan) };
    for name in plan.names.iter_mut().filter(|name| is_tag(name)) {
        *name = format!("{stem}:{name}");
    }
    if plan.names.is_empty() {
        plan.names.push(stem);
    }
    Ok(plan)
}

/// The file's name without what says that it is a tarball.
fn stem(name: &str) -> String {
    let packings = [".gz", ".tgz", ".zst", ".tzst"];
    let name = packings.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    name.strip_suffix(".tar").unwrap_or(name).to_owned()
}

/// OCI layouts often name an image by its tag alone.
fn is_tag(name: &str) -> bool {
    name == "latest"
        || name.strip_prefix('v').unwrap_or(name).starts_with(|first: char| first.is_ascii_digit())
}

fn unnamed(source: &ArchiveSource, scratch: &Scratch, limits: &Limits) -> Result<Plan<'static>> {
    let selector = source.selector.as_deref();
    match find(source, scratch, limits)? {
        Found::Images(Opened::Oci(container)) => oci::layout(&container, selector, limits),
        Found::Images(Opened::Flat(container)) => oci::flat(&container, limits),
        Found::Images(Opened::Docker(container)) => docker::plan(&container, selector, limits),
        Found::Tree => rootfs::directory(&source.path, scratch),
        Found::Tarball(whole) => Ok(rootfs::tarball(whole)),
    }
}

/// A place that holds manifests and blobs, by how it is laid out.
pub(crate) enum Opened {
    /// An OCI image layout.
    Oci(Container),
    /// containers-transports' `dir:`.
    Flat(Container),
    /// `docker save` output.
    Docker(Container),
}

enum Found {
    Images(Opened),
    /// A directory that is a root filesystem.
    Tree,
    /// An archive that is one.
    Tarball(Part),
}

/// What `source` is, if it has manifests and blobs.
pub(crate) fn open_container(source: &ArchiveSource, scratch: &Scratch, limits: &Limits) -> Result<Opened> {
    match find(source, scratch, limits)? {
        Found::Images(opened) => Ok(opened),
        Found::Tree | Found::Tarball(_) => {
            let why = "it is a bare root filesystem, without a manifest";
            Err(not_an_image(&source.path.display().to_string(), why))
        }
    }
}

fn find(source: &ArchiveSource, scratch: &Scratch, limits: &Limits) -> Result<Found> {
    let label = source.path.display().to_string();
    if source.path.is_dir() {
        let directory = || Container::directory(&source.path);
        return match source.transport.unwrap_or_else(|| sniff_directory(&source.path)) {
            Transport::Oci => Ok(Found::Images(Opened::Oci(directory()?))),
            Transport::Dir => Ok(Found::Images(Opened::Flat(directory()?))),
            Transport::Rootfs => Ok(Found::Tree),
            Transport::DockerArchive | Transport::OciArchive => {
                Err(not_an_image(&label, "it is a directory, not an archive"))
            }
        };
    }
    if matches!(source.transport, Some(Transport::Oci | Transport::Dir)) {
        return Err(not_an_image(&label, "there is no directory of this name"));
    }
    let file = open(&source.path, scratch)?;
    let whole = Part::whole(file, &label)?;
    let transport = source.transport.map_or_else(|| sniff_file(&whole, limits), Ok)?;
    if transport == Transport::Rootfs {
        return Ok(Found::Tarball(whole));
    }
    let archive = Container::archive(plain(whole, scratch, limits)?)?;
    Ok(Found::Images(match transport {
        Transport::OciArchive => Opened::Oci(archive),
        Transport::DockerArchive => Opened::Docker(archive),
        // "Look and see" looked, and saw an archive of images, but not yet which kind.
        _ if archive.has("manifest.json") => Opened::Docker(archive),
        _ => Opened::Oci(archive),
    }))
}

pub(crate) fn not_an_image(what: &str, why: impl Into<String>) -> StoreError {
    StoreError::NotAnImage { what: what.to_owned(), why: why.into() }
}

/// The file, or a copy of what cannot be read twice.
fn open(path: &Path, scratch: &Scratch) -> Result<File> {
    let failed = |error: io::Error| StoreError::read(path.display().to_string(), error);
    let file = if path == Path::new("-") {
        File::from(io::stdin().as_fd().try_clone_to_owned().map_err(failed)?)
    } else {
        File::open(path).map_err(failed)?
    };
    if file.metadata().map_err(failed)?.is_file() {
        return Ok(file);
    }
    spool(file, &path.display().to_string(), scratch)
}

/// Copies a stream to a file of ours.
pub(crate) fn spool(mut stream: impl Read, label: &str, scratch: &Scratch) -> Result<File> {
    let path = scratch.fresh();
    let file = File::options().create_new(true).read(true).write(true).open(&path);
    let mut file = file.map_err(StoreError::write_path(&path))?;
    let mut buffer = vec![0; crate::compress::BUFFER];
    loop {
        let length = stream.read(&mut buffer).map_err(|error| StoreError::stream(label.to_owned(), error))?;
        let Some(piece) = buffer.get(..length).filter(|piece| !piece.is_empty()) else { break };
        file.write_all(piece).map_err(|error| StoreError::write(label, error))?;
    }
    Ok(file)
}

/// An archive that can be read at any place: itself, or its unpacked copy.
fn plain(whole: Part, scratch: &Scratch, limits: &Limits) -> Result<Part> {
    let compression = Compression::of(&whole.magic()?);
    if compression == Compression::Plain {
        return Ok(whole);
    }
    let failed = |error| StoreError::stream(whole.label.clone(), error);
    let stream = decoder(whole.reader(), compression, limits).map_err(failed)?;
    Part::whole(spool(stream, &whole.label, scratch)?, &whole.label)
}

fn sniff_directory(path: &Path) -> Transport {
    if path.join("oci-layout").is_file() || path.join("index.json").is_file() {
        Transport::Oci
    } else if path.join("manifest.json").is_file() && path.join("version").is_file() {
        Transport::Dir
    } else {
        Transport::Rootfs
    }
}

/// Names that only archives of images have at their start; the telling ones may come last.
const PEEK: usize = 16;

/// `Rootfs`, or `Dir` standing for "an archive of images of either kind".
fn sniff_file(whole: &Part, limits: &Limits) -> Result<Transport> {
    let failed = |error| StoreError::stream(whole.label.clone(), error);
    let compression = Compression::of(&whole.magic()?);
    let stream = decoder(whole.reader(), compression, limits).map_err(failed)?;
    let names = container::first_names(stream, PEEK, &whole.label)?;
    if names.is_empty() {
        return Err(not_an_image(&whole.label, "it is an empty archive"));
    }
    Ok(if names.iter().all(|name| is_of_an_archive(name)) { Transport::Dir } else { Transport::Rootfs })
}

fn is_of_an_archive(name: &str) -> bool {
    let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let is_hex = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.starts_with("blobs/")
        || matches!(last, "blobs" | "oci-layout" | "repositories" | "VERSION" | "json" | "layer.tar")
        || [".json", ".tar", ".tar.gz"].iter().any(|suffix| last.ends_with(suffix))
        || is_hex(last.strip_prefix("sha256:").unwrap_or(last))
}
