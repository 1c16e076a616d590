//! Entry points for fuzzers and property tests: hostile bytes in, nothing but an answer out.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::AtomicBool;

use model::digest::Digest;
use model::oci::{Index, Manifest};

use crate::archive::Reader;
use crate::compress::foreign::Wrapping;
use crate::error::Result;
use crate::limits::Limits;
use crate::source::described;
use crate::unpack::{Job, Owner, tar_limits, unpack};
use crate::wire::{ConfigFile, DockerImage, parse};

/// Unpacks `bytes`, taken as an uncompressed tar archive, under `root`; returns how many bytes of files it held.
///
/// # Errors
/// As importing a layer.
pub fn layer(bytes: &[u8], root: &OwnedFd, owner: Owner, limits: &Limits) -> Result<u64> {
    let stop = AtomicBool::new(false);
    let job = Job { label: "the layer", owner, limits, stop: &stop };
    let mut reader = Reader::new(bytes, tar_limits(limits));
    Ok(unpack(root, &mut reader, job, |_, _| {})?.bytes)
}

/// Walks through `bytes` as a tar archive without creating anything; returns the number of entries.
///
/// # Errors
/// What is wrong with the archive, in words.
pub fn walk(bytes: &[u8], limits: &Limits) -> io::Result<u64> {
    let mut reader = Reader::new(bytes, tar_limits(limits));
    let mut entries = 0;
    while reader.next_entry().map_err(io::Error::other)?.is_some() {
        entries += 1;
    }
    Ok(entries)
}

/// Unpacks `bytes` as what an archive may be packed with, and keeps nothing; returns how many bytes come of it.
///
/// # Errors
/// What is no stream of its kind, or passes a limit.
pub fn unwrapped(bytes: &[u8], limits: &Limits) -> io::Result<u64> {
    io::copy(&mut Wrapping::of(bytes).decoder(bytes, limits)?, &mut io::sink())
}

/// Parses `bytes` as every kind of JSON that an image has; returns how many kinds it could be.
#[must_use]
pub fn json(bytes: &[u8]) -> usize {
    let config = parse::<ConfigFile>(bytes, "fuzz");
    let is_config = config.map(|config| (config.image_config(), config.history())).is_ok();
    let others = [
        parse::<Vec<DockerImage>>(bytes, "fuzz").is_ok(),
        parse::<Index>(bytes, "fuzz").is_ok(),
        parse::<Manifest>(bytes, "fuzz").is_ok(),
        is_config,
    ];
    others.into_iter().filter(|is| *is).count()
}

/// Reads a manifest and a configuration together, as at the beginning of a pull; the manifest is made to name the
/// configuration, because no fuzzer finds a digest. Returns the number of layers.
///
/// # Errors
/// As [`Store::pull`](crate::Store::pull), before anything is asked for.
pub fn incoming(manifest: &[u8], config: &[u8], limits: &Limits) -> Result<usize> {
    let mut manifest: serde_json::Value = parse(manifest, "the manifest")?;
    if let Some(claimed) = manifest.get_mut("config").and_then(serde_json::Value::as_object_mut) {
        claimed.insert("digest".to_owned(), Digest::of(config).to_string().into());
        claimed.insert("size".to_owned(), config.len().into());
    }
    Ok(described(&crate::import::json(&manifest)?, config, limits)?.len())
}
