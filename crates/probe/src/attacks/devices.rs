//! The host's devices: disks, memory and the kernel's log.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, makedev, mknodat};

use super::place::Scratch;
use super::surface::ask;
use crate::outcome::{Attack, Class, Options, Outcome, errno_name, error_name, stopped_by};

const CLASS: Class = Class::Devices;

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "mknod-disk",
        class: CLASS,
        tries: "make a device node of the host's disk",
        run: mknod_disk,
    },
    Attack { name: "dev-disk", class: CLASS, tries: "open a disk in /dev", run: open_disks },
    Attack {
        name: "dev-mem",
        class: CLASS,
        tries: "open the machine's memory and ports",
        run: |_| Outcome::worst(["/dev/mem", "/dev/kmem", "/dev/port"].map(open)),
    },
    Attack { name: "kcore", class: CLASS, tries: "read the kernel's memory", run: read_kcore },
    Attack {
        name: "kmsg",
        class: CLASS,
        tries: "read the kernel's log",
        run: |_| {
            let log = ask(sys::attempt::Request::KernelLog);
            Outcome::worst(["/dev/kmsg", "/proc/kmsg"].map(open).into_iter().chain([log]))
        },
    },
];

/// Opens without blocking and reads nothing: /proc/kmsg would be used up.
fn open(path: &str) -> Outcome {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(_) => Outcome::succeeded(format!("opened {path}")),
        Err(error) => absent_or_stopped(&error),
    }
}

fn absent_or_stopped(error: &io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::NotFound => Outcome::not_applicable("there is no such device here"),
        _ => stopped_by(error),
    }
}

fn read_kcore(_: &Options) -> Outcome {
    let mut magic = [0_u8; 4];
    match File::open("/proc/kcore").and_then(|mut core| core.read_exact(&mut magic)) {
        Ok(()) => Outcome::succeeded("read the kernel's memory"),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Outcome::stopped("it is empty"),
        Err(error) => absent_or_stopped(&error),
    }
}

fn open_disks(_: &Options) -> Outcome {
    let entries = fs::read_dir("/dev").into_iter().flatten().filter_map(Result::ok);
    let disks = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_block_device()));
    Outcome::worst(disks.filter_map(|disk| disk.path().to_str().map(open)))
}

fn mknod_disk(_: &Options) -> Outcome {
    let partitions = fs::read_to_string("/proc/partitions").unwrap_or_default();
    // 8:0 is the first SCSI disk, on most hosts.
    let (major, minor) = first_disk(&partitions).unwrap_or((8, 0));
    let scratch = match Scratch::anywhere() {
        Ok(scratch) => scratch,
        Err(error) => return Outcome::stopped(format!("not writable: {}", error_name(&error))),
    };
    let node = scratch.path().join("disk");
    let device = makedev(major, minor);
    match mknodat(CWD, &node, FileType::BlockDevice, Mode::RUSR, device) {
        Ok(()) => made_node(&node, major, minor),
        Err(errno) => Outcome::stopped(errno_name(errno)),
    }
}

fn made_node(node: &Path, major: u32, minor: u32) -> Outcome {
    let opened = match File::open(node) {
        Ok(_) => "it opens".to_owned(),
        Err(error) => format!("opening it gives {}", error_name(&error)),
    };
    Outcome::succeeded(format!("made the node {major}:{minor}, {opened}"))
}

/// Major and minor of the first line of /proc/partitions, which has two lines of heading.
fn first_disk(partitions: &str) -> Option<(u32, u32)> {
    let mut fields = partitions.lines().nth(2)?.split_whitespace();
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_disk_is_read_from_the_partitions() {
        let text = "major minor  #blocks  name\n\n 254        0  268435456 vda\n 254        1  1 vda1\n";
        assert_eq!(first_disk(text), Some((254, 0)));
        assert_eq!(first_disk("major minor  #blocks  name\n"), None);
        assert_eq!(first_disk("a\nb\nx y z\n"), None);
    }
}
