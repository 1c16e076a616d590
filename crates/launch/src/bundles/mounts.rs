//! Mounts of every kind, with every kind of option.

use std::os::unix::fs::{MetadataExt as _, symlink};
use std::os::unix::net::UnixListener;

use model::spec::IdMapping;
use rustix::mount::{MountFlags, MountPropagationFlags};

use super::{Bundle, HostMount};

#[test]
fn privileged_the_usual_mounts_have_the_options_that_were_asked_for() {
    let bundle = Bundle::usual();
    let container = bundle.set_up().unwrap();
    assert_eq!(container.mounted("/proc").kind, "proc");
    let dev = container.mounted("/dev");
    assert!(dev.has(&["nosuid"]) && !dev.has(&["relatime"]) && dev.is_of(&["size=65536k", "mode=755"]));
    assert!(container.mounted("/dev/pts").is_of(&["gid=5", "mode=620", "ptmxmode=666"]));
    assert!(container.mounted("/dev/shm").has(&["nosuid", "nodev", "noexec"]));
    assert_eq!(container.mounted("/dev/mqueue").kind, "mqueue");
    assert!(container.mounted("/sys").has(&["ro", "nosuid", "nodev", "noexec"]));
}

#[test]
fn privileged_options_reach_the_mount_and_the_filesystem() {
    let mut bundle = Bundle::usual();
    bundle.mount("/a", "tmpfs", "tmpfs", &["noatime,nodiratime,nosymfollow", "size=1m,mode=0700", "sync"]);
    bundle.mount("/b", "tmpfs", "tmpfs", &["acl", "nodev", "size=2m", "lazytime"]);
    bundle.mount("/c", "tmpfs", "tmpfs", &["noexec", "exec", "size=1m"]);
    bundle.mount("/d", "proc", "proc", &["hidepid=2", "nosuid"]);
    let container = bundle.set_up().unwrap();
    let a = container.mounted("/a");
    assert!(a.has(&["noatime", "nodiratime", "nosymfollow"]), "{a:?}");
    assert!(a.is_of(&["size=1024k", "mode=700", "sync"]), "{a:?}");
    let b = container.mounted("/b");
    assert!(b.has(&["nodev"]) && b.is_of(&["size=2048k"]), "{b:?}");
    assert!(!container.mounted("/c").has(&["noexec"]));
    assert!(container.mounted("/d").is_of(&["hidepid=invisible"]));
}

#[test]
fn privileged_an_option_that_a_filesystem_refuses_is_named() {
    let mut bundle = Bundle::usual();
    bundle.mount("/a", "tmpfs", "tmpfs", &["size=1m"]);
    bundle.mount("/b", "tmpfs", "tmpfs", &["size=1m", "colour=red"]);
    assert_eq!(bundle.refusal(), "could not mount with the option `colour=red of /b`: invalid argument");
    bundle.spec.mounts.pop();
    bundle.mount("/b", "no-such-filesystem", "x", &[]);
    assert_eq!(bundle.refusal(), "could not make the mount `/b`: no such device");
}

#[test]
fn privileged_files_sockets_and_links_of_the_host_are_bound() {
    let mut bundle = Bundle::usual();
    let host = bundle.bind("host", &["bind"]);
    std::fs::write(host.join("file"), "content").unwrap();
    symlink("file", host.join("link")).unwrap();
    let _listener = UnixListener::bind(host.join("socket")).unwrap();
    bundle.mount("etc/deep/file", "", host.join("link").to_str().unwrap(), &["bind", "ro"]);
    bundle.mount("/run/socket", "none", host.join("socket").to_str().unwrap(), &["rbind"]);
    let container = bundle.set_up().unwrap();
    assert_eq!(std::fs::read_to_string(container.path("/etc/deep/file")).unwrap(), "content");
    assert!(container.mounted("/etc/deep/file").has(&["ro"]));
    assert_eq!(
        container.path("/run/socket").metadata().unwrap().ino(),
        host.join("socket").metadata().unwrap().ino()
    );
}

#[test]
fn privileged_a_source_that_is_missing_is_named() {
    let mut bundle = Bundle::usual();
    bundle.mount("/x", "bind", "/no/such/source", &["bind"]);
    let refusal = bundle.refusal();
    assert_eq!(refusal, "could not open the mount source `/no/such/source`: no such file or directory");
}

