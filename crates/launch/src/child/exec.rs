//! The last step: the image's program takes over.

use std::ffi::CStr;

use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags, Stat, accessat, openat, statat};
use rustix::io::Errno;

use super::At as _;
use crate::channel::Fault;
use crate::plan::{Plan, ProgramCheck};
use crate::step::Step;

/// Tries each candidate as execvp(3) does, and comes back only with the reason why none ran: a program
/// that is there but refused says more than the places where it is not.
pub(super) fn exec(plan: &Plan) -> Fault {
    sys::signal::reset_actions();
    // A mask that cannot be set is none that the kernel knows; the empty one always can.
    let _always = sys::signal::set_mask(sys::signal::SignalSet::EMPTY);
    let process = &plan.process;
    let mut answer = Errno::NOENT;
    for candidate in &process.candidates {
        if plan.landlock.is_none() && leads_to_us(candidate, plan, 0) {
            answer = Errno::NOTSUP;
            continue;
        }
        match sys::exec::execve(candidate, &process.arguments, &process.environment) {
            Errno::NOENT | Errno::NOTDIR => {}
            Errno::ACCESS => answer = why_refused(candidate),
            other => {
                answer = other;
                break;
            }
        }
    }
    Fault { step: Step::Exec, index: 0, errno: answer }
}

/// Whether any candidate can be executed, as far as can be told beforehand.
pub(super) fn look(plan: &Plan) -> Result<(), Fault> {
    if plan.manner.program == ProgramCheck::AtExec {
        return Ok(());
    }
    let mut answer = Errno::NOENT;
    for candidate in &plan.process.candidates {
        match accessat(CWD, candidate, Access::EXEC_OK, AtFlags::EACCESS)
            .map_or_else(Err, |()| is_file(candidate))
        {
            Ok(()) => return Ok(()),
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(Errno::ACCESS) => answer = why_refused(candidate),
            Err(errno) => answer = errno,
        }
    }
    Err(answer).at(Step::Exec, 0)
}

fn is_file(candidate: &CStr) -> Result<(), Errno> {
    match FileType::from_raw_mode(statat(CWD, candidate, AtFlags::empty())?.st_mode) {
        FileType::Directory => Err(Errno::ISDIR),
        _ => Ok(()),
    }
}

/// EACCES has three meanings, and only one of them is ours.
fn why_refused(candidate: &CStr) -> Errno {
    let Ok(stat) = statat(CWD, candidate, AtFlags::empty()) else { return Errno::ACCESS };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Errno::ISDIR,
        FileType::RegularFile if stat.st_mode & 0o111 == 0 => Errno::PERM,
        _ => Errno::ACCESS,
    }
}

/// Scripts may be interpreted by scripts; the kernel gives up sooner (fs/exec.c, exec_binprm).
const INTERPRETERS: u32 = 8;

/// Whether executing `candidate`, or the interpreter that its first line names, would execute this very
/// program: /proc/self/exe still leads to it (CVE-2019-5736). Landlock closes that way by itself; this
/// is for containers that may mount, which Landlock cannot hold.
fn leads_to_us(candidate: &CStr, plan: &Plan, depth: u32) -> bool {
    let is_us = |stat: Stat| Some((stat.st_dev, stat.st_ino)) == plan.own_file;
    if depth > INTERPRETERS || statat(CWD, candidate, AtFlags::empty()).is_ok_and(is_us) {
        return true;
    }
    let mut line = [0; 256];
    let read = openat(CWD, candidate, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())
        .and_then(|file| rustix::io::read(&file, &mut line[..]));
    read.is_ok() && interpreter(&mut line).is_some_and(|path| leads_to_us(path, plan, depth + 1))
}

/// The interpreter in a script's first line, terminated in place.
fn interpreter(line: &mut [u8; 256]) -> Option<&CStr> {
    let rest = line.strip_prefix(b"#!")?;
    let start = 2 + rest.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
    let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0);
    let length = line.get(start..)?.iter().position(ends).filter(|length| *length > 0)?;
    *line.get_mut(start + length)? = 0;
    CStr::from_bytes_until_nul(line.get(start..)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpreter_of_a_script_is_found_as_the_kernel_finds_it() {
        let of = |text: &[u8]| {
            let mut line = [0; 256];
            line[..text.len()].copy_from_slice(text);
            interpreter(&mut line).map(|path| path.to_str().unwrap().to_owned())
        };
        assert_eq!(of(b"#! /proc/self/exe -x\n").as_deref(), Some("/proc/self/exe"));
        assert_eq!(of(b"#!/bin/sh\n").as_deref(), Some("/bin/sh"));
        assert_eq!(of(b"\x7fELF"), None);
        assert_eq!(of(b"#!"), None);
    }
}
