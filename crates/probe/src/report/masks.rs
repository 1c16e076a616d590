//! The paths of /proc and /sys that engines mask or make read-only, and how they stand here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};

use rustix::fs::{Access, StatVfsMountFlags, access, statvfs};

use crate::json::Json;

/// Engines mask these: they tell about the host.
pub(crate) const MASKED: [&str; 12] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
];

/// Engines make these read-only: they steer the host.
pub(crate) const READ_ONLY: [&str; 5] =
    ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// How a path stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Masked, or read-only.
    Closed,
    /// It tells or takes.
    Open,
    /// Not there.
    Absent,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::Absent => "absent",
        }
    }
}

/// Whether anything can be read there: an empty directory and an empty file are masks.
pub(crate) fn masked(path: &str) -> State {
    let tells = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::read_dir(path).map(|mut entries| entries.next().is_some()),
        Ok(_) => reads_something(path),
        Err(error) => Err(error),
    };
    state_of(tells)
}

fn reads_something(path: &str) -> io::Result<bool> {
    let mut byte = [0_u8; 1];
    File::open(path)?.read(&mut byte).map(|length| length > 0)
}

fn state_of(open: io::Result<bool>) -> State {
    match open {
        Ok(true) => State::Open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => State::Absent,
        Ok(false) | Err(_) => State::Closed,
    }
}

/// Whether its mount is read-only, or it refuses to be opened for writing.
pub(crate) fn read_only(path: &str) -> State {
    let writable = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            let mounted_writable =
                statvfs(path).map(|status| !status.f_flag.contains(StatVfsMountFlags::RDONLY));
            mounted_writable.map(|writable| writable && may_write_below(path)).map_err(io::Error::from)
        }
        Ok(_) => OpenOptions::new().write(true).open(path).map(|_| true),
        Err(error) => Err(error),
    };
    state_of(writable)
}

/// access(2) of the directory says whether this process is the kernel's idea of its owner.
fn may_write_below(path: &str) -> bool {
    access(path, Access::WRITE_OK).is_ok() || access(format!("{path}/kernel/panic"), Access::WRITE_OK).is_ok()
}

/// The state of each path: `closed`, `open` or `absent`.
pub(crate) fn section() -> Json {
    let states = |paths: &[&'static str], state: fn(&str) -> State| {
        Json::Object(paths.iter().map(|path| (*path, Json::text(state(path).word()))).collect())
    };
    Json::Object(vec![("masked", states(&MASKED, masked)), ("read_only", states(&READ_ONLY, read_only))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_is_open_and_what_is_empty_is_closed() {
        let directory = std::env::temp_dir().join(format!("coffer-probe-masks-{}", std::process::id()));
        let (empty, full) = (directory.join("empty"), directory.join("full"));
        fs::create_dir_all(&empty).unwrap();
        fs::write(&full, "x").unwrap();
        let state = |path: &std::path::Path| masked(path.to_str().unwrap());
        assert_eq!(state(&directory), State::Open);
        assert_eq!(state(&full), State::Open);
        assert_eq!(state(&empty), State::Closed);
        assert_eq!(state(&directory.join("none")), State::Absent);
        fs::remove_dir_all(directory).unwrap();
    }
}
