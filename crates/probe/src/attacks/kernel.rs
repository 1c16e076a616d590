//! Files through which the kernel is told to run a program, or is reconfigured, on behalf of the host.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::outcome::{Attack, Class, Options, Outcome, stopped_by};
use crate::report::{limits, mounts};

const CLASS: Class = Class::KernelHelpers;

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "core-pattern",
        class: CLASS,
        tries: "open core_pattern for writing",
        run: |_| open_to_write("/proc/sys/kernel/core_pattern"),
    },
    Attack {
        name: "modprobe-path",
        class: CLASS,
        tries: "open the path of modprobe for writing",
        run: |_| open_to_write("/proc/sys/kernel/modprobe"),
    },
    Attack {
        name: "uevent-helper",
        class: CLASS,
        tries: "open the helpers for device events for writing",
        run: |_| Outcome::worst(["/sys/kernel/uevent_helper", "/proc/sys/kernel/hotplug"].map(open_to_write)),
    },
    Attack {
        name: "binfmt-misc",
        class: CLASS,
        tries: "open the register of interpreters for writing",
        run: |_| open_to_write("/proc/sys/fs/binfmt_misc/register"),
    },
    Attack {
        name: "release-agent",
        class: CLASS,
        tries: "open a cgroup's release_agent for writing (CVE-2022-0492)",
        run: release_agent,
    },
    Attack {
        name: "cgroup-limits",
        class: CLASS,
        tries: "open the container's own limits for writing",
        run: own_limits,
    },
    Attack { name: "sysrq-trigger", class: CLASS, tries: "write `h` (help) to sysrq-trigger", run: sysrq },
    Attack {
        name: "proc-sys-write",
        class: CLASS,
        tries: "open the host's sysctls for writing",
        run: |_| {
            let sysctls = [
                "/proc/sys/kernel/panic",
                "/proc/sys/vm/overcommit_memory",
                "/proc/sys/fs/protected_symlinks",
            ];
            Outcome::worst(sysctls.map(open_to_write))
        },
    },
    Attack {
        name: "sysfs-write",
        class: CLASS,
        tries: "open settings in /sys for writing",
        run: |_| {
            let settings =
                ["/sys/kernel/mm/transparent_hugepage/enabled", "/sys/kernel/profiling", "/sys/power/state"];
            Outcome::worst(settings.map(open_to_write))
        },
    },
];

/// Opens without truncating and writes nothing.
fn open_to_write(path: impl AsRef<Path>) -> Outcome {
    match writable(path.as_ref()) {
        Ok(_) => Outcome::succeeded(format!("{} opens for writing", path.as_ref().display())),
        Err(error) => absent_or_stopped(&error),
    }
}

fn absent_or_stopped(error: &io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::NotFound => Outcome::not_applicable("there is no such file here"),
        _ => stopped_by(error),
    }
}

fn writable(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

/// Only cgroup v1 has it, at the root of each hierarchy.
fn release_agent(_: &Options) -> Outcome {
    let mounts = mounts::read().unwrap_or_default();
    let hierarchies = mounts.iter().filter(|mount| mount.kind == "cgroup");
    Outcome::worst(hierarchies.map(|mount| open_to_write(PathBuf::from(&mount.path).join("release_agent"))))
}

fn own_limits(_: &Options) -> Outcome {
    Outcome::worst(limits::cgroup_files().into_iter().map(|(_, path)| open_to_write(path)))
}

fn sysrq(_: &Options) -> Outcome {
    match writable(Path::new("/proc/sysrq-trigger")).and_then(|mut trigger| trigger.write_all(b"h")) {
        Ok(()) => Outcome::succeeded("the kernel wrote its sysrq help into the host's log"),
        Err(error) => absent_or_stopped(&error),
    }
}
