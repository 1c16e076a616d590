//! The attacks, by class, and how one is run: in a process of its own, which may be killed for it.

mod place;
mod dropped;
mod mapped;
mod islands;
mod mounts;
mod namespaces;
mod paths;
mod masks;
mod kernel;
mod surface;
mod abi;
mod processes;
mod devices;
mod privileges;
mod secrets;
mod sockets;
mod exhaustion;

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Output, Stdio};

use rustix::process::Signal;

use crate::outcome::{Attack, Options, Outcome, error_name};

/// This very program, for the kernel to find wherever it came from.
pub(crate) const SELF: &str = "/proc/self/exe";

/// Every attack, class by class.
pub(crate) fn all() -> impl Iterator<Item = &'static Attack> {
    let classes: [&'static [Attack]; 16] = [
        paths::ATTACKS,
        masks::ATTACKS,
        kernel::ATTACKS,
        dropped::ATTACKS,
        mapped::ATTACKS,
        islands::ATTACKS,
        mounts::ATTACKS,
        namespaces::ATTACKS,
        surface::ATTACKS,
        abi::ATTACKS,
        processes::ATTACKS,
        devices::ATTACKS,
        privileges::ATTACKS,
        secrets::ATTACKS,
        sockets::ATTACKS,
        exhaustion::ATTACKS,
    ];
    classes.into_iter().flatten()
}

/// The attack of this name.
pub(crate) fn find(name: &str) -> Option<&'static Attack> {
    all().find(|attack| attack.name == name)
}

/// Runs an attack in a process of its own, so that it may unshare, drop privileges or be killed.
/// `arguments` are the options as they were typed.
pub(crate) fn run_apart(attack: &Attack, options: &Options, arguments: &[String]) -> Outcome {
    let child = Command::new(SELF)
        .args(["attack", attack.name, "--here"])
        .args(arguments)
        .stdin(Stdio::inherit())
        .stderr(Stdio::null())
        .output();
    match child {
        Ok(Output { stdout, status, .. }) => {
            let line = String::from_utf8_lossy(&stdout);
            Outcome::from_line(&line).unwrap_or_else(|| without_answer(status))
        }
        // No process to be had, perhaps because of the confinement: better here than not at all.
        Err(error) => match (attack.run)(options) {
            Outcome::NotApplicable(_) => Outcome::not_applicable(error_name(&error)),
            outcome => outcome,
        },
    }
}

/// An attacker that was killed by a filter or a limit was stopped; any other end proves nothing.
fn without_answer(status: ExitStatus) -> Outcome {
    match status.signal().and_then(Signal::from_named_raw) {
        Some(Signal::SYS) => Outcome::stopped("killed by SIGSYS"),
        Some(Signal::KILL) => Outcome::stopped("killed by SIGKILL"),
        Some(Signal::SEGV) => Outcome::not_applicable("this kernel has no such entry (SIGSEGV)"),
        _ => Outcome::not_applicable(format!("the attack gave no answer ({status})")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const MANUAL: &str = include_str!("../../../../docs/escapes.md");

    #[test]
    fn names_are_unique_and_plain() {
        let names: BTreeSet<_> = all().map(|attack| attack.name).collect();
        assert_eq!(names.len(), all().count());
        for name in names {
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit())
            );
        }
    }

    /// GitHub's anchor of a section's heading.
    fn anchor_of(section: &str) -> String {
        section.lines().next().unwrap_or("").to_lowercase().replace(' ', "-")
    }

    #[test]
    fn the_manual_of_escapes_has_every_attack_in_the_section_of_its_class() {
        for attack in all() {
            let anchor = attack.class.anchor();
            let section = MANUAL.split("\n## ").find(|section| anchor_of(section) == anchor);
            let section = section.unwrap_or_else(|| panic!("docs/escapes.md has no section {anchor}"));
            assert!(section.contains(&format!("`{}`", attack.name)), "{anchor} lacks `{}`", attack.name);
        }
    }

    #[test]
    fn an_attacker_that_a_filter_kills_was_stopped() {
        let killed = |signal| without_answer(ExitStatus::from_raw(signal)).word();
        assert_eq!(killed(31), "stopped");
        assert_eq!(killed(9), "stopped");
        assert_eq!(killed(11), "not-applicable");
        assert_eq!(without_answer(ExitStatus::from_raw(0)).word(), "not-applicable");
    }
}
