//! The mount table, and which of it can be written to or executed from.

use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::{Access, access};

use crate::json::Json;

/// A line of /proc/self/mountinfo, proc_pid_mountinfo(5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Where it is mounted.
    pub(crate) path: String,
    /// The filesystem's type.
    pub(crate) kind: String,
    /// Options of the mount and of the filesystem, with commas.
    options: String,
}

impl Mount {
    fn has(&self, option: &str) -> bool {
        self.options.split(',').any(|set| set == option)
    }

    pub(crate) fn is_writable(&self) -> bool {
        !self.has("ro")
    }

    pub(crate) fn is_executable(&self) -> bool {
        !self.has("noexec")
    }

    pub(crate) fn is_below(&self, directory: &str) -> bool {
        Path::new(&self.path).starts_with(directory) && self.path != directory
    }
}

/// The whole table.
///
/// # Errors
/// Reading /proc/self/mountinfo.
pub(crate) fn read() -> io::Result<Vec<Mount>> {
    fs::read_to_string("/proc/self/mountinfo").map(|text| text.lines().filter_map(parse).collect())
}

/// `36 35 98:0 /mnt1 /mnt/parent rw,noatime master:1 - ext3 /dev/root rw,errors=continue`: fields
/// before the hyphen vary in number.
fn parse(line: &str) -> Option<Mount> {
    let (mount, filesystem) = line.split_once(" - ")?;
    let mut fields = mount.split(' ').skip(4);
    let (path, options) = (unescape(fields.next()?), fields.next()?);
    let mut fields = filesystem.split(' ');
    let kind = fields.next()?.to_owned();
    let of_filesystem = fields.nth(1)?;
    Some(Mount { path, kind, options: format!("{options},{of_filesystem}") })
}

/// Blanks, tabs, newlines and backslashes are three octal digits there.
fn unescape(text: &str) -> String {
    let codes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    codes.into_iter().fold(text.to_owned(), |text, (code, character)| text.replace(code, character))
}

/// The root, and the paths of the mounts that are writable, executable, or (worst) both.
pub(crate) fn section() -> Json {
    let mounts = read().unwrap_or_default();
    let paths = |wanted: &dyn Fn(&Mount) -> bool| {
        Json::texts(mounts.iter().filter(|mount| wanted(mount)).map(|mount| mount.path.as_str()))
    };
    let root = mounts.iter().rfind(|mount| mount.path == "/");
    Json::Object(vec![
        ("total", Json::count(mounts.len())),
        ("root_type", Json::text(root.map_or("unknown", |root| root.kind.as_str()))),
        ("root_writable", Json::Flag(access("/", Access::WRITE_OK).is_ok())),
        ("root_executable", Json::Flag(root.is_none_or(Mount::is_executable))),
        ("writable", paths(&Mount::is_writable)),
        ("executable", paths(&Mount::is_executable)),
        ("writable_and_executable", paths(&|mount| mount.is_writable() && mount.is_executable())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_read_from_its_line() {
        let line = "36 35 98:0 /mnt1 /a\\040b rw,noexec master:1 propagate_from:2 - tmpfs none ro,size=4k";
        let mount = parse(line).unwrap();
        assert_eq!((mount.path.as_str(), mount.kind.as_str()), ("/a b", "tmpfs"));
        assert!(!mount.is_writable());
        assert!(!mount.is_executable());
    }

    #[test]
    fn a_line_that_is_cut_off_is_no_mount() {
        for line in ["", "36 35 98:0 / /", "36 35 98:0 / / rw - tmpfs", "36 - tmpfs none rw"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn a_directory_is_not_below_itself() {
        let mount = parse("1 2 0:1 / /proc/sys ro - proc proc rw").unwrap();
        assert!(mount.is_below("/proc"));
        assert!(!mount.is_below("/proc/sys"));
        assert!(!mount.is_below("/pro"));
    }
}
