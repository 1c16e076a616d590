//! Images and specifications that try to put something where it must not be.

use super::Bundle;

#[test]
fn privileged_a_link_where_the_kernel_s_filesystems_belong_is_refused() {
    for name in ["proc", "sys", "dev"] {
        let bundle = Bundle::usual();
        std::fs::create_dir(bundle.root().join("elsewhere")).unwrap();
        bundle.link(name, "elsewhere");
        assert!(bundle.refusal().contains(&format!("`/{name}`: too many levels of symbolic links")));
    }
}

#[test]
fn privileged_no_link_leads_a_mount_into_proc() {
    for target in ["/proc/self/attr", "../proc/sys/kernel"] {
        let mut bundle = Bundle::usual();
        bundle.link("srv/data", target);
        bundle.mount("/srv/data", "tmpfs", "tmpfs", &[]);
        assert_eq!(
            bundle.refusal(),
            "could not attach the mount `/srv/data`: too many levels of symbolic links",
            "{target}"
        );
    }
}

#[test]
fn privileged_links_of_the_image_end_in_the_image() {
    let mut bundle = Bundle::usual();
    bundle.link("srv/data", "../../../../../../../../tmp/coffer-bundle-escape");
    bundle.mount("/srv/data/x", "tmpfs", "tmpfs", &[]);
    let container = bundle.set_up().unwrap();
    assert_eq!(container.mounted("/tmp/coffer-bundle-escape/x").kind, "tmpfs");
    assert!(!std::path::Path::new("/tmp/coffer-bundle-escape").exists());
}

#[test]
fn privileged_only_a_procfs_is_bound_to_proc() {
    let mut bundle = Bundle::new();
    bundle.mount("/proc", "bind", "/tmp", &["rbind"]);
    assert!(bundle.refusal().contains("must be a procfs"));
    bundle.spec.mounts[0].source = "/proc/self".into();
    assert!(bundle.refusal().contains("must be a procfs"));
    bundle.spec.mounts[0].source = "/proc".into();
    bundle.set_up().unwrap();
}

#[test]
fn privileged_masks_hold_whatever_is_on_proc() {
    let masked = ["/proc/interrupts", "/proc/acpi", "/proc/timer_list", "/proc/no-such", "/etc/file/below"];
    for source in [None, Some(("proc", "proc")), Some(("bind", "/proc"))] {
        let mut bundle = Bundle::new();
        bundle.write("etc/file", "");
        bundle.write("etc/secret", "");
        bundle.link("etc/link", "secret");
        if let Some((kind, source)) = source {
            bundle.mount("/proc", kind, source, &[]);
        }
        bundle.spec.linux.masked_paths = masked.map(Into::into).to_vec();
        bundle.spec.linux.masked_paths.push("/etc/link".into());
        bundle.spec.linux.readonly_paths = vec!["/proc/sys".into(), "/etc".into()];
        let container = bundle.set_up().unwrap();
        let is_null = |path: &str| {
            use std::os::unix::fs::MetadataExt as _;
            container.path(path).metadata().unwrap().rdev() == rustix::fs::makedev(1, 3)
        };
        assert!(is_null("/etc/secret"), "{source:?}");
        assert!(container.mounted("/etc").has(&["ro"]));
        if source.is_some() {
            assert!(is_null("/proc/interrupts") && container.mounted("/proc/sys").has(&["ro"]), "{source:?}");
        }
    }
}

#[test]
fn privileged_a_masked_link_in_proc_is_refused() {
    let mut bundle = Bundle::usual();
    bundle.spec.linux.masked_paths = vec!["/proc/self".into()];
    assert!(bundle.refusal().contains("could not hide the path `/proc/self`"));
}

#[test]
fn a_label_needs_selinux() {
    let mut bundle = Bundle::usual();
    bundle.spec.linux.mount_label = "system_u:object_r:container_file_t:s0".into();
    let enabled = std::path::Path::new("/sys/fs/selinux/enforce").exists();
    assert_eq!(bundle.plan().is_ok(), enabled);
}
