//! Confinement: a permit, a request, an image and a place become a hardened OCI runtime spec.

use model::image::Image;
use model::permit::Permit;
use model::request::{HostNamespace, Network, RunRequest};
use model::spec::{
    Hardening, IdMapping, InjectedFile, Landlock, Linux, Namespace, NamespaceKind, Overlay,
    OverlayDurability, Resources, Root, Spec, Text,
};
use model::verdict::Level;

use crate::asks;
use crate::capabilities::{CapabilitySet, StartsAs};
use crate::seccomp::MemfdGuard;
use crate::{capabilities, islands, seccomp};

mod devices;
mod error;
mod exec;
mod furnish;
mod io;
mod limits;
mod mounts;
mod paths;
mod ports;
mod process;
mod step;
mod upkeep;
pub(crate) mod sysctl;

pub use error::ConfineError;
pub(crate) use exec::validate_exec;
pub use exec::{ExecPlace, confine_exec};
pub use furnish::furnish;
use limits::Group;
pub(crate) use limits::pids_limit;

/// Version of the runtime specification that the specs follow.
const OCI_VERSION: &str = "1.3.0";

/// What only the engine knows: where things lie and which ids were reserved.
#[derive(Debug, Clone, Default)]
pub struct Placement {
    /// The container's id.
    pub container: String,
    /// Its host name.
    pub hostname: String,
    /// The user of request or image, resolved in the image's /etc/passwd and /etc/group.
    pub user: ResolvedUser,
    /// Inside to outside; empty with `--userns host`.
    pub uid_map: Vec<IdMapping>,
    /// Inside to outside; empty with `--userns host`.
    pub gid_map: Vec<IdMapping>,
    /// Layers, top first: absolute host paths.
    pub lower: Vec<String>,
    /// Where writes go: an absolute host path.
    pub upper: String,
    /// overlayfs' scratch directory beside `upper`.
    pub work: String,
    /// Where the volumes lie that the request or the image wants.
    pub volumes: Vec<VolumePlace>,
    /// Where the mounts lie that only a step of a build has.
    pub views: Vec<ViewPlace>,
    /// Which of the mounted host files show the container's ids.
    pub mapped: MappedMounts,
    /// The host's nodes of `--device`, in the request's order.
    pub devices: Vec<HostDevice>,
    /// The host's nodes of the request's I/O limits, in any order.
    pub disks: Vec<HostDevice>,
    /// Files that the engine makes: /etc/hosts, /etc/hostname, /etc/resolv.conf.
    pub files: Vec<InjectedFile>,
    /// The container's control group, below the hierarchies' roots; empty where it can have none.
    pub cgroup: String,
    /// What keeps memory files from being executed on this host.
    pub memfd: MemfdGuard,
    /// The host's memory, in bytes.
    pub host_memory: u64,
    /// The highest hard limit on open files that can be set: launch's own where it lacks
    /// CAP_SYS_RESOURCE on the host, else the host's `fs.nr_open`.
    pub max_open_files: u64,
}

impl Placement {
    fn group(&self) -> Group {
        if self.cgroup.is_empty() { Group::None } else { Group::Own }
    }
}

/// A user with all names resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResolvedUser {
    /// User id in the container.
    pub uid: u32,
    /// Group id in the container.
    pub gid: u32,
    /// Supplementary groups, those of `--group-add` among them.
    pub groups: Vec<u32>,
    /// Home directory; empty where the image does not say.
    pub home: String,
}

/// Where one volume lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumePlace {
    /// The mount's target in the container, as the request or the image spells it.
    pub target: String,
    /// Absolute host path.
    pub path: String,
}

/// Where one mount of a build's step lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewPlace {
    /// The mount's target in the container, as the request spells it.
    pub target: String,
    /// What is mounted there.
    pub view: View,
}

/// What is mounted for a build's step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// A host path whose files have the owners that the container sees.
    Mapped(String),
    /// A host path whose files have the container's ids already.
    Plain(String),
    /// Layers, one over the other.
    Overlay(Overlay),
}

