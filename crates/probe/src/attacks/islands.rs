//! The programs of the image themselves: overwritten, or joined by new ones in their directories.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process;

use rustix::fs::{Access, StatVfsMountFlags, access, statvfs};

use super::SELF;
use crate::outcome::{Attack, Class, Options, Outcome, errno_name, stopped_by};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "overwrite-island",
        class: Class::DroppedCode,
        tries: "open the image's programs for writing",
        run: overwrite,
    },
    Attack {
        name: "add-to-island",
        class: Class::DroppedCode,
        tries: "make a new file beside the image's programs",
        run: add,
    },
    Attack {
        name: "proc-self-exe-write",
        class: Class::RuntimeBinary,
        tries: "write to the program that runs, or that pid 1 is",
        run: |_| Outcome::worst([SELF, "/proc/1/exe"].map(|path| writable(Path::new(path)))),
    },
];

/// Where images keep programs and shared objects.
const PROGRAMS: [&str; 8] =
    ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/lib", "/lib", "/lib64", "/usr/local/bin"];

fn overwrite(_: &Options) -> Outcome {
    let programs = PROGRAMS.into_iter().filter_map(first_program);
    Outcome::worst(std::iter::once(PathBuf::from(SELF)).chain(programs).map(|path| writable(&path)))
}

/// By access(2), which answers for a program that is running too; open(2) says ETXTBSY to everybody.
fn writable(path: &Path) -> Outcome {
    match access(path, Access::WRITE_OK) {
        Ok(()) => Outcome::succeeded(format!("{} is writable", path.display())),
        Err(errno) => Outcome::stopped(errno_name(errno)),
    }
}

fn first_program(directory: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(directory).ok()?.filter_map(Result::ok);
    entries.map(|entry| entry.path()).find(|path| is_program(path))
}

/// What an island is for: a program or a shared object. Other files beside them may well be writable.
fn is_program(path: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else { return false };
    let shared = path.file_name().is_some_and(|name| name.to_string_lossy().contains(".so"));
    metadata.is_file() && (metadata.mode() & 0o111 != 0 || shared)
}

fn add(_: &Options) -> Outcome {
    let own = fs::read_link(SELF).ok().and_then(|path| path.parent().map(Path::to_owned));
    let directories = PROGRAMS.into_iter().filter(|path| Path::new(path).is_dir()).map(PathBuf::from);
    // The root itself may hold the probe and yet be no island.
    let islands = own.into_iter().filter(|path| path != Path::new("/")).chain(directories);
    Outcome::worst(islands.map(|island| add_to(&island)))
}

/// A new file where nothing can be executed is a file like any other.
fn add_to(island: &Path) -> Outcome {
    let path = island.join(format!(".coffer-probe-{}", process::id()));
    let noexec = |path: &Path| statvfs(path).is_ok_and(|on| on.f_flag.contains(StatVfsMountFlags::NOEXEC));
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(_) => {
            let inert = noexec(&path);
            let _gone = fs::remove_file(&path);
            match inert {
                true => Outcome::stopped("what is made there is noexec"),
                false => Outcome::succeeded(format!("made a file in {}", island.display())),
            }
        }
        Err(error) => stopped_by(&error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::place::Scratch;
    use super::*;

    #[test]
    fn programs_and_shared_objects_are_told_from_other_files() {
        let scratch = Scratch::anywhere().unwrap();
        let file = |name: &str, mode| {
            let path = scratch.path().join(name);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            is_program(&path)
        };
        assert!(file("sh", 0o755));
        assert!(file("libc.so.6", 0o644));
        assert!(!file("os-release", 0o644));
        assert!(!is_program(scratch.path()));
    }
}
