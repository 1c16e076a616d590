//! /dev in all its forms.

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};

use model::spec::Device;
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

use super::{Bundle, Container};

fn device(path: &str, kind: &'static str, major: i64, minor: i64) -> Device {
    Device { path: path.into(), kind: kind.into(), major, minor, ..Device::default() }
}

fn expect_defaults(container: &Container) {
    for (name, number) in [("null", (1, 3)), ("zero", (1, 5)), ("full", (1, 7)), ("random", (1, 8))] {
        let node = container.path(&format!("/dev/{name}")).symlink_metadata().unwrap();
        assert!(node.file_type().is_char_device(), "{name}");
        assert_eq!((node.rdev(), node.mode() & 0o777), (makedev(number.0, number.1), 0o666), "{name}");
    }
}

#[test]
fn privileged_the_default_devices_and_links_are_there() {
    let bundle = Bundle::usual();
    let container = bundle.set_up().unwrap();
    expect_defaults(&container);
    for (name, target) in [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("ptmx", "pts/ptmx")] {
        let link = std::fs::read_link(container.path(&format!("/dev/{name}"))).unwrap();
        assert_eq!(link.to_str(), Some(target));
    }
    assert!(container.mounted("/dev").has(&["rw", "nosuid"]));
    assert!(!container.table().contains("/dev/null"), "nodes are made, not bound");
}

#[test]
fn privileged_devices_have_the_owner_and_the_mode_that_were_asked_for() {
    let mut bundle = Bundle::usual();
    let owned =
        Device { file_mode: Some(0o620), uid: Some(7), gid: Some(8), ..device("/dev/net/x", "c", 1, 3) };
    bundle.spec.linux.devices = vec![
        owned,
        Device { file_mode: Some(0o600), ..device("/dev/null", "c", 1, 3) },
        device("/opt/fifo", "p", 0, 0),
        device("/srv/unbuffered", "u", 1, 5),
    ];
    let container = bundle.set_up().unwrap();
    let node = |path| container.path(path).symlink_metadata().unwrap();
    let owned = node("/dev/net/x");
    assert_eq!((owned.mode() & 0o7777, owned.uid(), owned.gid()), (0o620, 7, 8));
    assert_eq!(node("/dev/null").permissions().mode() & 0o777, 0o600, "what was asked for comes first");
    assert!(node("/opt/fifo").file_type().is_fifo());
    assert_eq!(node("/srv/unbuffered").rdev(), makedev(1, 5));
}

#[test]
fn privileged_in_a_user_namespace_the_host_s_devices_are_bound() {
    let mut bundle = Bundle::usual();
    bundle.mapped(100_000);
    bundle.spec.linux.devices = vec![device("/dev/fuse", "c", 10, 229), device("/dev/fifo", "p", 0, 0)];
    let host_has_fuse = std::path::Path::new("/dev/fuse").exists();
    if !host_has_fuse {
        bundle.spec.linux.devices.remove(0);
    }
    let container = bundle.set_up().unwrap();
    expect_defaults(&container);
    assert!(container.mounted("/dev/null").has(&["nosuid", "noexec"]));
    assert!(container.path("/dev/fifo").symlink_metadata().unwrap().file_type().is_fifo());
}

#[test]
fn privileged_without_a_mount_on_dev_the_root_s_own_is_filled() {
    let bundle = Bundle::new();
    std::fs::create_dir(bundle.root().join("dev")).unwrap();
    let null = bundle.root().join("dev/null");
    mknodat(CWD, &null, FileType::CharacterDevice, Mode::from_raw_mode(0o640), makedev(1, 3)).unwrap();
    let container = bundle.set_up().unwrap();
    assert_eq!(null.symlink_metadata().unwrap().mode() & 0o777, 0o640, "the right one is taken as it is");
    let zero = bundle.root().join("dev/zero").symlink_metadata().unwrap();
    assert_eq!((zero.rdev(), zero.mode() & 0o777), (makedev(1, 5), 0o666));
    drop(container);
    assert!(bundle.set_up().is_ok(), "a second time as well");
}

#[test]
fn privileged_what_only_has_the_name_of_a_device_is_refused() {
    let fakes: [fn(&std::path::Path); 4] = [
        |path| std::fs::write(path, "").unwrap(),
        |path| std::fs::create_dir(path).unwrap(),
        |path| std::os::unix::fs::symlink("/etc/passwd", path).unwrap(),
        |path| {
            mknodat(CWD, path, FileType::CharacterDevice, Mode::RUSR, makedev(1, 5)).unwrap();
        },
    ];
    for (number, fake) in fakes.into_iter().enumerate() {
        let bundle = Bundle::new();
        std::fs::create_dir(bundle.root().join("dev")).unwrap();
        fake(&bundle.root().join("dev/null"));
        assert_eq!(bundle.refusal(), "could not make the device `/dev/null`: file exists", "{number}");
    }
}

#[test]
fn privileged_a_dev_that_is_bound_is_taken_as_it_comes() {
    let mut bundle = Bundle::new();
    let dev = bundle.bind("dev", &["rbind"]);
    let null = dev.join("null");
    mknodat(CWD, &null, FileType::CharacterDevice, Mode::from_raw_mode(0o666), makedev(1, 3)).unwrap();
    bundle.spec.linux.devices = vec![device("/dev/x", "c", 1, 3), device("/opt/x", "c", 1, 3)];
    let container = bundle.set_up().unwrap();
    assert_eq!(std::fs::read_dir(dev).unwrap().count(), 1);
    assert!(container.path("/opt/x").symlink_metadata().unwrap().file_type().is_char_device());
}

/// As where we are root of a user namespace ourselves, and the specification knows nothing of it.
#[test]
fn privileged_where_no_node_can_be_made_the_host_s_are_bound() {
    let mut bundle = Bundle::usual();
    bundle.mapped(100_000);
    let mut plan = bundle.plan().unwrap();
    plan.nodes = crate::plan::Nodes::Made;
    let container = bundle.carry_out(plan).unwrap();
    expect_defaults(&container);
    assert_eq!(container.mounted("/dev/null").kind, "devtmpfs");
}