/// Which mounts are idmapped: files of host uid 0 (for volumes: of the volume's root) appear as
/// those of container uid 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MappedMounts {
    /// None: files keep their host ids, or lie on the host with the container's ids.
    #[default]
    None,
    /// Volumes, which are the engine's own.
    Volumes,
    /// Volumes and bind mounts.
    VolumesAndBinds,
}

/// A device node of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostDevice {
    /// Absolute host path, as the request spells it.
    pub path: String,
    /// Character or block.
    pub kind: DeviceKind,
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
}

/// The two kinds of device nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// `c`
    Character,
    /// `b`
    Block,
}

/// Checks all of a request that needs no placement: `decide` calls it before it makes a permit.
///
/// # Errors
/// The first [`ConfineError`].
pub fn validate(request: &RunRequest, image: &Image) -> Result<(), ConfineError> {
    capabilities::granted(request, asks::starts_as(request, image))?;
    process::arguments(request, &image.config)?;
    process::environment_is_well_formed(request, &image.config)?;
    process::working_dir(request, &image.config)?;
    limits::check(request)?;
    limits::rlimits(request, u64::MAX, limits::Group::Own)?;
    sysctl::check(request)?;
    devices::check(request)?;
    upkeep::check(request, image)?;
    ports::check(request)?;
    step::check(request)?;
    mounts::check(request, &image.config)
}

/// Writes the spec of the container that the permit is for.
///
/// # Errors
/// [`ConfineError`]: the permit is for something else, the placement lacks something, or the request
/// cannot be carried out.
pub fn confine(
    permit: &Permit,
    request: &RunRequest,
    image: &Image,
    placement: &Placement,
) -> Result<Spec, ConfineError> {
    permits(permit, request, image, placement)?;
    validate(request, image)?;
    let starts_as = StartsAs::from_uid(placement.user.uid);
    let granted = capabilities::granted(request, starts_as)?;
    Ok(Spec {
        oci_version: Text::Borrowed(OCI_VERSION),
        process: process::process(request, image, placement, granted)?,
        root: Root { path: "rootfs".to_owned(), readonly: request.read_only },
        hostname: hostname(request, placement),
        mounts: mounts::mounts(request, &image.config, placement)?,
        annotations: std::collections::BTreeMap::from([(
            "org.cofferdam.image".to_owned(),
            image.digest.to_string(),
        )]),
        linux: linux(request, placement, granted)?,
        hardening: Some(hardening(request, image, placement, granted)),
        ..Spec::default()
    })
}

/// The limits of a container that exists already and whose request has changed; as [`confine`] would write
/// them at its next start. `host_memory` in bytes, `disks` are those of the request's I/O limits.
///
/// # Errors
/// The first limit that cannot be.
pub fn resources(
    request: &RunRequest,
    host_memory: u64,
    disks: &[HostDevice],
) -> Result<Resources, ConfineError> {
    limits::resources(request, host_memory, disks)
}

/// The permit is for this container and image, and names everything that the request asks for.
fn permits(
    permit: &Permit,
    request: &RunRequest,
    image: &Image,
    placement: &Placement,
) -> Result<(), ConfineError> {
    if permit.container() != placement.container || permit.image() != image.digest {
        return Err(ConfineError::OtherPermit { what: "container or image" });
    }
    let asks = asks::asks(request, image, &[]);
    let silent = |ask: &asks::Ask| ask.rule.grant == asks::Grant::BelowRestricted;
    let named = |ask: &asks::Ask| permit.exceptions().contains(&ask.exception);
    if !asks.iter().all(|ask| silent(ask) || named(ask)) {
        return Err(ConfineError::OtherPermit { what: "request" });
    }
    if permit.level() == Level::Restricted && placement.user.uid == 0 {
        return Err(ConfineError::RootAtRestricted);
    }
    Ok(())
}

fn hostname(request: &RunRequest, placement: &Placement) -> String {
    if request.host_namespaces.contains(&HostNamespace::Uts) {
        String::new()
    } else {
        placement.hostname.clone()
    }
}