#[test]
fn privileged_attributes_of_a_whole_tree_and_of_its_top() {
    let mut bundle = Bundle::usual();
    let data = bundle.bind("data", &["rbind", "ro"]);
    std::fs::create_dir(data.join("below")).unwrap();
    let _below = HostMount::tmpfs(&data.join("below"), MountFlags::NOSUID, MountPropagationFlags::PRIVATE);
    let source = data.to_str().unwrap().to_owned();
    bundle.mount("/whole", "bind", &source, &["rbind", "rro", "rnoatime"]);
    bundle.mount("/alone", "bind", &source, &["bind"]);
    let container = bundle.set_up().unwrap();
    assert!(
        container.mounted("/data").has(&["ro"]) && container.mounted("/data/below").has(&["rw", "nosuid"])
    );
    assert!(container.mounted("/whole/below").has(&["ro", "nosuid", "noatime"]));
    assert!(!container.table().contains("/alone/below"));
}

#[test]
fn privileged_a_remount_changes_what_is_there() {
    let mut bundle = Bundle::usual();
    bundle.mount("/x", "tmpfs", "tmpfs", &["size=1m"]);
    bundle.mount("/x", "none", "", &["bind", "remount", "ro", "nosuid"]);
    bundle.mount("/y", "tmpfs", "tmpfs", &["size=1m"]);
    bundle.mount("/y", "tmpfs", "tmpfs", &["remount", "ro", "size=2m"]);
    let container = bundle.set_up().unwrap();
    let x = container.mounted("/x");
    assert!(x.has(&["ro", "nosuid"]) && x.is_of(&["rw", "size=1024k"]), "{x:?}");
    let y = container.mounted("/y");
    assert!(y.has(&["ro"]) && y.is_of(&["ro", "size=2048k"]), "{y:?}");
    bundle.mount("/etc", "none", "", &["bind", "remount", "ro"]);
    bundle.write("etc/x", "");
    assert_eq!(
        bundle.refusal(),
        "could not make the mount `/etc`: invalid argument",
        "nothing is mounted there"
    );
}

#[test]
fn privileged_flags_that_nobody_mentions_stay_in_a_user_namespace() {
    let mut bundle = Bundle::usual();
    bundle.mapped(100_000);
    let data = bundle.bind("data", &["rbind"]);
    bundle.mount("/data", "none", "", &["bind", "remount", "ro"]);
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::NOATIME;
    let _data = HostMount::tmpfs(&data, flags, MountPropagationFlags::PRIVATE);
    let container = bundle.set_up().unwrap();
    let data = container.mounted("/data");
    assert!(data.has(&["ro", "nosuid", "nodev", "noexec", "noatime"]), "{data:?}");
}

#[test]
fn privileged_a_read_only_tmpfs_is_filled_first() {
    let mut bundle = Bundle::usual();
    bundle.spec.mounts[1].options.push("ro".into());
    bundle.mount("/run", "tmpfs", "tmpfs", &["ro", "mode=755"]);
    bundle.bind("run/data", &["rbind"]);
    let container = bundle.set_up().unwrap();
    assert!(container.mounted("/run").has(&["ro"]) && container.mounted("/run/data").has(&["rw"]));
    assert!(container.mounted("/dev").has(&["ro"]) && container.path("/dev/null").exists());
}

#[test]
fn privileged_a_tmpfs_takes_over_what_it_covers() {
    let mut bundle = Bundle::usual();
    bundle.write("var/lib/app/file", "content");
    bundle.write("srv/file", "content");
    std::fs::set_permissions(bundle.root().join("srv"), std::os::unix::fs::PermissionsExt::from_mode(0o751))
        .unwrap();
    bundle.mount("/var/lib", "tmpfs", "tmpfs", &["tmpcopyup", "size=1m"]);
    bundle.mount("/srv", "tmpfs", "tmpfs", &["size=1m"]);
    bundle.write("old/file", "content");
    bundle.mount("/old", "tmpfs", "tmpfs", &["tmpcopyup", "acl"]);
    bundle.mount("/missing", "tmpfs", "tmpfs", &["size=1m"]);
    let container = bundle.set_up().unwrap();
    assert_eq!(container.mounted("/var/lib").kind, "tmpfs");
    assert_eq!(std::fs::read_to_string(container.path("/var/lib/app/file")).unwrap(), "content");
    assert!(container.path("/old/file").exists() && container.mounted("/old").kind == "tmpfs");
    let srv = container.path("/srv").metadata().unwrap();
    assert_eq!(srv.mode() & 0o7777, 0o751);
    assert_eq!(std::fs::read_dir(container.path("/srv")).unwrap().count(), 0);
    assert_eq!(container.path("/missing").metadata().unwrap().mode() & 0o7777, 0o1777);
}

