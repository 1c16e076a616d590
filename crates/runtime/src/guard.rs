//! Keeps our own program out of the reach of who may look into it.
//!
//! Whatever goes into a container executes our program until it executes its own. Those who may trace all
//! processes there, with the host's own ids, could open it through /proc/PID/exe, and write to it as soon as
//! nobody executes it any more (CVE-2019-5736). So before anything goes in among such company, the program is
//! executed once more, from a mount of its own that is read-only and attached nowhere. All others are kept
//! from looking by the launcher.

use std::ffi::{CString, OsString};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::ffi::OsStringExt as _;

use model::spec::{NamespaceKind, Spec};
use rustix::fs::{CWD, StatVfsMountFlags, statvfs};
use rustix::io::Errno;
use rustix::mount::{OpenTreeFlags, open_tree};
use sys::exec::{StringVector, execve};
use sys::mount::{Change, Depth, attr, set_attributes};

use crate::error::Failure;

const OURSELVES: &str = "/proc/self/exe";

/// What is about to go into the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    /// Its first process.
    First,
    /// One more.
    Later,
}

/// Comes back from where the program cannot be overwritten, if the container of `spec` could.
///
/// # Errors
/// [`Failure::System`]; then nothing should go in.
pub(crate) fn keep(spec: &Spec, visit: Visit) -> Result<(), Failure> {
    if !is_exposed(spec, visit) {
        return Ok(());
    }
    let fault = |errno| Failure::system("protect", OURSELVES)(errno);
    if statvfs(OURSELVES).map_err(fault)?.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Ok(());
    }
    Err(fault(execute_again().unwrap_or_else(|errno| errno)))
}

/// Whether there may be somebody in the container who may trace us, as the host's root.
fn is_exposed(spec: &Spec, visit: Visit) -> bool {
    let space = |kind: NamespaceKind| spec.linux.namespaces.iter().find(move |space| space.kind == kind);
    if space(NamespaceKind::User).is_some() {
        return false;
    }
    // What others may do who live there is not known.
    let shared = space(NamespaceKind::Pid).is_some_and(|pid| pid.path.is_some());
    let traces = spec.process.capabilities.bounding.iter().any(|name| name.ends_with("SYS_PTRACE"));
    let has_company = visit == Visit::Later || !spec.hooks.start_container.is_empty();
    shared || (traces && has_company)
}

/// Comes back only with the reason why not.
fn execute_again() -> Result<Errno, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let program = open_tree(CWD, OURSELVES, flags)?;
    let change = Change { set: attr::RDONLY, ..Change::default() };
    set_attributes(program.as_fd(), Depth::Single, change)?;
    let path = CString::new(format!("/proc/self/fd/{}", program.as_raw_fd())).map_err(|_| Errno::INVAL)?;
    let arguments = vector(std::env::args_os())?;
    let variables = std::env::vars_os().map(|(mut variable, value)| {
        variable.push("=");
        variable.push(value);
        variable
    });
    Ok(execve(&path, &arguments, &vector(variables)?))
}

fn vector(words: impl Iterator<Item = OsString>) -> Result<StringVector, Errno> {
    let strings = words.map(|word| CString::new(word.into_vec()).map_err(|_| Errno::INVAL));
    strings.collect::<Result<_, _>>().map(StringVector::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Spec {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn company_that_may_trace_us_with_the_host_s_ids_is_a_danger() {
        let tracer = r#"{"ociVersion":"1.3.0","process":{"args":["x"],"capabilities":{"bounding":["CAP_SYS_PTRACE"]}},
            "linux":{"namespaces":[{"type":"pid"}USER]}HOOKS}"#;
        let with = |user: &str, hooks: &str| spec(&tracer.replace("USER", user).replace("HOOKS", hooks));
        let alone = with("", "");
        assert!(!is_exposed(&alone, Visit::First) && is_exposed(&alone, Visit::Later));
        let hooked = with("", r#","hooks":{"startContainer":[{"path":"/x"}]}"#);
        assert!(is_exposed(&hooked, Visit::First));
        assert!(!is_exposed(&with(r#",{"type":"user"}"#, ""), Visit::Later));
        let shared = r#"{"ociVersion":"1.3.0","process":{"args":["x"]},"linux":{"namespaces":[{"type":"pid","path":"/p"}]}}"#;
        assert!(is_exposed(&spec(shared), Visit::First) && is_exposed(&spec(shared), Visit::Later));
    }
}
