//! How much room everything takes on disk, and how much of it could be had back.

use std::collections::BTreeMap;

use model::image::{Image, Layer};

use crate::containers::Which;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::measure::Meter;
use crate::resources::Freezer;
use crate::state::{Record, StateError, open_dir};
use crate::volumes::Volume;

/// How the names of log files begin.
const LOG: &str = "log.json";

/// Things of one kind together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many there are.
    pub total: usize,
    /// How many of them something needs.
    pub active: usize,
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes that pruning would give back.
    pub reclaimable: u64,
}

/// Everything.
#[derive(Debug)]
pub struct Usage {
    /// Images; layers that several have count once. What has come of others so far counts too.
    pub images: Sum,
    /// What containers have written.
    pub containers: Sum,
    /// What they have printed.
    pub logs: Sum,
    /// Volumes that have a name.
    pub volumes: Sum,
    /// What builds keep for later ones; of layers those that no image has.
    pub build_cache: Sum,
    /// The ledger; its total are entries.
    pub ledger: Sum,
    /// Image by image.
    pub each_image: Vec<ImageUsage>,
    /// Container by container.
    pub each_container: Vec<ContainerUsage>,
    /// Volume by volume.
    pub each_volume: Vec<VolumeUsage>,
}

/// One image.
#[derive(Debug)]
pub struct ImageUsage {
    /// Which.
    pub image: Image,
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes of these that other images have too.
    pub shared: u64,
    /// How many containers were made of it.
    pub containers: usize,
}

/// One layer of images.
struct LayerUsage {
    bytes: u64,
    /// How many images have it.
    images: usize,
    /// Whether a container was made of one of these.
    is_needed: bool,
}

/// One container.
#[derive(Debug)]
pub struct ContainerUsage {
    /// Which.
    pub record: Record,
    /// Whether it is paused.
    pub freezer: Freezer,
    /// Bytes of its writable layer and of the volumes that are its own.
    pub bytes: u64,
    /// Bytes of its log.
    pub log: u64,
}

/// One volume.
#[derive(Debug)]
pub struct VolumeUsage {
    /// Which.
    pub volume: Volume,
    /// Bytes on disk.
    pub bytes: u64,
}

impl Engine {
    /// Measures everything. `tell` gets the bytes that were counted so far, again and again.
    ///
    /// # Errors
    /// Something of it cannot be read.
    pub fn usage(&self, tell: &mut dyn FnMut(u64)) -> Result<Usage, EngineError> {
        let mut meter = Meter::new(tell);
        let each_container = self.container_usage(&mut meter)?;
        let (each_image, images) = self.image_usage(&each_container, &mut meter)?;
        let each_volume = self.volume_usage(&mut meter)?;
        let cached = self.build_cache()?;
        meter.add(cached.iter().map(|entry| entry.bytes).sum());
        let entries = usize::try_from(self.book()?.len()?).unwrap_or(usize::MAX);
        let bytes = self.tree(&mut meter, &self.site.state, "ledger")?;
        let ledger = Sum { total: entries, active: entries, bytes, reclaimable: 0 };
        let needed = |container: &ContainerUsage| !is_over(&container.record);
        let unneeded = |volume: &VolumeUsage| volume.volume.containers.is_empty();
        let logged = each_container.iter().filter(|container| container.log > 0);
        Ok(Usage {
            images,
            containers: Sum::of(each_container.iter().map(|one| (one.bytes, needed(one)))),
            logs: Sum::of(logged.map(|one| (one.log, needed(one)))),
            volumes: Sum::of(each_volume.iter().map(|one| (one.bytes, !unneeded(one)))),
            build_cache: Sum::of(cached.iter().map(|entry| (entry.bytes, entry.busy))),
            ledger,
            each_image,
            each_container,
            each_volume,
        })
    }

