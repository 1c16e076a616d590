//! The root filesystem of a bundle.

use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;

use model::spec::NamespaceKind;
use rustix::mount::{MountFlags, MountPropagationFlags};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use sys::clone::{Cloned, clone3, flag};

use super::{Bundle, HostMount};
use crate::plan::View;

#[test]
fn privileged_a_read_only_root_leaves_what_is_mounted_on_it_alone() {
    let mut bundle = Bundle::usual();
    bundle.spec.root.readonly = true;
    bundle.bind("data", &["rbind"]);
    let container = bundle.set_up().unwrap();
    assert!(container.mounted("/").has(&["ro"]));
    assert!(container.mounted("/data").has(&["rw"]) && container.mounted("/dev").has(&["rw"]));
    assert!(bundle.root().join("data").is_dir());
}

#[test]
fn privileged_a_root_that_is_a_mount_point_keeps_its_flags_and_what_is_mounted_below() {
    let bundle = Bundle::usual();
    let _root = HostMount::tmpfs(&bundle.root(), MountFlags::NOSUID, MountPropagationFlags::PRIVATE);
    bundle.write("volume/.keep", "");
    let volume = bundle.root().join("volume");
    let _volume = HostMount::tmpfs(&volume, MountFlags::NOEXEC, MountPropagationFlags::PRIVATE);
    let container = bundle.set_up().unwrap();
    let root = container.mounted("/");
    assert!(root.has(&["nosuid"]) && !root.has(&["nodev"]), "{root:?}");
    assert!(container.mounted("/volume").has(&["noexec"]));
}

#[test]
fn privileged_owners_of_a_root_are_the_engine_s_affair() {
    let mut bundle = Bundle::usual();
    bundle.write("of-root", "");
    bundle.mapped(100_000);
    let container = bundle.set_up().unwrap();
    assert_eq!(container.path("/of-root").metadata().unwrap().uid(), 0, "nothing is mapped");
}

#[test]
fn privileged_a_root_that_is_no_directory_is_refused() {
    let mut bundle = Bundle::new();
    bundle.write("file", "");
    bundle.spec.root.path.push_str("/file");
    assert!(bundle.refusal().contains("could not open the root filesystem"));
}

#[test]
fn privileged_a_mount_on_the_root_is_the_root() {
    let mut bundle = Bundle::usual();
    bundle.write("below", "");
    bundle.spec.mounts.clear();
    bundle.mount("/", "tmpfs", "tmpfs", &["size=1m", "mode=711"]);
    bundle.mount("/proc", "proc", "proc", &[]);
    bundle.mount("/dev", "tmpfs", "tmpfs", &["mode=755"]);
    let container = bundle.set_up().unwrap();
    assert_eq!(container.mounted("/").kind, "tmpfs");
    assert!(!container.path("/below").exists() && container.path("/proc/1").exists());
    assert_eq!(container.path("/").metadata().unwrap().mode() & 0o777, 0o711);
}

#[test]
fn privileged_kernel_parameters_are_set_before_their_place_is_read_only() {
    let mut bundle = Bundle::usual();
    bundle.spec.linux.readonly_paths = vec!["/proc/sys".into()];
    bundle.spec.linux.sysctl.insert("kernel.shm_rmid_forced".into(), "1".into());
    let container = bundle.set_up().unwrap();
    assert!(container.mounted("/proc/sys").has(&["ro"]));
}

#[test]
fn privileged_hooks_find_the_root_where_the_bundle_has_it() {
    let mut bundle = Bundle::usual();
    bundle.spec.root.readonly = true;
    bundle
        .spec
        .hooks
        .create_runtime
        .push(model::spec::Hook { path: "/of/the/host".into(), ..Default::default() });
    let mut seen = false;
    let root = bundle.spec.root.path.clone();
    let container = bundle.carry_out_with(bundle.plan().unwrap(), &mut |pid| {
        let root = format!("/proc/{pid}/root{root}");
        seen = std::path::Path::new(&root).join("proc/1").exists();
        std::fs::write(std::path::Path::new(&root).join("by-a-hook"), "").unwrap();
        Ok(b"{}".to_vec())
    });
    let container = container.unwrap();
    assert!(seen && container.path("/by-a-hook").exists());
}

/// As where the mount namespace is joined or the host's; here it is a copy, so that nothing stays behind.
#[test]
fn privileged_among_others_the_root_is_changed_and_nothing_swapped() {
    let mut bundle = Bundle::usual();
    bundle.spec.root.readonly = true;
    bundle.bind("data", &["rbind", "ro"]);
    let mut plan = bundle.plan().unwrap();
    plan.root.view = View::Others;
    let container = bundle.carry_out(plan).unwrap();
    let root = std::fs::read_link(format!("/proc/{}/root", container.0.pid())).unwrap();
    assert_eq!(root, bundle.root());
    let under = |path: &str| bundle.spec.root.path.clone() + path;
    assert!(container.mounted("/").has(&["ro"]), "the table is the one that its root shows");
    assert!(container.mounted("/data").has(&["ro"]));
    assert!(!container.table().contains(&under("/data")), "paths begin at its root");
    assert!(container.path("/dev/null").exists() && container.path("/proc/1").exists());
    assert_eq!(std::fs::read_dir(bundle.root().join("dev")).unwrap().count(), 0);
}

/// A process in a mount namespace of its own, until it is dropped.
struct Holder(OwnedFd, i32);

impl Holder {
    fn new() -> Self {
        match clone3(flag::NEWNS, None).unwrap() {
            Cloned::Child => loop {
                let _interrupted =
                    rustix::thread::nanosleep(&rustix::time::Timespec { tv_sec: 60, tv_nsec: 0 });
            },
            Cloned::Parent { pid, pidfd } => Self(pidfd, pid),
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        crate::start::kill(self.0.as_fd());
        waitid(WaitId::PidFd(self.0.as_fd()), WaitIdOptions::EXITED).unwrap();
    }
}

#[test]
fn privileged_a_mount_namespace_is_joined_by_path() {
    let mut bundle = Bundle::usual();
    let holder = Holder::new();
    let path = format!("/proc/{}/ns/mnt", holder.1);
    let mount = bundle.spec.linux.namespaces.iter_mut().find(|space| space.kind == NamespaceKind::Mount);
    mount.unwrap().path = Some(path.clone());
    bundle.bind("data", &["rbind", "ro"]);
    let container = bundle.set_up().unwrap();
    let namespace = |path: &str| std::fs::read_link(path).unwrap();
    assert_eq!(namespace(&format!("/proc/{}/ns/mnt", container.0.pid())), namespace(&path));
    assert!(container.mounted("/data").has(&["ro"]) && container.path("/dev/null").exists());
    assert!(!std::fs::read_to_string("/proc/self/mountinfo").unwrap().contains(&bundle.spec.root.path));
}

#[test]
fn privileged_without_a_mount_namespace_the_root_is_the_host_s_directory() {
    let mut bundle = Bundle::usual();
    bundle.spec.linux.namespaces.retain(|space| space.kind != NamespaceKind::Mount);
    let _left_behind = HostMount(bundle.root());
    let container = bundle.set_up().unwrap();
    assert_eq!(container.mounted("/proc").kind, "proc");
    let root = std::fs::read_link(format!("/proc/{}/root", container.0.pid())).unwrap();
    assert_eq!(root, bundle.root());
    assert!(bundle.root().join("proc/1").exists(), "its mounts are the host's");
}
