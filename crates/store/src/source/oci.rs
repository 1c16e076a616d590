//! OCI image layouts (image-spec, image-layout.md), packed or not, and containers-transports' `dir:`.

use std::collections::BTreeSet;

use model::digest::{ClaimedDigest, Digest};
use model::oci::{CONTAINERD_NAME, DOCKER_MANIFEST, Descriptor, Index, Manifest, OCI_MANIFEST, REF_NAME};

use crate::attached::is_any_tag;
use crate::error::{Result, StoreError};
use crate::limits::Limits;
use crate::source::{
    Company, Container, Form, Inbound, Part, Plan, PlannedConfig, PlannedLayer, not_an_image,
};
use crate::wire::{ConfigFile, host_architecture, parse};

/// How deep indexes may nest: an index in index.json is common, one more is legal.
const MAX_NESTING: usize = 3;

/// Finds the part that holds a blob.
type Blobs<'a> = dyn Fn(ClaimedDigest) -> Result<Part> + 'a;

/// `blobs/sha256/HEX`, starting from index.json.
pub(super) fn layout(
    container: &Container,
    selector: Option<&str>,
    limits: &Limits,
) -> Result<Plan<'static>> {
    let blobs = |digest: ClaimedDigest| container.part(&format!("blobs/sha256/{}", digest.hex()));
    let index = container.part("index.json")?;
    let mut index: Index = parse(&index.bytes(limits.manifest, "bytes in an index")?, &index.label)?;
    let listed = index.manifests.clone();
    let (mut names, mut subjects, mut selector) = (Vec::new(), Vec::new(), selector);
    for _ in 0..=MAX_NESTING {
        let level = index.manifests.clone();
        let chosen = choose(index.manifests, selector, &container.label)?;
        if names.is_empty() {
            names = names_of(&level, &chosen, selector.take());
        }
        let bytes = checked(&blobs, &chosen, limits.manifest, "bytes in a manifest")?;
        subjects.push(chosen.digest);
        if !chosen.is_index() {
            let company = Company::of(container, &listed, &subjects, limits);
            return Ok(Plan { company, ..image(bytes, &chosen.media_type, names, &blobs, limits)? });
        }
        index = parse(&bytes, &chosen.digest.to_string())?;
    }
    Err(not_an_image(&container.label, "its indexes nest too deep"))
}

/// What an index calls a manifest, which may be listed once for each name; where it was asked for by one, that one.
fn names_of(level: &[Descriptor], chosen: &Descriptor, selector: Option<&str>) -> Vec<String> {
    let name = |listed: &Descriptor| {
        listed.annotation(CONTAINERD_NAME).or(listed.annotation(REF_NAME)).map(str::to_owned)
    };
    match selector {
        Some(_) => name(chosen).into_iter().collect(),
        None => level.iter().filter(|listed| listed.digest == chosen.digest).filter_map(name).collect(),
    }
}

/// manifest.json and one file per blob, named by its hex digits alone.
pub(super) fn flat(container: &Container, limits: &Limits) -> Result<Plan<'static>> {
    let blobs = |digest: ClaimedDigest| container.part(&digest.hex());
    let manifest = container.part("manifest.json")?;
    let bytes = manifest.bytes(limits.manifest, "bytes in a manifest")?;
    image(bytes, "", Vec::new(), &blobs, limits)
}

/// The manifests that have a name, or all of them; artifacts that only lie beside an image need to be named, and so do
/// those that cosign keeps under a tag made of the image's digest. What has several names is one.
pub(crate) fn answering(
    manifests: Vec<Descriptor>,
    selector: Option<&str>,
    label: &str,
) -> Result<Vec<Descriptor>> {
    let is_named = |descriptor: &Descriptor| {
        let name = descriptor.annotation(REF_NAME);
        selector.is_none_or(|wanted| name.is_some_and(|name| answers_to(name, wanted)))
    };
    let mut named: Vec<Descriptor> = manifests.into_iter().filter(is_named).collect();
    let is_image = |descriptor: &Descriptor| {
        descriptor.artifact_type.is_none() && !descriptor.annotation(REF_NAME).is_some_and(is_any_tag)
    };
    if selector.is_none() && named.iter().any(is_image) {
        named.retain(is_image);
    }
    let mut seen = BTreeSet::new();
    named.retain(|descriptor| seen.insert(descriptor.digest));
    if named.is_empty() {
        return Err(not_an_image(label, format!("it has no image `{}`", selector.unwrap_or_default())));
    }
    Ok(named)
}