fn linux(request: &RunRequest, placement: &Placement, granted: CapabilitySet) -> Result<Linux, ConfineError> {
    let unfiltered = request.privileged || request.seccomp_unconfined;
    let (masked, readonly) = paths::hidden(request);
    Ok(Linux {
        uid_mappings: placement.uid_map.clone(),
        gid_mappings: placement.gid_map.clone(),
        namespaces: namespaces(request),
        devices: devices::devices(request, placement)?,
        cgroups_path: placement.cgroup.clone(),
        resources: match placement.group() {
            Group::Own => limits::resources(request, placement.host_memory, &placement.disks)?,
            Group::None => limits::asked(request, &placement.disks)?,
        },
        seccomp: (!unfiltered).then(|| seccomp::filter(granted, memfd_filter(request, placement))),
        masked_paths: masked,
        readonly_paths: readonly,
        sysctl: sysctl::settings(request, placement),
        ..Linux::default()
    })
}

/// All eight, less those that are the host's.
fn namespaces(request: &RunRequest) -> Vec<Namespace> {
    let shared = |kind| match kind {
        NamespaceKind::User => request.host_namespaces.contains(&HostNamespace::User),
        NamespaceKind::Pid => request.host_namespaces.contains(&HostNamespace::Pid),
        NamespaceKind::Ipc => request.host_namespaces.contains(&HostNamespace::Ipc),
        NamespaceKind::Uts => request.host_namespaces.contains(&HostNamespace::Uts),
        NamespaceKind::Cgroup => request.host_namespaces.contains(&HostNamespace::Cgroup),
        NamespaceKind::Network => request.network == Network::Host,
        NamespaceKind::Mount | NamespaceKind::Time => false,
    };
    NamespaceKind::ALL
        .into_iter()
        .filter(|kind| !shared(*kind))
        .map(|kind| Namespace { kind, path: None })
        .collect()
}

/// With `--mutable` memory files may be executed like everything else.
fn memfd_filter(request: &RunRequest, placement: &Placement) -> MemfdGuard {
    if request.mutable { MemfdGuard::Sysctl } else { memfd_guard(request, placement) }
}

/// With the host's pid namespace the sysctl would be the host's.
fn memfd_guard(request: &RunRequest, placement: &Placement) -> MemfdGuard {
    let host_pids = request.host_namespaces.contains(&HostNamespace::Pid);
    if host_pids { MemfdGuard::Filter } else { placement.memfd }
}

fn hardening(
    request: &RunRequest,
    image: &Image,
    placement: &Placement,
    granted: CapabilitySet,
) -> Hardening {
    let open = request.privileged || request.mutable;
    let memfd_sysctl = !open && memfd_guard(request, placement) == MemfdGuard::Sysctl;
    // Landlock refuses every mount to those it restricts, whatever their capabilities.
    let mounter = granted.contains(CapabilitySet::SYS_ADMIN);
    let mounted = mounts::targets(request, &image.config);
    let files = injected(placement, &mounted);
    let covered: Vec<_> = files.iter().map(|file| file.path.clone()).chain(mounted).collect();
    Hardening {
        overlay: Some(Overlay {
            lower: placement.lower.clone(),
            upper: placement.upper.clone(),
            work: placement.work.clone(),
            durability: if request.remove { OverlayDurability::Volatile } else { OverlayDurability::Synced },
        }),
        islands: if open { Vec::new() } else { islands::islands(image, &covered) },
        landlock: if request.privileged || mounter { Landlock::Off } else { Landlock::Required },
        memfd_noexec: memfd_sysctl.then_some(2),
        files,
        scripts: step::scripts(request),
        secrets: step::secrets(request),
    }
}

/// The engine's files, less those that the person mounts over.
fn injected(placement: &Placement, mounted: &[String]) -> Vec<InjectedFile> {
    placement.files.iter().filter(|file| !mounted.contains(&file.path)).cloned().collect()
}

#[cfg(test)]
mod tests;
