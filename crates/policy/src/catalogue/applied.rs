//! Controls that Cofferdam applies by itself.

use model::request::{HostNamespace, Network, RunRequest};
use model::verdict::{Control, Supplier};

use super::{Entry, Standing};
use crate::assess::Circumstances;
use crate::capabilities::StartsAs;
use crate::seccomp;

/// The image that runs is the image that was judged.
pub static IMAGE_DIGEST: Entry = Entry {
    control: Control {
        id: "image-digest",
        text: "the image is run by digest, and every byte of it was hashed",
        why: "a name can be moved to other content between the decision and the start",
        remedy: "coffer image verify",
        nist: &["4.1.5"],
        cis: &["5.28"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| Standing::InForce(format!("runs {}, every byte hashed", at.image.digest.short())),
};

/// The decision is history before it is an act.
pub static LEDGER: Entry = Entry {
    control: Control {
        id: "ledger",
        text: "the decision is in the ledger before the container starts",
        why: "what was not recorded cannot be answered for",
        remedy: "coffer ledger verify",
        nist: &["4.4.5"],
        cis: &[],
        supplier: Supplier::Cofferdam,
    },
    standing: |_| Standing::InForce("recorded before the start".to_owned()),
};

/// Root inside is nobody outside.
pub static USER_NAMESPACE: Entry = Entry {
    control: Control {
        id: "user-namespace",
        text: "root in the container is an unprivileged user outside",
        why: "a process that escapes has the rights of the id it escapes with",
        remedy: "leave out `--userns host`",
        nist: &["4.4.3"],
        cis: &["2.9", "5.31"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| {
        let off = shares(at.request, HostNamespace::User).then_some("--userns host");
        Standing::unless(off, || "root in the container is an unprivileged user outside".to_owned())
    },
};

/// Its own view of processes, mounts, IPC, host name, control groups and clocks.
pub static PRIVATE_NAMESPACES: Entry = Entry {
    control: Control {
        id: "private-namespaces",
        text: "its own pid, mount, ipc, uts, cgroup and time namespaces",
        why: "what is shared with the host can be seen, signalled or changed from inside",
        remedy: "leave out `--pid host`, `--ipc host`, `--uts host` and `--cgroupns host`",
        nist: &["4.4.3"],
        cis: &["5.16", "5.17", "5.21"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| {
        let shared = at.request.host_namespaces.iter().find(|kind| **kind != HostNamespace::User);
        Standing::unless(shared.map(|kind| host_option(*kind)), || {
            "pid, mount, ipc, uts, cgroup and time are private".to_owned()
        })
    },
};

/// No packets in, and out only if that was asked for.
pub static NETWORK_NONE: Entry = Entry {
    control: Control {
        id: "network-none",
        text: "a network namespace of its own, entered by published ports alone",
        why: "a container on the host's network reaches every service of the host",
        remedy: "leave out `--network host`",
        nist: &["4.3.3", "4.4.2"],
        cis: &["5.10"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| {
        let off = (at.request.network == Network::Host).then_some("--network host");
        Standing::unless(off, || reached(at.request).to_owned())
    },
};

/// As few capabilities as can be.
pub static CAPABILITIES: Entry = Entry {
    control: Control {
        id: "capabilities",
        text: "none, or the seven with which root drops to another user",
        why: "two thirds of public kernel exploits begin with a capability",
        remedy: "leave out `--privileged` and `--cap-add`",
        nist: &["4.4.3"],
        cis: &["5.4"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| Standing::unless(privileged(at), || capabilities(at)),
};

/// Nothing that is executed gains rights.
pub static NO_NEW_PRIVILEGES: Entry = Entry {
    control: Control {
        id: "no-new-privileges",
        text: "set-user-id programs and file capabilities give nothing",
        why: "a set-user-id program in the image is a way to become root",
        remedy: "leave out `--privileged`",
        nist: &["4.4.3"],
        cis: &["5.26", "4.8"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| {
        Standing::unless(privileged(at), || match at.image.facts.setuid_files.len() {
            0 => "nothing that is executed gains rights".to_owned(),
            count => format!("{count} set-user-id or set-group-id files of the image give nothing"),
        })
    },
};

/// The system call filter.
pub static SECCOMP: Entry = Entry {
    control: Control {
        id: "seccomp",
        text: "only the system calls that ordinary programs make",
        why: "every system call is a door into the one kernel that everybody shares",
        remedy: "leave out `--security-opt seccomp=unconfined` and `--privileged`",
        nist: &["4.4.3", "4.5.2"],
        cis: &["5.22"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| {
        let off = at.request.seccomp_unconfined.then_some("--security-opt seccomp=unconfined");
        Standing::unless(privileged(at).or(off), || {
            format!("{} system calls allowed, each for a reason", seccomp::allowed_names(at.capabilities))
        })
    },
};

/// Nothing that was not in the image can be executed.
pub static EXEC_ISLANDS: Entry = Entry {
    control: Control {
        id: "exec-islands",
        text: "nothing that was not in the image can be executed",
        why: "an intruder's first step is to bring a program",
        remedy: "leave out `--mutable` and `--privileged`",
        nist: &["4.4.4"],
        cis: &["5.13"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| {
        Standing::unless(mutable(at), || match at.image.facts.exec_dirs.len() {
            0 => "no directory holds programs, and everything is noexec".to_owned(),
            1 => "one directory of programs is read-only, the rest is noexec".to_owned(),
            count => format!("{count} directories of programs are read-only, the rest is noexec"),
        })
    },
};

/// No program from memory either.
pub static MEMFD_NOEXEC: Entry = Entry {
    control: Control {
        id: "memfd-noexec",
        text: "no program can be executed from a memory file",
        why: "a memory file is how a program is brought without touching a disk",
        remedy: "leave out `--mutable` and `--privileged`",
        nist: &["4.4.4"],
        cis: &[],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| Standing::unless(mutable(at), || "memory files cannot be executed".to_owned()),
};

/// A second wall around the filesystem.
pub static LANDLOCK: Entry = Entry {
    control: Control {
        id: "landlock",
        text: "a Landlock domain closes every path outside the container's root",
        why: "one wrong mount must not be enough to reach the host's files",
        remedy: "leave out `--privileged`",
        nist: &["4.4.3", "4.5.5"],
        cis: &["5.2"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| {
        Standing::unless(privileged(at), || "only the container's own files can be opened".to_owned())
    },
};

/// The host's face in /proc and /sys.
pub static MASKED_PATHS: Entry = Entry {
    control: Control {
        id: "masked-paths",
        text: "the host's parts of /proc and /sys are hidden or read-only",
        why: "they tell about the host, and some of them change it",
        remedy: "leave out `--privileged`",
        nist: &["4.4.3"],
        cis: &[],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| {
        Standing::unless(privileged(at), || "kcore, keys, timers, firmware and the like".to_owned())
    },
};

/// Six device nodes and a terminal.
pub static MINIMAL_DEVICES: Entry = Entry {
    control: Control {
        id: "minimal-devices",
        text: "only null, zero, full, random, urandom, tty and its own terminal",
        why: "a device is a driver, and a driver is the kernel",
        remedy: "leave out `--device` and `--privileged`",
        nist: &["4.4.3"],
        cis: &["5.18"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| {
        let device = (!at.request.devices.is_empty()).then_some("--device");
        Standing::unless(privileged(at).or(device), || "null, zero, full, random, urandom, tty".to_owned())
    },
};

/// Flags of every mount.
pub static MOUNT_FLAGS: Entry = Entry {
    control: Control {
        id: "mount-flags",
        text: "mounts are private, nosuid, nodev and noexec",
        why: "a volume is where an intruder's files outlive the container",
        remedy: "leave out `exec` in `-v` and `--mount`",
        nist: &["4.4.4", "4.5.5"],
        cis: &["5.20"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| {
        let open = at.request.mounts.iter().find(|mount| mount.exec == model::request::ExecMode::Allowed);
        Standing::unless(open.map(|mount| mount.asked_by.as_str()), || {
            "private, nosuid, nodev, noexec".to_owned()
        })
    },
};

/// A fork bomb stays small.
pub static PIDS_LIMIT: Entry = Entry {
    control: Control {
        id: "pids-limit",
        text: "processes and threads are limited",
        why: "a fork bomb in one container stops the whole host",
        remedy: "leave out `--pids-limit -1`",
        nist: &["4.4.3"],
        cis: &["5.29"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| {
        let limit = crate::confine::pids_limit(at.request);
        Standing::unless((limit < 0).then_some("--pids-limit -1"), || format!("{limit} at most"))
    },
};

/// A leak stays small.
pub static MEMORY_LIMIT: Entry = Entry {
    control: Control {
        id: "memory-limit",
        text: "memory is limited",
        why: "a leak in one container starves the whole host",
        remedy: "--memory SIZE",
        nist: &["4.4.3"],
        cis: &["5.11"],
        supplier: Supplier::Cofferdam,
    },
    standing: |at| {
        Standing::InForce(match at.request.limits.memory {
            Some(bytes) => format!("{} MB", bytes / 1_000_000),
            None => "half of this host's memory".to_owned(),
        })
    },
};

fn shares(request: &RunRequest, kind: HostNamespace) -> bool {
    request.host_namespaces.contains(&kind)
}

fn reached(request: &RunRequest) -> &'static str {
    let published = !request.publish.is_empty() || request.publish_all;
    match (request.network, published) {
        (Network::Outbound, false) => "connections go out, and nothing reaches it",
        (Network::Outbound, true) => "connections go out, and published ports reach it",
        (_, false) => "loopback only: nothing reaches it and it reaches nothing",
        (_, true) => "loopback only: published ports reach it and it reaches nothing",
    }
}

/// The option that asks for it, as typed.
pub(crate) fn host_option(kind: HostNamespace) -> &'static str {
    match kind {
        HostNamespace::Pid => "--pid host",
        HostNamespace::Ipc => "--ipc host",
        HostNamespace::Uts => "--uts host",
        HostNamespace::User => "--userns host",
        HostNamespace::Cgroup => "--cgroupns host",
    }
}

fn privileged(at: &Circumstances<'_>) -> Option<&'static str> {
    at.request.privileged.then_some("--privileged")
}

fn mutable(at: &Circumstances<'_>) -> Option<&'static str> {
    privileged(at).or(at.request.mutable.then_some("--mutable"))
}

fn capabilities(at: &Circumstances<'_>) -> String {
    let place =
        if shares(at.request, HostNamespace::User) { "on the host" } else { "in its user namespace only" };
    let why = match at.starts_as {
        StartsAs::Root => " (starts as root)",
        StartsAs::User => "",
    };
    match at.capabilities.len() {
        0 => "none".to_owned(),
        count => format!("{count}, {place}{why}"),
    }
}
