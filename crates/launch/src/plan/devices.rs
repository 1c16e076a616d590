//! Device nodes as the child will make or bind them.

use std::ffi::CString;

use model::spec::{Device, NamespaceKind, Spec};
use rustix::fs::FileType;

use super::path::{InRoot, cstring};
use super::{Author, namespaces};
use crate::error::LaunchError;

/// A node that the specification asks for.
#[derive(Debug)]
pub(crate) struct PlannedDevice {
    /// Below the container's root.
    pub target: InRoot,
    /// The directory of the target.
    pub directory: InRoot,
    /// Below the host's root.
    pub source: CString,
    pub kind: FileType,
    pub major: u32,
    pub minor: u32,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
}

/// How nodes come into the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nodes {
    /// The host's are bound: in a user namespace none can be made.
    Bound,
    /// They are made, with the owner and the mode that were asked for.
    Made,
}

impl Nodes {
    pub(super) fn of(spec: &Spec, author: Author) -> Self {
        if author == Author::Policy || namespaces::private(spec, NamespaceKind::User) {
            Self::Bound
        } else {
            Self::Made
        }
    }
}

/// Linux has 12 bits for a major number and 20 for a minor one.
const MAX_MAJOR: i64 = 0xfff;
const MAX_MINOR: i64 = 0xf_ffff;
/// What a device that says nothing gets, as in runc.
const DEFAULT_MODE: u32 = 0o666;

impl PlannedDevice {
    pub(super) fn new(device: &Device, author: Author) -> Result<Self, LaunchError> {
        let invalid = |why| LaunchError::Spec { what: "device", value: device.path.clone(), why };
        let target = author.path(&device.path)?;
        if target.is_root() {
            return Err(invalid("it needs a name"));
        }
        if author == Author::Policy && target.below("dev").is_none() {
            return Err(invalid("it must lie below /dev"));
        }
        let kind = match device.kind.as_ref() {
            "c" | "u" => FileType::CharacterDevice,
            "b" => FileType::BlockDevice,
            "p" if author == Author::Bundle => FileType::Fifo,
            _ => return Err(invalid("it is neither a character nor a block device")),
        };
        let number = |number: i64, most| {
            let within = if kind == FileType::Fifo { Some(0) } else { Some(number) };
            let within = within.filter(|number| (0..=most).contains(number));
            within
                .and_then(|number| u32::try_from(number).ok())
                .ok_or_else(|| invalid("its number is out of range"))
        };
        let source = if device.source.is_empty() { target.display() } else { device.source.clone() };
        let path = target.display();
        let directory = path.rsplit_once('/').map_or("/", |(directory, _)| directory);
        Ok(Self {
            directory: InRoot::cleaned(directory)?,
            source: cstring("device", &source)?,
            kind,
            major: number(device.major, MAX_MAJOR)?,
            minor: number(device.minor, MAX_MINOR)?,
            mode: device.file_mode.unwrap_or(DEFAULT_MODE) & 0o7777,
            uid: device.uid.unwrap_or(0),
            gid: device.gid.unwrap_or(0),
            target,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(path: &str, kind: &'static str, major: i64) -> Device {
        Device { path: path.into(), kind: kind.into(), major, minor: 3, ..Device::default() }
    }

    #[test]
    fn a_bundle_s_devices_lie_anywhere_and_ours_below_dev() {
        let made = |device, author| PlannedDevice::new(&device, author);
        assert!(made(device("/opt/null", "c", 1), Author::Bundle).is_ok());
        assert!(made(device("/opt/null", "c", 1), Author::Policy).is_err());
        assert!(made(device("/", "c", 1), Author::Bundle).is_err());
        let fifo = made(device("/run/fifo", "p", -7), Author::Bundle).unwrap();
        assert_eq!((fifo.kind, fifo.major, fifo.mode), (FileType::Fifo, 0, 0o666));
        assert!(made(device("/dev/x", "s", 1), Author::Bundle).is_err());
        for number in [-1, 0x1000, i64::MAX] {
            assert!(made(device("/dev/x", "c", number), Author::Bundle).is_err(), "{number}");
        }
    }
}
