//! `docker save`: manifest.json, configurations and layers in a tar archive
//! (Docker image specification 1.2, "Combined Image JSON + Filesystem Changeset Format").

use model::digest::{ClaimedDigest, Digest};

use crate::error::{Result, StoreError};
use crate::limits::Limits;
use crate::source::{
    Company, Container, Form, Inbound, Part, Plan, PlannedConfig, PlannedLayer, not_an_image,
};
use crate::wire::{ConfigFile, DockerImage, parse};

pub(super) fn plan(archive: &Container, selector: Option<&str>, limits: &Limits) -> Result<Plan<'static>> {
    let image = chosen(archive, selector, limits)?;
    let (config, parts) = contents(archive, &image, limits)?;
    let layer = |(part, diff_id)| {
        Inbound::Here(PlannedLayer { part, blob: Form::Uncompressed, diff_id: Some(diff_id) })
    };
    Ok(Plan {
        names: image.repo_tags.unwrap_or_default(),
        manifest: None,
        config: PlannedConfig::Shipped(config),
        layers: parts.into_iter().map(layer).collect(),
        company: Company::default(),
    })
}

/// A configuration, and every layer with its diff id.
type Parts = (Vec<u8>, Vec<(Part, ClaimedDigest)>);

/// The configuration and the layers of the image that `selector` names, or of the only one.
pub(crate) fn parts(archive: &Container, selector: Option<&str>, limits: &Limits) -> Result<Parts> {
    contents(archive, &chosen(archive, selector, limits)?, limits)
}

fn chosen(archive: &Container, selector: Option<&str>, limits: &Limits) -> Result<DockerImage> {
    let manifest = archive.part("manifest.json")?;
    let images = parse(&manifest.bytes(limits.manifest, "bytes in a manifest")?, &manifest.label)?;
    choose(images, selector, &archive.label)
}

fn contents(archive: &Container, image: &DockerImage, limits: &Limits) -> Result<Parts> {
    let config = archive.part(&image.config)?;
    let bytes = config.bytes(limits.config, "bytes in a configuration")?;
    check_name(&image.config, &bytes)?;
    let diff_ids = parse::<ConfigFile>(&bytes, &config.label)?.rootfs.diff_ids;
    if diff_ids.len() != image.layers.len() {
        let why =
            format!("it has {} layers, but its configuration lists {}", image.layers.len(), diff_ids.len());
        return Err(not_an_image(&archive.label, why));
    }
    let part = |(name, diff_id): (&String, ClaimedDigest)| Ok((archive.part(name)?, diff_id));
    let parts = image.layers.iter().zip(diff_ids).map(part).collect::<Result<_>>()?;
    Ok((bytes, parts))
}

fn choose(images: Vec<DockerImage>, selector: Option<&str>, label: &str) -> Result<DockerImage> {
    let names = |image: &DockerImage| image.repo_tags.clone().unwrap_or_default();
    let all: Vec<String> = images.iter().flat_map(names).collect();
    let is_chosen = |image: &DockerImage| {
        selector.is_none_or(|wanted| names(image).iter().any(|name| super::oci::answers_to(name, wanted)))
    };
    let mut chosen = images.into_iter().filter(is_chosen);
    match (chosen.next(), chosen.next()) {
        (Some(image), None) => Ok(image),
        (Some(_), Some(_)) => Err(StoreError::Several { what: label.to_owned(), names: all }),
        (None, _) => Err(not_an_image(label, format!("it has no image `{}`", selector.unwrap_or_default()))),
    }
}

/// The configuration's file name is its digest where it looks like one.
fn check_name(name: &str, bytes: &[u8]) -> Result<()> {
    let stem = name.rsplit('/').next().unwrap_or(name);
    let stem = stem.strip_suffix(".json").unwrap_or(stem);
    let stem = stem.strip_prefix("sha256:").unwrap_or(stem);
    let Ok(claimed) = format!("sha256:{stem}").parse::<ClaimedDigest>() else { return Ok(()) };
    let confirmed = claimed.confirm(Digest::of(bytes));
    confirmed.map(drop).map_err(|mismatch| StoreError::mismatch(name, mismatch))
}
