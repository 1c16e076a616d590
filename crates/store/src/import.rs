//! Bringing images in.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use model::digest::{ClaimedDigest, Digest};
use model::image::{Image, ImageConfig};
use model::oci::{
    Annotations, Descriptor, Manifest, OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST,
};
use model::reference::{ArchiveSource, ImageName};

use crate::attached::Brought;
use crate::compress::Compression;
use crate::disk::{Lock, Scratch, Store};
use crate::error::{Result, StoreError};
use crate::facts;
use crate::layer::{Admitted, Work};
use crate::names::familiar;
use crate::record::Record;
use crate::source::{self, Inbound, Plan, PlannedConfig, memory};
use crate::wire::{ConfigFile, parse, seconds};

/// Layers worked on at the same time; more would only fight for the disk and hold more memory.
const MAX_WORKERS: usize = 4;

/// Which names an imported image gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Naming {
    /// Those that the source gives it; for a bare root filesystem, the file's name.
    #[default]
    FromSource,
    /// These, and not the source's.
    As(Vec<ImageName>),
}

/// What an import did.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The image, as [`Store::resolve`] gives it from now on.
    pub image: Image,
    /// Whether the store had it before.
    pub already: bool,
    /// What came with it.
    pub beside: Brought,
}

/// Told how an import comes along; the binary draws it.
pub trait Progress {
    /// Work begins: the size of each layer's blob, in bytes.
    fn started(&mut self, layers: &[u64]);
    /// `bytes` more of a layer's blob were unpacked.
    fn advanced(&mut self, layer: usize, bytes: u64);
    /// A layer is complete.
    fn finished(&mut self, layer: usize);
    /// Something takes its time, and nobody knows how much of it is done: what, for people.
    fn waiting(&mut self, _what: &str) {}
}

/// Progress that nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn started(&mut self, _layers: &[u64]) {}
    fn advanced(&mut self, _layer: usize, _bytes: u64) {}
    fn finished(&mut self, _layer: usize) {}
}

/// What a worker says.
enum Event {
    Advanced(usize, u64),
    Done(usize, Result<Box<Admitted>>),
}

impl Store {
    /// Imports an image from a file, a directory or (path `-`) standard input. `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// Whatever is wrong with the source or the disk. Layers that were complete by then stay for the next try;
    /// nothing else does.
    pub fn import(
        &self,
        source: &ArchiveSource,
        naming: &Naming,
        now: i64,
        progress: &mut dyn Progress,
    ) -> Result<Imported> {
        let _present = self.begin_import()?;
        let scratch = self.scratch()?;
        let plan = source::read(source, &scratch, &self.limits)?;
        self.admit(&plan, naming, now, progress, &scratch)
    }

    /// Imports an image made in memory: one layer, an uncompressed or gzip or zstd tar archive.
    ///
    /// # Errors
    /// As [`Store::import`].
    pub fn import_layer(
        &self,
        layer: &[u8],
        config: &ImageConfig,
        name: &ImageName,
        now: i64,
    ) -> Result<Imported> {
        let _present = self.begin_import()?;
        let scratch = self.scratch()?;
        let plan = memory(layer, config, &scratch)?;
        self.admit(&plan, &Naming::As(vec![name.clone()]), now, &mut Quiet, &scratch)
    }

    /// Cleans up after others, and keeps the sweeper away while this import runs.
    pub(crate) fn begin_import(&self) -> Result<Lock> {
        self.clean();
        self.after_restart()?;
        self.share("sweep")
    }