/// One manifest of several: by name, and then by platform.
fn choose(manifests: Vec<Descriptor>, selector: Option<&str>, label: &str) -> Result<Descriptor> {
    let name = |descriptor: &Descriptor| descriptor.annotation(REF_NAME).map(str::to_owned);
    let mut named = answering(manifests, selector, label)?;
    let names: Vec<String> = named.iter().filter_map(name).collect();
    let platforms: Vec<String> = named.iter().filter_map(platform).collect();
    let wanted = format!("linux/{}", host_architecture());
    named.retain(|descriptor| platform(descriptor).is_none_or(|platform| platform == wanted));
    match named.len() {
        0 => Err(StoreError::Platform { what: label.to_owned(), wanted, available: platforms }),
        1 => named.pop().ok_or(StoreError::Stopped),
        _ if platforms.is_empty() => Err(StoreError::Several { what: label.to_owned(), names }),
        _ => named.into_iter().find(|descriptor| platform(descriptor).is_some()).ok_or(StoreError::Stopped),
    }
}

/// A whole name, or the end of one: `nginx` for `docker.io/library/nginx:latest`.
pub(super) fn answers_to(name: &str, wanted: &str) -> bool {
    let untagged = name.strip_suffix(":latest").unwrap_or(name);
    [name, untagged].iter().any(|name| {
        name.strip_suffix(wanted).is_some_and(|before| before.is_empty() || before.ends_with(['/', ':']))
    })
}

fn platform(descriptor: &Descriptor) -> Option<String> {
    descriptor.platform.as_ref().map(|platform| format!("{}/{}", platform.os, platform.architecture))
}

/// A small blob, its size and digest checked.
fn checked(blobs: &Blobs<'_>, descriptor: &Descriptor, limit: u64, what: &'static str) -> Result<Vec<u8>> {
    let part = blobs(descriptor.digest)?;
    check_size(&part, descriptor)?;
    let bytes = part.bytes(limit, what)?;
    match descriptor.digest.confirm(Digest::of(&bytes)) {
        Ok(_) => Ok(bytes),
        Err(mismatch) => Err(StoreError::mismatch(part.label, mismatch)),
    }
}

fn check_size(part: &Part, descriptor: &Descriptor) -> Result<()> {
    if part.length == descriptor.size {
        return Ok(());
    }
    Err(StoreError::size(part.label.as_str(), descriptor.size, part.length))
}

fn image(
    bytes: Vec<u8>,
    media_type: &str,
    names: Vec<String>,
    blobs: &Blobs<'_>,
    limits: &Limits,
) -> Result<Plan<'static>> {
    let manifest = manifest(&bytes)?;
    let config = checked(blobs, &manifest.config, limits.config, "bytes in a configuration")?;
    let layer = |(descriptor, diff_id): (Descriptor, ClaimedDigest)| {
        let part = blobs(descriptor.digest)?;
        check_size(&part, &descriptor)?;
        let blob = Form::AsShipped(Some(descriptor.digest));
        Ok(Inbound::Here(PlannedLayer { part, blob, diff_id: Some(diff_id) }))
    };
    let media_type = if media_type.is_empty() { manifest.media_type.as_str() } else { media_type };
    let media_type = kept_type(media_type).to_owned();
    let layers = layers(manifest.layers, &config)?.into_iter().map(layer).collect::<Result<_>>()?;
    let (config, company) = (PlannedConfig::Shipped(config), Company::default());
    Ok(Plan { names, manifest: Some((bytes, media_type)), config, layers, company })
}

