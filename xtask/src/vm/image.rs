//! The guest's root file system: a small Debian with systemd, on one ext4 that no guest writes to.

use std::path::{Path, PathBuf};

use super::archive::Archive;
use super::kernel::Kernel;
use super::place::Place;
use crate::shell::{self, Outcome};

const SUITE: &str = "bookworm";

/// Beyond what every Debian has. In reading order: the system, its users, the tests' own needs.
const PACKAGES: &[&str] = &[
    "systemd",
    "systemd-sysv",
    "dbus",
    "libpam-systemd",
    "dbus-user-session",
    "kmod",
    "busybox-static",
    "login",
    "sudo",
    "uidmap",
    "procps",
    "iproute2",
    "apparmor",
    "e2fsprogs",
    "wireguard-tools",
    "runc",
];

/// What nobody reads in there, and profiles of programs that are not there.
const ABSENT: &[&str] = &[
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
    "/usr/share/info/*",
    "/etc/apparmor.d/lsb_release",
    "/etc/apparmor.d/nvidia_modprobe",
];

/// Our own files in it: the path, the mode, the content.
const OURS: &[(&str, &str, &str)] = &[
    ("usr/lib/lab/init", "755", include_str!("guest/init")),
    ("usr/lib/lab/job", "755", include_str!("guest/job")),
    ("etc/systemd/system/lab.service", "644", include_str!("guest/lab.service")),
    ("etc/sudoers.d/tester", "440", "tester ALL=(ALL) NOPASSWD: ALL\n"),
    ("etc/hostname", "644", "lab\n"),
    ("etc/hosts", "644", "127.0.0.1 localhost\n127.0.1.1 lab\n::1 localhost\n"),
    // A system that has one is not started for the first time.
    ("etc/machine-id", "444", "6c61620000000000000000000000006c\n"),
    ("etc/fstab", "644", ""),
];

/// What would only cost the guest time.
const MASKED: &[&str] = &[
    "serial-getty@ttyS0.service",
    "getty@tty1.service",
    "dev-hugepages.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "modprobe@configfs.service",
    "modprobe@dm_mod.service",
    "modprobe@drm.service",
    "modprobe@efi_pstore.service",
    "modprobe@fuse.service",
    "modprobe@loop.service",
    "kmod-static-nodes.service",
    "systemd-modules-load.service",
    "systemd-pstore.service",
    "systemd-random-seed.service",
    "systemd-sysusers.service",
    "systemd-journal-flush.service",
    "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
    "e2scrub_reap.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
];

/// The image for guests with this kernel; made if it is missing or was made otherwise.
pub(super) fn ensure(place: &Place, kernel: &Kernel) -> Outcome<PathBuf> {
    let recipe = format!("{SUITE} {PACKAGES:?} {ABSENT:?}");
    let packed = place.made("debian.tar", &recipe, |file| bootstrap(place, file))?;
    let recipe = format!("{recipe} {OURS:?} {MASKED:?} {}", kernel.recipe);
    place.made(&format!("root-{}.ext4", kernel.name), &recipe, |file| compose(place, &packed, kernel, file))
}

fn bootstrap(place: &Place, file: &Path) -> Outcome {
    let archive = Archive::new(place, SUITE)?;
    let mut command =
        shell::program("mmdebstrap", ["--quiet", "--mode=root", "--format=tar", "--variant=minbase"]);
    command.arg(format!("--include={}", PACKAGES.join(",")));
    command.args(ABSENT.iter().map(|path| format!("--dpkgopt=path-exclude={path}")));
    // What is lost with the machine's power is made again.
    command.arg("--dpkgopt=force-unsafe-io");
    command.arg("--aptopt=Apt::Install-Recommends \"false\"");
    command.arg("--customize-hook=chroot \"$1\" useradd --create-home --shell /bin/bash tester");
    shell::show(command.arg(SUITE).arg(file).arg(archive.line()))
}

/// The image of the packed system, the kernel's modules and our files. Root's programs lie about meanwhile,
/// where only root looks.
fn compose(place: &Place, packed: &Path, kernel: &Kernel, image: &Path) -> Outcome {
    let desk = place.desk()?;
    let root = desk.path("root");
    let root = root.as_path();
    shell::capture(shell::program("install", ["--directory", "--mode=700"]).arg(desk.directory()).arg(root))?;
    let unpack = ["--extract", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--directory"];
    shell::show(shell::program("tar", unpack).arg(root).arg("--file").arg(packed))?;
    for (path, mode, content) in OURS {
        let source = desk.write("file", content)?;
        let mode = format!("--mode={mode}");
        shell::capture(shell::program("install", ["-D", &mode]).arg(source).arg(root.join(path)))?;
    }
    shell::capture(
        shell::program("cp", ["--recursive"]).arg(kernel.modules()).arg(root.join("usr/lib/modules")),
    )?;
    let units = root.join("etc/systemd/system");
    for unit in MASKED {
        shell::capture(shell::program("ln", ["-sf", "/dev/null"]).arg(units.join(unit)))?;
    }
    let wanted = units.join("multi-user.target.wants/lab.service");
    shell::capture(shell::program("ln", ["-sf", "../lab.service"]).arg(wanted))?;
    let make = ["-q", "-O", "verity", "-E", "root_owner=0:0", "-L", "lab", "-d"];
    shell::show(shell::program("mkfs.ext4", make).arg(root).arg(image).arg("8G"))
}
