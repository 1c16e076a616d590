//! Mounts: the kernel's filesystems, then what was asked for, parents before children.

use model::image::ImageConfig;
use model::request::{Access, ExecMode, HostNamespace, MountRequest, MountSource, Network, RunRequest};
use model::spec::{IdMapping, Mount, Text};

use super::process::normalised;
use super::{ConfineError, MappedMounts, Placement, View};
use crate::hostpaths::{components, within};

/// Size of /dev/shm and of a tmpfs for which none was given: Docker's.
const TMPFS_SIZE: u64 = 64 << 20;
/// Group of terminals in every distribution.
const TTY_GROUP: u32 = 5;
/// Mounts that a request may replace.
const REPLACEABLE: [&str; 2] = ["/dev/shm", "/dev/mqueue"];

/// Every target is a directory that may be covered, and no two are the same.
pub(super) fn check(request: &RunRequest, config: &ImageConfig) -> Result<(), ConfineError> {
    let mut seen: Vec<(String, &str)> = Vec::with_capacity(request.mounts.len());
    for mount in &request.mounts {
        let target = target(&mount.target)?;
        if let Some((target, first)) = seen.iter().find(|(known, _)| *known == target) {
            let (target, first) = (target.clone(), (*first).to_owned());
            return Err(ConfineError::MountTwice { target, first, second: mount.asked_by.clone() });
        }
        seen.push((target, &mount.asked_by));
    }
    config.volumes.iter().try_for_each(|volume| target(volume).map(|_| ()))
}

/// A target, normalised. /dev, /proc and /sys are the container's face of the kernel and are never
/// covered (CVE-2019-16884, CVE-2023-27561); what lies below /dev may be.
pub(super) fn target(text: &str) -> Result<String, ConfineError> {
    let refused = |why| ConfineError::MountTarget { target: text.to_owned(), why };
    let path = normalised(text).ok_or_else(|| refused("it is not an absolute path without `..`"))?;
    if path == "/" {
        return Err(refused("the root is the image"));
    }
    if path == "/dev" || path == "/dev/pts" || within(&path, "/proc") || within(&path, "/sys") {
        return Err(refused("it is the kernel's"));
    }
    Ok(path)
}

/// Normalised targets of the request's mounts and the image's volumes: what of the image is covered.
pub(super) fn targets(request: &RunRequest, config: &ImageConfig) -> Vec<String> {
    let asked = request.mounts.iter().map(|mount| &mount.target);
    asked.chain(&config.volumes).filter_map(|path| normalised(path)).collect()
}

/// All mounts, in the order in which they are made.
pub(super) fn mounts(
    request: &RunRequest,
    config: &ImageConfig,
    placement: &Placement,
) -> Result<Vec<Mount>, ConfineError> {
    let asked = asked(request, config, placement)?;
    let mut mounts = kernel_filesystems(request, placement);
    mounts.retain(|mount| {
        !REPLACEABLE.contains(&&*mount.destination)
            || !asked.iter().any(|other| other.destination == mount.destination)
    });
    mounts.extend(asked);
    Ok(mounts)
}

/// Those that request and image ask for.
pub(super) fn asked(
    request: &RunRequest,
    config: &ImageConfig,
    placement: &Placement,
) -> Result<Vec<Mount>, ConfineError> {
    let mut asked = Vec::new();
    for mount in &request.mounts {
        asked.push(requested(mount, placement)?);
    }
    for volume in &config.volumes {
        let target = target(volume)?;
        if !asked.iter().any(|mount| mount.destination == target) {
            let path = place(volume, placement)?;
            asked.push(volume_mount(target, path, Access::ReadWrite, ExecMode::Refused, placement));
        }
    }
    asked.sort_by_key(|mount| components(&mount.destination).count());
    Ok(asked)
}

fn requested(mount: &MountRequest, placement: &Placement) -> Result<Mount, ConfineError> {
    let target = target(&mount.target)?;
    Ok(match &mount.source {
        MountSource::Bind { path } => {
            let mut options = bind_options(mount.access, mount.exec);
            if placement.mapped == MappedMounts::VolumesAndBinds && !placement.uid_map.is_empty() {
                options.push(Text::Borrowed("idmap"));
            }
            bind(target, path.clone(), options)
        }
        MountSource::Tmpfs { size, mode } => tmpfs(target, mount, *size, *mode),
        MountSource::Volume { .. } => {
            volume_mount(target, place(&mount.target, placement)?, mount.access, mount.exec, placement)
        }
        MountSource::Layers { .. } | MountSource::Cache { .. } | MountSource::Agent { .. } => {
            viewed(target, mount, placement)?
        }
    })
}