/// What a manifest and its configuration, both from elsewhere, say together: every layer with its diff id.
/// The configuration is checked against the manifest.
pub(crate) fn described(
    bytes: &[u8],
    config: &[u8],
    limits: &Limits,
) -> Result<Vec<(Descriptor, ClaimedDigest)>> {
    let bounded = |what: &str, limit, length: usize, allowed| {
        let passes = length as u64 > allowed;
        if passes { Err(StoreError::Limit { what: what.to_owned(), limit, allowed }) } else { Ok(()) }
    };
    bounded("the manifest", "bytes in a manifest", bytes.len(), limits.manifest)?;
    bounded("the configuration", "bytes in a configuration", config.len(), limits.config)?;
    let manifest = manifest(bytes)?;
    let (claimed, found) = (manifest.config.size, config.len() as u64);
    if claimed != found {
        return Err(StoreError::size("the configuration", claimed, found));
    }
    let confirmed = manifest.config.digest.confirm(Digest::of(config));
    confirmed.map_err(|mismatch| StoreError::mismatch("the configuration", mismatch))?;
    layers(manifest.layers, config)
}

fn manifest(bytes: &[u8]) -> Result<Manifest> {
    let manifest: Manifest = parse(bytes, "the manifest")?;
    if manifest.schema_version == 2 {
        return Ok(manifest);
    }
    Err(not_an_image("the manifest", format!("its schema version is {}", manifest.schema_version)))
}

fn layers(layers: Vec<Descriptor>, config: &[u8]) -> Result<Vec<(Descriptor, ClaimedDigest)>> {
    let diff_ids = parse::<ConfigFile>(config, "the configuration")?.rootfs.diff_ids;
    if diff_ids.len() != layers.len() {
        let why = format!("it has {} layers, but its configuration lists {}", layers.len(), diff_ids.len());
        return Err(not_an_image("the manifest", why));
    }
    layers.iter().try_for_each(check_media_type)?;
    Ok(layers.into_iter().zip(diff_ids).collect())
}

/// The media type that an image's manifest is kept under.
pub(crate) fn kept_type(media_type: &str) -> &'static str {
    if media_type == DOCKER_MANIFEST { DOCKER_MANIFEST } else { OCI_MANIFEST }
}

/// Whether a media type is a layer's, of either family.
pub(crate) fn is_layer(descriptor: &Descriptor) -> bool {
    [".layer.", ".rootfs."].iter().any(|part| descriptor.media_type.contains(part))
}

/// Tar, plain or packed with gzip or zstd, by either family's name. What it really is, its bytes say.
pub(crate) fn check_media_type(layer: &Descriptor) -> Result<()> {
    let media_type = layer.media_type.as_str();
    let (base, packing) = media_type.rsplit_once(['+', '.']).unwrap_or((media_type, ""));
    let is_known = matches!(packing, "tar" | "gzip" | "zstd") && !base.ends_with("+encrypted");
    if is_layer(layer) && is_known {
        return Ok(());
    }
    let (layer, media_type) = (layer.digest.to_string(), media_type.to_owned());
    Err(StoreError::Compression { layer, media_type })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_tar_plain_gzip_or_zstd_and_nothing_else() {
        let check = |media_type: &str| {
            let digest = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
            check_media_type(&Descriptor::new(media_type, digest, 0))
        };
        for known in [
            "application/vnd.oci.image.layer.v1.tar",
            "application/vnd.oci.image.layer.v1.tar+gzip",
            "application/vnd.oci.image.layer.v1.tar+zstd",
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "application/vnd.docker.image.rootfs.diff.tar.gzip",
        ] {
            assert!(check(known).is_ok(), "{known}");
        }
        for unknown in [
            "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
            "application/vnd.oci.image.layer.v1.tar+lz4",
            "application/vnd.in-toto+json",
            "",
        ] {
            assert_eq!(check(unknown).unwrap_err().code(), "E-store-compression", "{unknown}");
        }
    }

    #[test]
    fn a_selector_is_a_name_or_the_end_of_one() {
        assert!(answers_to("docker.io/library/nginx:latest", "nginx"));
        assert!(answers_to("docker.io/library/nginx:latest", "nginx:latest"));
        assert!(answers_to("app:1.2", "1.2"));
        assert!(!answers_to("app:11.2", "1.2"));
        assert!(!answers_to("mynginx:latest", "nginx"));
    }
}
