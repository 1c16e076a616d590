//! A container's files without the container: for whoever looks at them while nothing of it runs.

use model::image::Image;
use model::request::RunRequest;
use model::spec::{Hardening, Landlock, Linux, NamespaceKind, Overlay, OverlayDurability, Root, Spec, Text};

use super::{ConfineError, OCI_VERSION, Placement, hardening, mounts, namespaces};
use crate::capabilities::CapabilitySet;

/// Writes the part of the spec that the files need: root, ids, islands and what is bound from elsewhere.
/// There is no process in it, so that it takes no permit and cannot be started.
///
/// # Errors
/// [`ConfineError`]: the placement lacks something.
pub fn furnish(request: &RunRequest, image: &Image, placement: &Placement) -> Result<Spec, ConfineError> {
    let mut mounts = mounts::asked(request, &image.config, placement)?;
    mounts.retain(|mount| mount.kind == "bind");
    let mut namespaces = namespaces(request);
    namespaces.retain(|space| matches!(space.kind, NamespaceKind::User | NamespaceKind::Mount));
    let hardening = hardening(request, image, placement, CapabilitySet::default());
    Ok(Spec {
        oci_version: Text::Borrowed(OCI_VERSION),
        root: Root { path: "rootfs".to_owned(), readonly: false },
        mounts,
        linux: Linux {
            uid_mappings: placement.uid_map.clone(),
            gid_mappings: placement.gid_map.clone(),
            namespaces,
            ..Linux::default()
        },
        hardening: Some(Hardening {
            overlay: hardening.overlay.map(synced),
            islands: hardening.islands,
            landlock: Landlock::Off,
            ..Hardening::default()
        }),
        ..Spec::default()
    })
}

/// What somebody puts in stays, whatever becomes of the container.
fn synced(overlay: Overlay) -> Overlay {
    Overlay { durability: OverlayDurability::Synced, ..overlay }
}