/// What only a step of a build has.
fn viewed(target: String, mount: &MountRequest, placement: &Placement) -> Result<Mount, ConfineError> {
    let place = placement.views.iter().find(|place| place.target == mount.target);
    let place =
        place.ok_or_else(|| ConfineError::Unplaced { what: format!("the mount at {}", mount.target) })?;
    Ok(match &place.view {
        View::Mapped(path) => volume_mount(target, path.clone(), mount.access, mount.exec, placement),
        View::Plain(path) => bind(target, path.clone(), bind_options(mount.access, mount.exec)),
        View::Overlay(overlay) => Mount {
            destination: target,
            kind: Text::Borrowed("overlay"),
            source: Text::Borrowed("overlay"),
            options: bind_options(mount.access, mount.exec)
                .into_iter()
                .filter(|word| word != "rbind")
                .collect(),
            overlay: Some(overlay.clone()),
            ..Mount::default()
        },
    })
}

fn place(target: &str, placement: &Placement) -> Result<String, ConfineError> {
    let wanted = normalised(target);
    let place = placement.volumes.iter().find(|place| normalised(&place.target) == wanted);
    place
        .map(|place| place.path.clone())
        .ok_or_else(|| ConfineError::Unplaced { what: format!("the volume at {target}") })
}

fn volume_mount(
    target: String,
    path: String,
    access: Access,
    exec: ExecMode,
    placement: &Placement,
) -> Mount {
    let mut options = bind_options(access, exec);
    if placement.mapped != MappedMounts::None && !placement.uid_map.is_empty() {
        options.push(Text::Borrowed("idmap"));
    }
    bind(target, path, options)
}

fn bind(destination: String, source: String, options: Vec<Text>) -> Mount {
    Mount {
        destination,
        kind: Text::Borrowed("bind"),
        source: Text::Owned(source),
        options,
        ..Mount::default()
    }
}

/// The recursive forms (config.md "Linux mount options"): the others leave what is mounted below the
/// source with the flags it has on the host.
fn bind_options(access: Access, exec: ExecMode) -> Vec<Text> {
    let mut options = vec!["rbind", "rprivate", "rnosuid", "rnodev"];
    if exec == ExecMode::Refused {
        options.push("rnoexec");
    }
    if access == Access::ReadOnly {
        options.push("rro");
    }
    options.into_iter().map(Text::Borrowed).collect()
}

fn tmpfs(destination: String, mount: &MountRequest, size: Option<u64>, mode: Option<u32>) -> Mount {
    let mut options = texts(&["nosuid", "nodev"]);
    if mount.exec == ExecMode::Refused {
        options.push(Text::Borrowed("noexec"));
    }
    if mount.access == Access::ReadOnly {
        options.push(Text::Borrowed("ro"));
    }
    options.push(Text::Owned(format!("size={}", size.unwrap_or(TMPFS_SIZE))));
    options.push(Text::Owned(format!("mode={:04o}", mode.unwrap_or(0o1777) & 0o7777)));
    Mount {
        destination,
        kind: Text::Borrowed("tmpfs"),
        source: Text::Borrowed("tmpfs"),
        options,
        ..Mount::default()
    }
}

/// /proc, /dev and /sys, and what lies on them.
fn kernel_filesystems(request: &RunRequest, placement: &Placement) -> Vec<Mount> {
    let host_ipc = request.host_namespaces.contains(&HostNamespace::Ipc);
    vec![
        kernel("/proc", "proc", &["nosuid", "noexec", "nodev"]),
        kernel("/dev", "tmpfs", &["nosuid", "noexec", "strictatime", "mode=0755", "size=65536k"]),
        terminals(&placement.gid_map),
        if host_ipc { host("/dev/shm") } else { shared_memory(request) },
        if host_ipc {
            host("/dev/mqueue")
        } else {
            kernel("/dev/mqueue", "mqueue", &["nosuid", "noexec", "nodev"])
        },
        sysfs(request),
        kernel("/sys/fs/cgroup", "cgroup", &["ro", "nosuid", "noexec", "nodev"]),
    ]
}

