//! Kernel features that the default confinement is built of.

use model::host::{HostCheck, HostWeight};
use model::spec::NamespaceKind;
use rustix::io::Errno;
use rustix::mount::FsOpenFlags;

use super::{Probe, text};

/// Landlock's ABI that can also close abstract sockets and signals (Linux 6.12).
const LANDLOCK_SCOPES: u32 = 6;
/// Idmapped layers under overlayfs.
const OLDEST: (u32, u32) = (5, 19);

const UPGRADE: &str = "install a newer kernel; 6.6 and later have everything";

pub(super) fn checks() -> Vec<HostCheck> {
    let mut checks = vec![version(), namespaces(), user_namespaces(), overlay(), seccomp()];
    checks.extend(landlock());
    checks.extend([memfd_noexec(), openat2(), network_device()]);
    checks
}

/// `6.18.44-amd64`.
pub(crate) fn release() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}

fn version() -> HostCheck {
    let probe =
        Probe { id: "kernel", text: "Linux 5.19: idmapped layers, clone3", weight: HostWeight::Baseline };
    let release = release();
    if parse(&release).is_some_and(|version| version >= OLDEST) {
        probe.present(release)
    } else {
        probe.missing(release, UPGRADE)
    }
}

/// Major and minor version.
fn parse(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn namespaces() -> HostCheck {
    let probe =
        Probe { id: "namespaces", text: "all eight kinds of namespace", weight: HostWeight::Baseline };
    let there = |kind: &&NamespaceKind| {
        std::fs::symlink_metadata(format!("/proc/self/ns/{}", kind.proc_name())).is_err()
    };
    let lacking: Vec<_> =
        NamespaceKind::ALL.iter().filter(there).copied().map(NamespaceKind::proc_name).collect();
    if lacking.is_empty() {
        probe.present("all")
    } else {
        let found = format!("without {}", lacking.join(", "));
        probe.missing(found, "use a kernel with CONFIG_NAMESPACES and all that it offers")
    }
}

fn user_namespaces() -> HostCheck {
    let probe =
        Probe { id: "user-namespaces", text: "user namespaces may be made", weight: HostWeight::Baseline };
    match text("/proc/sys/user/max_user_namespaces").and_then(|text| text.parse::<u64>().ok()) {
        Some(0) => probe.missing("limit 0", "sysctl -w user.max_user_namespaces=15000"),
        Some(limit) => probe.present(format!("limit {limit}")),
        None => probe.missing("none", "use a kernel with CONFIG_USER_NS"),
    }
}

/// fsopen(2) loads the module where it is one; a caller without the right asks the kernel's list.
fn overlay() -> HostCheck {
    let probe = Probe { id: "overlayfs", text: "overlay filesystems", weight: HostWeight::Baseline };
    let listed =
        || text("/proc/filesystems").is_some_and(|list| list.lines().any(|line| line.ends_with("\toverlay")));
    match rustix::mount::fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC) {
        Ok(_) => probe.present("fsopen"),
        Err(Errno::PERM) if listed() => probe.present("listed"),
        Err(errno) => probe.missing(errno.to_string(), "modprobe overlay"),
    }
}

fn seccomp() -> HostCheck {
    let probe = Probe { id: "seccomp", text: "system call filters", weight: HostWeight::Baseline };
    if sys::seccomp::is_available() {
        let actions = text("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
        let logs = actions.split_whitespace().any(|action| action == "log");
        return probe.present(if logs { "filter, log" } else { "filter" });
    }
    probe.missing("none", "use a kernel with CONFIG_SECCOMP_FILTER")
}

fn landlock() -> [HostCheck; 2] {
    let base = Probe { id: "landlock", text: "Landlock", weight: HostWeight::Baseline };
    let scopes = Probe {
        id: "landlock-scopes",
        text: "Landlock closes sockets and signals",
        weight: HostWeight::Advice,
    };
    let abi = sys::landlock::abi();
    let found = format!("ABI {abi}");
    if abi == 0 {
        let remedy = "add landlock to the list in the kernel parameter lsm=, or use a kernel with CONFIG_SECURITY_LANDLOCK";
        return [base.missing("none", remedy), scopes.missing("none", remedy)];
    }
    let second = if abi >= LANDLOCK_SCOPES {
        scopes.present(found.clone())
    } else {
        scopes.missing(found.clone(), "install Linux 6.12 or later")
    };
    [base.present(found), second]
}

/// Where it is missing, the system call filter stands in for it.
fn memfd_noexec() -> HostCheck {
    let probe = Probe {
        id: "memfd-noexec",
        text: "memory files can be kept from executing",
        weight: HostWeight::Advice,
    };
    match text("/proc/sys/vm/memfd_noexec") {
        Some(_) => probe.present("vm.memfd_noexec"),
        None => probe.missing("none", "install Linux 6.3 or later"),
    }
}

fn openat2() -> HostCheck {
    let probe = Probe { id: "openat2", text: "paths resolved inside a root", weight: HostWeight::Baseline };
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
    match rustix::fs::openat2(CWD, "/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::IN_ROOT)
    {
        Ok(_) => probe.present("openat2"),
        Err(errno) => probe.missing(errno.to_string(), UPGRADE),
    }
}

/// Opening it loads the module where it is one.
fn network_device() -> HostCheck {
    let probe =
        Probe { id: "network-device", text: "a way out: --network outbound", weight: HostWeight::Advice };
    use rustix::fs::{CWD, Mode, OFlags};
    match rustix::fs::openat(CWD, "/dev/net/tun", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()) {
        Ok(_) => probe.present("/dev/net/tun"),
        Err(Errno::ACCESS) => probe.missing("only root's", "chmod 0666 /dev/net/tun"),
        Err(errno) => probe.missing(errno.to_string(), "modprobe tun"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(parse("6.18.44-fc-v669"), Some((6, 18)));
        assert_eq!(parse("5.4"), Some((5, 4)));
        assert!(parse("5.4.0").unwrap() < OLDEST && parse("10.0").unwrap() > OLDEST);
        assert_eq!(parse("strange"), None);
    }
}
