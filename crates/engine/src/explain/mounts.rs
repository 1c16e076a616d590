//! /proc/PID/mountinfo: what a container can see, write and execute (proc_pid_mountinfo(5)).

use serde::Serialize;

/// Most lines that are looked at.
const MAX_LINES: usize = 4096;

/// One mount, as the container sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MountLine {
    /// Where, absolute in the container.
    pub path: String,
    /// Filesystem type.
    pub kind: String,
    /// No writing, by the mount or by the filesystem.
    pub read_only: bool,
    /// Nothing of it can be executed.
    pub noexec: bool,
    /// Set-user-id bits mean nothing.
    pub nosuid: bool,
    /// Device nodes mean nothing.
    pub nodev: bool,
}

/// Reads a mountinfo file; lines that cannot be understood are left out.
#[must_use]
pub fn parse(bytes: &[u8]) -> Vec<MountLine> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().take(MAX_LINES).filter_map(line).collect()
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn line(line: &str) -> Option<MountLine> {
    let (mount, filesystem) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(4);
    let (path, options) = (mount.next()?, mount.next()?);
    let mut filesystem = filesystem.split(' ');
    let kind = filesystem.next()?.to_owned();
    let super_options = filesystem.nth(1).unwrap_or_default();
    let has = |options: &str, wanted: &str| options.split(',').any(|option| option == wanted);
    Some(MountLine {
        path: unescape(path),
        kind,
        read_only: has(options, "ro") || has(super_options, "ro"),
        noexec: has(options, "noexec"),
        nosuid: has(options, "nosuid"),
        nodev: has(options, "nodev"),
    })
}

/// Space, tab, newline and backslash are written as a backslash and three octal digits.
fn unescape(text: &str) -> String {
    let mut pieces = text.split('\\');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_at_checked(3).map(|(digits, rest)| (u8::from_str_radix(digits, 8), rest)) {
            Some((Ok(byte), rest)) if byte.is_ascii() => {
                plain.push(char::from(byte));
                plain.push_str(rest);
            }
            _ => {
                plain.push('\\');
                plain.push_str(piece);
            }
        }
    }
    plain
}