#[test]
fn privileged_owners_are_seen_through_the_map_of_the_mount() {
    let mut bundle = Bundle::usual();
    for name in ["own", "same"] {
        let source = bundle.bind(name, &["rbind", "idmap"]);
        std::fs::write(source.join("file"), "").unwrap();
        let map = vec![IdMapping { container_id: 0, host_id: 4242, size: 10 }];
        let mount = bundle.spec.mounts.last_mut().unwrap();
        (mount.uid_mappings, mount.gid_mappings) = (map.clone(), map);
    }
    let container = bundle.set_up().unwrap();
    for name in ["/own/file", "/same/file"] {
        let file = container.path(name).metadata().unwrap();
        assert_eq!((file.uid(), file.gid()), (4242, 4242));
    }
}

#[test]
fn privileged_owners_are_seen_through_the_container_s_map() {
    let mut bundle = Bundle::usual();
    bundle.mapped(100_000);
    let source = bundle.bind("data", &["rbind", "ridmap"]);
    std::fs::write(source.join("file"), "").unwrap();
    let container = bundle.set_up().unwrap();
    assert_eq!(container.path("/data/file").metadata().unwrap().uid(), 100_000);
}

#[test]
fn privileged_an_overlay_is_mounted_like_any_filesystem() {
    let mut bundle = Bundle::usual();
    let lower = bundle.directory.path().join("lower,with,commas");
    std::fs::create_dir(&lower).unwrap();
    std::fs::write(lower.join("file"), "content").unwrap();
    let option = format!("lowerdir={}:/etc", lower.display().to_string().replace(',', r"\,"));
    bundle.mount("/merged", "overlay", "overlay", &[&option]);
    let container = bundle.set_up().unwrap();
    assert_eq!(std::fs::read_to_string(container.path("/merged/file")).unwrap(), "content");
}

#[test]
fn privileged_a_hundred_binds_arrive() {
    let mut bundle = Bundle::usual();
    for number in 0..100 {
        bundle.bind(&format!("bind-{number}"), &["bind"]);
    }
    let container = bundle.set_up().unwrap();
    assert!(container.mounted("/bind-99").has(&["rw"]));
}

#[test]
fn privileged_a_procfs_that_is_not_ours_is_not_needed() {
    let mut bundle = Bundle::new();
    bundle.mapped(100_000);
    bundle.spec.linux.namespaces.remove(0);
    bundle.mount("/proc", "bind", "/proc", &["rbind"]);
    bundle.set_up().unwrap();
    bundle.spec.mounts.clear();
    bundle.mount("/proc", "proc", "proc", &[]);
    assert!(bundle.refusal().contains("could not mount a private /proc: operation not permitted"));
}

#[test]
fn privileged_a_container_sees_its_own_control_groups() {
    let mut bundle = Bundle::usual();
    bundle.spec.linux.cgroups_path = format!("/coffer-test-{}-mounts", std::process::id());
    bundle.mount("/sys/fs/cgroup", "cgroup", "cgroup", &["nosuid", "noexec", "nodev", "relatime", "ro"]);
    let container = bundle.set_up().unwrap();
    let groups = container.mounted("/sys/fs/cgroup");
    assert!(groups.has(&["ro", "nosuid", "nodev", "noexec"]), "{groups:?}");
    let (place, procs) = match crate::cgroup::version() {
        crate::cgroup::Version::V1 => ("/sys/fs/cgroup/pids", "/sys/fs/cgroup/pids/cgroup.procs"),
        _ => ("/sys/fs/cgroup", "/sys/fs/cgroup/cgroup.procs"),
    };
    assert!(container.mounted(place).has(&["ro"]));
    assert!(container.path(procs).exists());
}