    pub(crate) fn admit(
        &self,
        plan: &Plan<'_>,
        naming: &Naming,
        now: i64,
        progress: &mut dyn Progress,
        scratch: &Scratch,
    ) -> Result<Imported> {
        if plan.layers.len() > self.limits.layers {
            let allowed = self.limits.layers as u64;
            return Err(StoreError::Limit { what: "the image".into(), limit: "layers", allowed });
        }
        let names = names(plan, naming);
        let layers = self.admit_layers(&plan.layers, progress, scratch)?;
        let config = config_bytes(plan, &layers)?;
        let (manifest, media_type) = manifest_bytes(plan, &config, &layers)?;
        self.write_blob(&config)?;
        let digest = self.write_blob(&manifest)?;
        let already = matches!(self.record(&digest.hex()), Ok(Some(_)));
        if !already || self.is_unsynced(&digest) {
            self.mark_unsynced(&digest)?;
        }
        if !already {
            let image = image(digest, &config, &layers, now)?;
            self.write_record(&Record::new(&image, media_type, manifest.len() as u64))?;
        }
        self.set_names(digest, &names)?;
        let beside = self.bring_company(&digest, &plan.company)?;
        let record = self.record(&digest.hex())?.ok_or(StoreError::Stopped)?;
        Ok(Imported { image: record.into_image(), already, beside })
    }