fn kernel(destination: &str, kind: &'static str, options: &[&'static str]) -> Mount {
    let kind = Text::Borrowed(kind);
    Mount {
        destination: destination.to_owned(),
        source: kind.clone(),
        kind,
        options: texts(options),
        ..Mount::default()
    }
}

fn host(path: &str) -> Mount {
    bind(path.to_owned(), path.to_owned(), texts(&["rbind", "rprivate", "rnosuid", "rnodev", "rnoexec"]))
}

/// sysfs belongs to the network namespace: with the host's network it is the host's, read-only.
fn sysfs(request: &RunRequest) -> Mount {
    let readonly = (!request.privileged).then_some(Text::Borrowed("ro"));
    if request.network == Network::Host {
        let mut mount = host("/sys");
        mount.options.extend(readonly.and(Some(Text::Borrowed("rro"))));
        return mount;
    }
    let mut mount = kernel("/sys", "sysfs", &["nosuid", "noexec", "nodev"]);
    mount.options.extend(readonly);
    mount
}

fn shared_memory(request: &RunRequest) -> Mount {
    let mut mount = kernel("/dev/shm", "tmpfs", &["nosuid", "noexec", "nodev", "mode=1777"]);
    mount.options.push(Text::Owned(format!("size={}", request.shm_size.unwrap_or(TMPFS_SIZE))));
    mount
}

/// The terminals' group can be set only where it is mapped.
fn terminals(gid_map: &[IdMapping]) -> Mount {
    let holds = |entry: &IdMapping| {
        TTY_GROUP.checked_sub(entry.container_id).is_some_and(|offset| offset < entry.size)
    };
    let mut mount =
        kernel("/dev/pts", "devpts", &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]);
    if gid_map.is_empty() || gid_map.iter().any(holds) {
        mount.options.push(Text::Borrowed("gid=5"));
    }
    mount
}

