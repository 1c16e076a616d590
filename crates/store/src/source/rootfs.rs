//! A root filesystem without an image around it: one layer, and a configuration that says nothing.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use model::image::ImageConfig;

use crate::disk::Scratch;
use crate::error::{Result, StoreError};
use crate::source::{Company, Form, Inbound, Part, Plan, PlannedConfig, PlannedLayer, pack};
use crate::wire::host_architecture;

/// A tarball, stored as it is.
pub(super) fn tarball(whole: Part) -> Plan<'static> {
    plan(whole, bare())
}

/// A directory, packed into a tar archive first so that it has a digest.
pub(super) fn directory(path: &Path, scratch: &Scratch) -> Result<Plan<'static>> {
    let part = Part::whole(pack::pack(path, &scratch.fresh())?, &path.display().to_string())?;
    Ok(plan(part, bare()))
}

/// An image made in memory.
pub(crate) fn memory(layer: &[u8], config: &ImageConfig, scratch: &Scratch) -> Result<Plan<'static>> {
    let path = scratch.fresh();
    let failed = StoreError::write_path(&path);
    let file = File::options().create_new(true).read(true).write(true).open(&path).and_then(|mut file| {
        file.write_all(layer)?;
        Ok(file)
    });
    Ok(plan(Part::whole(file.map_err(failed)?, "the embedded layer")?, config.clone()))
}

fn plan(layer: Part, config: ImageConfig) -> Plan<'static> {
    let layer = PlannedLayer { part: layer, blob: Form::AsShipped(None), diff_id: None };
    Plan {
        names: Vec::new(),
        manifest: None,
        config: PlannedConfig::Made(Box::new(config)),
        layers: vec![Inbound::Here(layer)],
        company: Company::default(),
    }
}

fn bare() -> ImageConfig {
    ImageConfig {
        architecture: host_architecture().to_owned(),
        os: "linux".to_owned(),
        ..ImageConfig::default()
    }
}