    /// The largest layers first, so that the last worker does not end up alone with one of them.
    fn admit_layers(
        &self,
        planned: &[Inbound<'_>],
        progress: &mut dyn Progress,
        scratch: &Scratch,
    ) -> Result<Vec<Admitted>> {
        let sizes: Vec<u64> = planned.iter().map(Inbound::size).collect();
        progress.started(&sizes);
        let mut queue: Vec<(usize, &Inbound<'_>)> = planned.iter().enumerate().collect();
        queue.sort_by_key(|(_, layer)| layer.size());
        let queue = Mutex::new(queue);
        let stop = AtomicBool::new(false);
        let (events, received) = channel();
        std::thread::scope(|scope| {
            for _ in 0..workers(planned) {
                let events = events.clone();
                scope.spawn(|| self.work(&queue, Work { scratch, stop: &stop }, events));
            }
            drop(events);
            self.collect(received, planned.len(), progress, &stop)
        })
    }

    fn work(&self, queue: &Mutex<Vec<(usize, &Inbound<'_>)>>, work: Work<'_>, events: Sender<Event>) {
        loop {
            let next = queue.lock().ok().and_then(|mut queue| queue.pop());
            let Some((number, planned)) = next else { return };
            let mut advanced = |bytes| drop(events.send(Event::Advanced(number, bytes)));
            let result = self.admit_layer(planned, work, &mut advanced).map(Box::new);
            if events.send(Event::Done(number, result)).is_err() {
                return;
            }
        }
    }

    /// The first error stops the others, and is the one that is reported.
    fn collect(
        &self,
        events: Receiver<Event>,
        count: usize,
        progress: &mut dyn Progress,
        stop: &AtomicBool,
    ) -> Result<Vec<Admitted>> {
        let mut layers: Vec<Option<Admitted>> = std::iter::repeat_with(|| None).take(count).collect();
        let (mut failure, mut bytes) = (None, 0_u64);
        for event in events {
            match event {
                Event::Advanced(layer, bytes) => progress.advanced(layer, bytes),
                Event::Done(number, Ok(admitted)) => {
                    bytes = bytes.saturating_add(admitted.listing.bytes);
                    progress.finished(number);
                    if let Some(place) = layers.get_mut(number) {
                        *place = Some(*admitted);
                    }
                }
                Event::Done(_, Err(error)) => drop(failure.get_or_insert(error)),
            }
            if bytes > self.limits.image_bytes && failure.is_none() {
                let allowed = self.limits.image_bytes;
                failure =
                    Some(StoreError::Limit { what: "the image".into(), limit: "unpacked bytes", allowed });
            }
            stop.store(failure.is_some(), Ordering::Relaxed);
        }
        match failure {
            Some(error) => Err(error),
            None => layers.into_iter().collect::<Option<_>>().ok_or(StoreError::Stopped),
        }
    }

    /// A small blob of bytes that are already checked.
    fn write_blob(&self, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        let path = self.blob_path(&digest);
        if !path.exists() {
            self.replace(&path, bytes)?;
        }
        Ok(digest)
    }
}

/// What comes from afar mostly waits, whatever the processors.
fn workers(planned: &[Inbound<'_>]) -> usize {
    let is_afar = planned.iter().any(|layer| matches!(layer, Inbound::Afar(_)));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let useful = if is_afar { MAX_WORKERS } else { processors.min(MAX_WORKERS) };
    useful.min(planned.len())
}

fn names(plan: &Plan<'_>, naming: &Naming) -> Vec<String> {
    match naming {
        // A digest is no name: whoever has one needs none.
        Naming::As(names) => {
            names.iter().filter(|name| name.tag.is_some() || name.digest.is_none()).map(familiar).collect()
        }
        Naming::FromSource => plan.names.iter().filter_map(|name| acceptable(name)).collect(),
    }
}

/// A name as a source gives it, made to fit the grammar where that is possible.
fn acceptable(name: &str) -> Option<String> {
    if let Ok(name) = name.parse::<ImageName>() {
        return Some(familiar(&name));
    }
    let fit = |byte: u8| if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase().into() } else { '-' };
    let fitted: String = name.bytes().map(fit).collect();
    let parts: Vec<&str> = fitted.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").parse::<ImageName>().ok().map(|name| familiar(&name))
}

pub(crate) fn claim(digest: &Digest) -> ClaimedDigest {
    ClaimedDigest::from(*digest)
}

fn config_bytes(plan: &Plan<'_>, layers: &[Admitted]) -> Result<Vec<u8>> {
    match &plan.config {
        PlannedConfig::Shipped(bytes) => Ok(bytes.clone()),
        PlannedConfig::Made(config) => {
            let diff_ids = layers.iter().map(|admitted| claim(&admitted.layer.diff_id)).collect();
            json(&ConfigFile::of(config, diff_ids))
        }
        PlannedConfig::Grown(growth) => {
            let diff_ids = layers.iter().map(|admitted| claim(&admitted.layer.diff_id)).collect();
            json(&growth.config_file(diff_ids)?)
        }
    }
}

/// The source's manifest, or one that describes what is now in the store.
fn manifest_bytes(plan: &Plan<'_>, config: &[u8], layers: &[Admitted]) -> Result<(Vec<u8>, String)> {
    if let Some((bytes, media_type)) = &plan.manifest {
        return Ok((bytes.clone(), media_type.clone()));
    }
    let descriptor =
        |media_type: &str, digest: &Digest, size| Descriptor::new(media_type, claim(digest), size);
    let layer = |admitted: &Admitted| {
        let media_type = match admitted.compression {
            Compression::Plain => OCI_LAYER,
            Compression::Gzip => OCI_LAYER_GZIP,
            Compression::Zstd => OCI_LAYER_ZSTD,
        };
        descriptor(media_type, &admitted.layer.blob, admitted.layer.size)
    };
    let manifest = Manifest {
        schema_version: 2,
        media_type: OCI_MANIFEST.to_owned(),
        config: descriptor(OCI_CONFIG, &Digest::of(config), config.len() as u64),
        layers: layers.iter().map(layer).collect(),
        artifact_type: None,
        subject: None,
        annotations: annotations(plan),
    };
    Ok((json(&manifest)?, OCI_MANIFEST.to_owned()))
}

fn annotations(plan: &Plan<'_>) -> Option<Annotations> {
    match &plan.config {
        PlannedConfig::Grown(growth) if !growth.annotations.is_empty() => Some(growth.annotations.clone()),
        _ => None,
    }
}

pub(crate) fn json(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value)
        .map_err(|error| StoreError::write("the image's manifest", io::Error::from(error)))
}

fn image(digest: Digest, config: &[u8], layers: &[Admitted], now: i64) -> Result<Image> {
    let file: ConfigFile = parse(config, "the configuration")?;
    Ok(Image {
        digest,
        config_digest: Digest::of(config),
        names: Vec::new(),
        size: layers.iter().map(|admitted| admitted.listing.bytes).sum(),
        created: seconds(file.created.as_deref()),
        imported: now,
        layers: layers.iter().map(|admitted| admitted.layer).collect(),
        config: file.image_config(),
        facts: facts::merge(layers.iter().map(|admitted| &admitted.listing)),
        history: file.history(),
    })
}