fn texts(options: &[&'static str]) -> Vec<Text> {
    options.iter().copied().map(Text::Borrowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::confine::VolumePlace;

    fn mount(source: MountSource, target: &str) -> MountRequest {
        MountRequest {
            source,
            target: target.to_owned(),
            access: Access::ReadOnly,
            exec: ExecMode::Refused,
            asked_by: format!("-v {target}"),
        }
    }

    fn bound(target: &str) -> MountRequest {
        mount(MountSource::Bind { path: "/srv/x".into() }, target)
    }

    fn request(mounts: Vec<MountRequest>) -> RunRequest {
        RunRequest { mounts, ..RunRequest::default() }
    }

    fn destinations(request: &RunRequest, config: &ImageConfig, placement: &Placement) -> Vec<String> {
        mounts(request, config, placement).unwrap().into_iter().map(|mount| mount.destination).collect()
    }

    #[test]
    fn parents_come_before_children() {
        let request = request(vec![bound("/data/a/b"), bound("/data"), bound("/dev/shm"), bound("/data/a")]);
        assert_eq!(
            destinations(&request, &ImageConfig::default(), &Placement::default()),
            [
                "/proc",
                "/dev",
                "/dev/pts",
                "/dev/mqueue",
                "/sys",
                "/sys/fs/cgroup",
                "/data",
                "/dev/shm",
                "/data/a",
                "/data/a/b"
            ]
        );
    }

    #[test]
    fn an_image_s_volume_gets_storage_unless_the_request_covers_it() {
        let config = ImageConfig { volumes: vec!["/data/".into()], ..ImageConfig::default() };
        let covered = request(vec![bound("/data")]);
        assert!(mounts(&covered, &config, &Placement::default()).is_ok());
        let bare = request(vec![]);
        assert!(matches!(mounts(&bare, &config, &Placement::default()), Err(ConfineError::Unplaced { .. })));
        let volumes = vec![VolumePlace { target: "/data".into(), path: "/v".into() }];
        let placement = Placement { volumes, ..Placement::default() };
        let made = mounts(&bare, &config, &placement).unwrap();
        assert_eq!(made.last().unwrap().source, "/v");
        assert_eq!(made.last().unwrap().options, ["rbind", "rprivate", "rnosuid", "rnodev", "rnoexec"]);
    }

    #[test]
    fn the_kernel_s_directories_and_the_root_are_never_covered() {
        for target in [
            "/",
            "//",
            "/proc",
            "/proc/self",
            "/sys",
            "/sys/fs",
            "/dev",
            "/dev/pts",
            "data",
            "/a/../b",
            "/./",
        ] {
            let error = check(&request(vec![bound(target)]), &ImageConfig::default()).unwrap_err();
            assert!(matches!(error, ConfineError::MountTarget { .. }), "{target}");
        }
    }

    #[test]
    fn one_target_is_mounted_once_however_it_is_spelt() {
        let twice = request(vec![bound("/data"), bound("/./data/")]);
        let error = check(&twice, &ImageConfig::default()).unwrap_err();
        assert_eq!(error.to_string(), "`/data` is mounted twice, by `-v /data` and by `-v /./data/`");
    }

    #[test]
    fn mounts_are_noexec_read_only_and_idmapped_as_asked() {
        let mut exec = bound("/x");
        exec.exec = ExecMode::Allowed;
        exec.access = Access::ReadWrite;
        let map = vec![IdMapping { container_id: 0, host_id: 1, size: 9 }];
        let placement = Placement {
            mapped: MappedMounts::VolumesAndBinds,
            uid_map: map.clone(),
            gid_map: map,
            ..Placement::default()
        };
        let options = |mount: &MountRequest| requested(mount, &placement).unwrap().options;
        assert_eq!(options(&exec), ["rbind", "rprivate", "rnosuid", "rnodev", "idmap"]);
        assert_eq!(
            options(&bound("/x")),
            ["rbind", "rprivate", "rnosuid", "rnodev", "rnoexec", "rro", "idmap"]
        );
        let tmpfs = mount(MountSource::Tmpfs { size: Some(4096), mode: Some(0o700) }, "/t");
        assert_eq!(options(&tmpfs), ["nosuid", "nodev", "noexec", "ro", "size=4096", "mode=0700"]);
    }

    #[test]
    fn what_a_step_of_a_build_mounts_lies_where_the_engine_says() {
        use model::spec::Overlay;

        use crate::confine::ViewPlace;

        let cache = mount(MountSource::Cache { id: "apt".into(), number: 0 }, "/cache");
        let layers = mount(MountSource::Layers { layers: Vec::new(), path: String::new() }, "/src");
        let agent = mount(MountSource::Agent { id: "default".into(), mode: 0o600, owner: (0, 0) }, "/agent");
        let map = vec![IdMapping { container_id: 0, host_id: 1, size: 9 }];
        let overlay = Overlay { lower: vec!["/l/b".into(), "/l/a".into()], ..Overlay::default() };
        let place = |target: &str, view| ViewPlace { target: target.into(), view };
        let placement = Placement {
            views: vec![
                place("/cache", View::Mapped("/c".into())),
                place("/src", View::Overlay(overlay.clone())),
                place("/agent", View::Plain("/a".into())),
            ],
            mapped: MappedMounts::VolumesAndBinds,
            uid_map: map.clone(),
            gid_map: map,
            ..Placement::default()
        };
        let common = ["rprivate", "rnosuid", "rnodev", "rnoexec", "rro"];
        let made = requested(&layers, &placement).unwrap();
        assert_eq!(
            (made.options.as_slice(), made.overlay),
            (common.map(Text::Borrowed).as_slice(), Some(overlay))
        );
        let made = requested(&agent, &placement).unwrap();
        assert_eq!((&*made.source, made.options.contains(&"idmap".into())), ("/a", false));
        let made = requested(&cache, &placement).unwrap();
        assert_eq!((&*made.source, made.options.contains(&"idmap".into())), ("/c", true));
        let lost = Placement { views: Vec::new(), ..placement };
        assert!(matches!(requested(&cache, &lost), Err(ConfineError::Unplaced { .. })));
    }

    #[test]
    fn everything_below_dev_is_noexec() {
        for mount in kernel_filesystems(&RunRequest::default(), &Placement::default()) {
            if mount.destination != "/sys" {
                assert!(mount.options.iter().any(|option| option == "noexec"), "{}", mount.destination);
            }
        }
    }

    #[test]
    fn the_host_s_network_brings_the_host_s_sysfs_read_only() {
        let request = RunRequest { network: Network::Host, ..RunRequest::default() };
        let mount = sysfs(&request);
        assert_eq!((&*mount.kind, &*mount.source), ("bind", "/sys"));
        assert!(mount.options.iter().any(|option| option == "rro"));
    }
}