    /// Bytes that a volume takes.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn volume_bytes(&self, name: &str) -> Result<u64, EngineError> {
        self.tree(&mut Meter::new(&mut |_| ()), &self.site.volumes(), name)
    }

    /// Bytes that a container wrote and printed.
    pub(crate) fn container_bytes(&self, record: &Record) -> Result<u64, EngineError> {
        let mut quiet = |_| ();
        let mut meter = Meter::new(&mut quiet);
        Ok(self.written(&mut meter, record)? + self.printed(&mut meter, record)?)
    }

    fn container_usage(&self, meter: &mut Meter<'_>) -> Result<Vec<ContainerUsage>, EngineError> {
        let one = |record: Record| {
            let (bytes, log) = (self.written(meter, &record)?, self.printed(meter, &record)?);
            Ok(ContainerUsage { freezer: self.freezer(&record), record, bytes, log })
        };
        self.containers(Which::All)?.into_iter().map(one).collect()
    }

    fn written(&self, meter: &mut Meter<'_>, record: &Record) -> Result<u64, EngineError> {
        let path = self.containers.path(&record.id);
        Ok(self.tree(meter, &path, "upper")? + self.tree(meter, &path, "volumes")?)
    }

    fn printed(&self, meter: &mut Meter<'_>, record: &Record) -> Result<u64, EngineError> {
        let entries = std::fs::read_dir(self.containers.path(&record.id)).into_iter().flatten().flatten();
        let logs = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(LOG));
        let bytes = logs.filter_map(|log| log.metadata().ok()).map(|log| log.len()).sum();
        meter.add(bytes);
        Ok(bytes)
    }

    fn image_usage(
        &self,
        containers: &[ContainerUsage],
        meter: &mut Meter<'_>,
    ) -> Result<(Vec<ImageUsage>, Sum), EngineError> {
        let images = self.images()?;
        let mut layers: BTreeMap<String, LayerUsage> = BTreeMap::new();
        let uses = |image: &Image| {
            containers.iter().filter(|container| container.record.image == image.digest.into()).count()
        };
        for image in &images {
            for layer in &image.layers {
                let known = layers.remove(&layer.diff_id.hex());
                let known = known.map_or_else(|| self.layer_usage(meter, layer), Ok)?;
                let (images, is_needed) = (known.images + 1, known.is_needed || uses(image) > 0);
                layers.insert(layer.diff_id.hex(), LayerUsage { images, is_needed, ..known });
            }
        }
        let of = |image: &Image, images: usize| {
            let layers = image.layers.iter().filter_map(|layer| layers.get(&layer.diff_id.hex()));
            layers.filter(|layer| layer.images >= images).map(|layer| layer.bytes).sum()
        };
        let beginnings = (self.store.beginnings()?, false);
        let sizes = layers.values().map(|layer| (layer.bytes, layer.is_needed)).chain([beginnings]);
        let sum = Sum {
            total: images.len(),
            active: images.iter().filter(|image| uses(image) > 0).count(),
            ..Sum::of(sizes)
        };
        let one = |image: Image| ImageUsage {
            bytes: of(&image, 1),
            shared: of(&image, 2),
            containers: uses(&image),
            image,
        };
        Ok((images.into_iter().map(one).collect(), sum))
    }

    /// Unpacked, and as it was shipped.
    fn layer_usage(&self, meter: &mut Meter<'_>, layer: &Layer) -> Result<LayerUsage, EngineError> {
        let path = self.store.layer_dir(layer);
        let unpacked = match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => self.tree(meter, parent, &name.to_string_lossy())?,
            _ => 0,
        };
        meter.add(layer.size);
        Ok(LayerUsage { bytes: unpacked + layer.size, images: 0, is_needed: false })
    }

    fn volume_usage(&self, meter: &mut Meter<'_>) -> Result<Vec<VolumeUsage>, EngineError> {
        let one = |volume: Volume| {
            let bytes = self.tree(meter, &self.site.volumes(), &volume.name)?;
            Ok(VolumeUsage { volume, bytes })
        };
        self.volumes()?.into_iter().map(one).collect()
    }

    fn tree(&self, meter: &mut Meter<'_>, parent: &std::path::Path, name: &str) -> Result<u64, EngineError> {
        measured(meter, parent, name)
    }
}

impl Sum {
    /// Of sizes, and whether each is needed.
    fn of(things: impl Iterator<Item = (u64, bool)>) -> Self {
        things.fold(Self::default(), |sum, (bytes, needed)| Self {
            total: sum.total + 1,
            active: sum.active + usize::from(needed),
            bytes: sum.bytes + bytes,
            reclaimable: sum.reclaimable + if needed { 0 } else { bytes },
        })
    }
}

/// Bytes that a directory of ours takes; none if it is gone.
pub(crate) fn tree_bytes(parent: &std::path::Path, name: &str) -> Result<u64, EngineError> {
    let mut nobody = |_| ();
    measured(&mut Meter::new(&mut nobody), parent, name)
}

fn measured(meter: &mut Meter<'_>, parent: &std::path::Path, name: &str) -> Result<u64, EngineError> {
    match open_dir(parent) {
        // Removed meanwhile, or not made yet.
        Err(rustix::io::Errno::NOENT) => Ok(0),
        Err(errno) => Err(StateError::errno("open", parent)(errno).into()),
        Ok(dir) => Ok(meter.tree(dir, name).map_err(StateError::io("measure", &parent.join(name)))?),
    }
}

/// Whether pruning takes it.
pub(crate) fn is_over(record: &Record) -> bool {
    record.status.is_settled()
}
