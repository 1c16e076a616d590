//! Mounts: the kernel's filesystems, and who sees what is mounted.

use model::spec::{Mount, Spec, Text};

use super::Found;
use super::weakness::{
    SHARED_PROPAGATION, UNMASKED_PATH, WRITABLE_CGROUPS, WRITABLE_KERNEL, WRITABLE_ROOT, Weakness,
};

/// What every engine masks, below a procfs and below a sysfs.
const MASKED_PROC: [&str; 7] =
    ["acpi", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list"];
const MASKED_SYS: [&str; 1] = ["firmware"];
/// What every engine makes read-only below a procfs.
const READ_ONLY_PROC: [&str; 5] = ["bus", "fs", "irq", "sys", "sysrq-trigger"];

pub(super) fn find(spec: &Spec, found: &mut Found) {
    let linux = &spec.linux;
    if !spec.root.readonly {
        found.add(&WRITABLE_ROOT, "");
    }
    if matches!(linux.rootfs_propagation.as_ref(), "shared" | "rshared") {
        found.add(&SHARED_PROPAGATION, "/");
    }
    let hidden = [linux.masked_paths.as_slice()];
    let protected = [linux.masked_paths.as_slice(), linux.readonly_paths.as_slice()];
    for mount in &spec.mounts {
        match mount.kind.as_ref() {
            "proc" => {
                uncovered((&UNMASKED_PATH, &MASKED_PROC), mount, &hidden, found);
                if !is_read_only(mount) {
                    uncovered((&WRITABLE_KERNEL, &READ_ONLY_PROC), mount, &protected, found);
                }
            }
            "sysfs" => {
                uncovered((&UNMASKED_PATH, &MASKED_SYS), mount, &hidden, found);
                if !is_read_only(mount) {
                    found.add(&WRITABLE_KERNEL, &mount.destination);
                }
            }
            "cgroup" | "cgroup2" if !is_read_only(mount) => found.add(&WRITABLE_CGROUPS, &mount.destination),
            _ => {}
        }
        if is_shared(mount) {
            found.add(&SHARED_PROPAGATION, &mount.destination);
        }
    }
}

/// Paths below a mount that no list covers, wherever it is mounted.
fn uncovered(
    (weakness, names): (&'static Weakness, &[&str]),
    mount: &Mount,
    lists: &[&[Text]],
    found: &mut Found,
) {
    let top = mount.destination.trim_end_matches('/');
    for path in names.iter().map(|name| format!("{top}/{name}")) {
        let covers = |listed: &&Text| is_at_or_below(&path, listed);
        if !lists.iter().any(|list| list.iter().any(|listed| covers(&listed))) {
            found.add(weakness, path);
        }
    }
}

/// Whether `path` is `top` or lies below it.
pub(super) fn is_at_or_below(path: &str, top: &str) -> bool {
    let rest = path.strip_prefix(top.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether it is read-only; the last of contradicting options wins.
pub(super) fn is_read_only(mount: &Mount) -> bool {
    last_of(mount, &["ro", "rro", "rw", "rrw"]).is_some_and(|option| option.ends_with("ro"))
}

fn is_shared(mount: &Mount) -> bool {
    let kinds = ["private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable"];
    last_of(mount, &kinds).is_some_and(|option| option.ends_with("shared"))
}

fn last_of<'a>(mount: &'a Mount, kinds: &[&str]) -> Option<&'a str> {
    // One text may hold several options.
    let mut options = mount.options.iter().rev().flat_map(|option| option.rsplit(','));
    options.find(|option| kinds.contains(option))
}
