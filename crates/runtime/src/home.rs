//! The home directory of a user of the container, for a process whose environment has none.
//!
//! The container's own /etc/passwd says it, and whatever it says is only told to that process. The file is
//! somebody else's: it is looked for in the container's root and nowhere else, and nothing but a file is
//! read.

use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use model::spec::Process;
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2};
use rustix::io::Errno;

/// More of the file is not read.
const LONGEST: u64 = 1 << 20;

/// Says where the process is at home, unless its environment does. `root` is opened only then.
pub(crate) fn complete(process: &mut Process, root: impl FnOnce() -> Result<OwnedFd, Errno>) {
    if process.env.iter().any(|variable| variable.starts_with("HOME=") && variable != "HOME=") {
        return;
    }
    process.env.retain(|variable| variable != "HOME=");
    let text = root().and_then(|root| users(root.as_fd())).unwrap_or_default();
    let home = find(&text, process.user.uid).unwrap_or("/");
    process.env.push(format!("HOME={home}"));
}

/// The root of a bundle.
pub(crate) fn root_at(path: &str) -> Result<OwnedFd, Errno> {
    openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// The root of a process, by its directory in /proc.
pub(crate) fn root_of(proc: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    openat(proc, c"root", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

fn users(root: BorrowedFd<'_>) -> Result<String, Errno> {
    let inside = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    // A pipe that nobody writes to is not waited for.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let place = openat2(root, c"etc/passwd", OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), inside)?;
    if FileType::from_raw_mode(fstat(&place)?.st_mode) != FileType::RegularFile {
        return Err(Errno::INVAL);
    }
    let file = openat2(root, c"etc/passwd", flags, Mode::empty(), inside)?;
    if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::RegularFile {
        return Err(Errno::INVAL);
    }
    let mut bytes = Vec::new();
    let read = std::fs::File::from(file).take(LONGEST).read_to_end(&mut bytes);
    read.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// passwd(5): the sixth field of the first line for that number, if it is a path.
fn find(text: &str, uid: u32) -> Option<&str> {
    let mut lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let line = lines.find(|fields| fields.get(2).is_some_and(|field| field.parse() == Ok(uid)))?;
    line.get(5).copied().filter(|home| home.starts_with('/') && !home.contains('\0'))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;
    use rustix::fs::mknodat;

    use super::*;

    fn home(root: &std::path::Path, uid: u32, env: &[&str]) -> Vec<String> {
        let mut process =
            Process { env: env.iter().map(|text| (*text).to_owned()).collect(), ..Process::default() };
        process.user.uid = uid;
        complete(&mut process, || root_at(root.to_str().unwrap()));
        process.env
    }

    #[test]
    fn the_container_s_own_users_have_their_homes() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(home(root.path(), 0, &["A=1"]), ["A=1", "HOME=/"]);
        std::fs::create_dir(root.path().join("etc")).unwrap();
        std::fs::write(
            root.path().join("etc/passwd"),
            "root:x:0:0:r:/root:/sh\nann:x:7:7::/home/ann:\nb:x:8:8::no\n",
        )
        .unwrap();
        assert_eq!(home(root.path(), 0, &[]), ["HOME=/root"]);
        assert_eq!(home(root.path(), 7, &["HOME="]), ["HOME=/home/ann"]);
        assert_eq!(home(root.path(), 8, &[]), ["HOME=/"]);
        assert_eq!(home(root.path(), 0, &["HOME=/x"]), ["HOME=/x"]);
    }

    #[test]
    fn nothing_but_a_file_of_the_root_is_read() {
        let (root, host) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(root.path().join("etc")).unwrap();
        let place = root.path().join("etc/passwd");
        std::fs::write(host.path().join("passwd"), "root:x:0:0::/stolen:\n").unwrap();
        symlink(host.path().join("passwd"), &place).unwrap();
        assert_eq!(home(root.path(), 0, &[]), ["HOME=/"]);
        std::fs::remove_file(&place).unwrap();
        mknodat(CWD, &place, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert_eq!(home(root.path(), 0, &[]), ["HOME=/"]);
    }

    proptest! {
        #[test]
        fn whatever_the_file_says_a_home_is_a_path(text in "[a:/0\n]{0,60}") {
            prop_assert!(find(&text, 0).is_none_or(|home| home.starts_with('/') && !home.contains(':')));
        }
    }
}
