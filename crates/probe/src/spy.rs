//! Looking into every process that appears, as fast as it can: what comes into a container from outside
//! must not be seen before it has become a program of the container, and must not be written to at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode, OFlags, fstat, openat};

use crate::outcome::error_name;
use crate::{Ended, Failure, print};

/// Spies for so long; says how many processes of this very program it saw, and of which others it saw more
/// than their number. Exit code 1 if there were any.
pub(crate) fn spy(time: Duration) -> Ended {
    let ours = fs::read_link("/proc/self/exe").map_err(Failure::io("/proc/self/exe"))?;
    let (begun, mut seen, mut found) = (Instant::now(), BTreeSet::new(), BTreeSet::new());
    print("ready\n")?;
    while begun.elapsed() < time {
        for pid in others() {
            match look(&pid, &ours) {
                Sight::Ours => drop(seen.insert(pid)),
                Sight::Nothing => {}
                Sight::Secret(what) => drop(found.insert(format!("process {}: {what}\n", pid.display()))),
            }
        }
    }
    print(&format!("saw {}\n", seen.len()))?;
    found.iter().try_for_each(|line| print(line).map(drop))?;
    Ok(u8::from(!found.is_empty()))
}

/// Takes hold of every program but this one that any process executes meanwhile, the first process too, and
/// then tries to open it for writing, until nobody executes it any more (CVE-2019-5736). Says how many it
/// held and what became of each. Exit code 1 if one could be written to.
pub(crate) fn overwrite(time: Duration) -> Ended {
    let ours = file_of(Path::new("/proc/self")).map(|(file, _)| file);
    let (begun, mut held) = (Instant::now(), BTreeMap::new());
    print("ready\n")?;
    while begun.elapsed() < time {
        let programs = others().into_iter().chain([PathBuf::from("/proc/1")]).filter_map(|pid| file_of(&pid));
        held.extend(programs.filter(|(file, _)| Some(*file) != ours));
    }
    print(&format!("held {}\n", held.len()))?;
    let written = held.values().map(|program| match write_to(program) {
        Ok(_) => print("it is writable\n").map(|_| true),
        Err(error) => print(&format!("{}\n", error_name(&error))).map(|_| false),
    });
    let any = written.collect::<Result<Vec<_>, _>>()?.contains(&true);
    Ok(u8::from(any))
}

/// What a process executes: the file, as its device and inode, and a hold on it.
fn file_of(pid: &Path) -> Option<((u64, u64), OwnedFd)> {
    let program = openat(CWD, pid.join("exe"), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let stat = fstat(&program).ok()?;
    Some(((stat.st_dev, stat.st_ino), program))
}

fn write_to(program: &OwnedFd) -> io::Result<fs::File> {
    let begun = Instant::now();
    loop {
        match fs::File::options().write(true).open(format!("/proc/self/fd/{}", program.as_raw_fd())) {
            Err(error)
                if error.kind() == io::ErrorKind::ExecutableFileBusy
                    && begun.elapsed() < Duration::from_secs(10) => {}
            other => return other,
        }
    }
}

enum Sight {
    /// It executes this program.
    Ours,
    Nothing,
    Secret(&'static str),
}

/// All but this one and the first.
fn others() -> Vec<PathBuf> {
    let own = std::process::id();
    let is_other = |pid: u32| pid != 1 && pid != own;
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries
        .filter(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()).is_some_and(is_other));
    numbers.map(|entry| entry.path()).collect()
}

fn look(pid: &Path, ours: &Path) -> Sight {
    let is_ours = || fs::read_link(pid.join("exe")).map(|path| path == ours);
    match is_ours() {
        Ok(true) => return Sight::Ours,
        Ok(false) => return Sight::Secret("its program"),
        Err(_) => {}
    }
    match secret_of(pid) {
        // It may have executed our program between the two looks; then it has no secrets.
        Some(_) if matches!(is_ours(), Ok(true)) => Sight::Ours,
        Some(what) if has_memory(pid) => Sight::Secret(what),
        _ => Sight::Nothing,
    }
}

/// Whoever has none any more is dying, and everybody may look at what is left.
fn has_memory(pid: &Path) -> bool {
    fs::read_to_string(pid.join("status")).is_ok_and(|status| status.contains("\nVmSize:"))
}

fn secret_of(pid: &Path) -> Option<&'static str> {
    let link = |name: &str| fs::read_link(pid.join(name)).is_ok();
    let descriptors = || fs::read_dir(pid.join("fd")).into_iter().flatten().flatten();
    if fs::read(pid.join("environ")).is_ok_and(|bytes| !bytes.is_empty()) {
        return Some("its environment");
    }
    if descriptors().any(|entry| fs::read_link(entry.path()).is_ok()) {
        return Some("its descriptors");
    }
    if fs::File::open(pid.join("mem")).is_ok() {
        return Some("its memory");
    }
    (link("root") || link("cwd")).then_some("its directories")
}
