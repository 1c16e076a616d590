//! Files that were not in the image, mapped as code: what a loader does, without one.

use std::fs::{self, File};
use std::os::fd::AsFd as _;

use sys::attempt::{Executable, map_executable};

use super::SELF;
use super::place::Scratch;
use crate::outcome::{Attack, Class, Outcome, stopped_by};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "mmap-exec",
        class: Class::DroppedCode,
        tries: "map a dropped file with PROT_EXEC",
        run: |_| everywhere(Executable::FromTheStart),
    },
    Attack {
        name: "mprotect-exec",
        class: Class::DroppedCode,
        tries: "map a dropped file, then add PROT_EXEC",
        run: |_| everywhere(Executable::Later),
    },
];

fn everywhere(when: Executable) -> Outcome {
    Outcome::worst(["/tmp", "/dev/shm", "/"].map(|place| map_dropped(place, when)))
}

fn map_dropped(place: &str, when: Executable) -> Outcome {
    let opened = Scratch::in_dir(place).and_then(|scratch| {
        let path = scratch.path().join("dropped");
        fs::write(&path, fs::read(SELF)?)?;
        File::open(path)
    });
    match opened {
        Ok(file) => Outcome::of(map_executable(file.as_fd(), when), "mapped it as code"),
        Err(error) => stopped_by(&error),
    }
}
