//! The kernel's other entries: system call numbers that a filter for x86-64 does not know.

use crate::outcome::{Attack, Class, Options, Outcome};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "x86-32-syscall",
        class: Class::ForeignAbi,
        tries: "getpid through the 32-bit entry",
        run: x86_32,
    },
    Attack { name: "x32-syscall", class: Class::ForeignAbi, tries: "getpid by its x32 number", run: x32 },
];

#[cfg(target_arch = "x86_64")]
fn x86_32(_: &Options) -> Outcome {
    Outcome::of(sys::attempt::getpid_of_x86_32(), "the 32-bit entry answered")
}

#[cfg(target_arch = "x86_64")]
fn x32(_: &Options) -> Outcome {
    Outcome::of(sys::attempt::Request::X32Getpid.ask(), "the x32 number was answered")
}

#[cfg(not(target_arch = "x86_64"))]
fn x86_32(_: &Options) -> Outcome {
    Outcome::not_applicable("this is not x86-64")
}

#[cfg(not(target_arch = "x86_64"))]
use x86_32 as x32;
