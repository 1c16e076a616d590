//! What the host left behind for the container to read.

use std::env;
use std::fs;

use crate::outcome::{Attack, Class, Options, Outcome, error_name};
use crate::report::surroundings::processes;

pub(super) const ATTACKS: &[Attack] = &[Attack {
    name: "host-env",
    class: Class::HostSecrets,
    tries: "find a variable of the host's environment, planted by a test",
    run: host_env,
}];

/// The variable that a test plants in the environment of the command that starts the container.
const PLANTED: &str = "COFFER_TEST_SECRET";

/// Where it was found is told, and what it says is not.
fn host_env(_: &Options) -> Outcome {
    let own = match env::var_os(PLANTED) {
        Some(_) => Outcome::succeeded(format!("{PLANTED} is in the container's environment")),
        None => Outcome::stopped(format!("{PLANTED} is nowhere")),
    };
    let others = processes().into_iter().map(|process| {
        let path = format!("/proc/{}/environ", process.pid);
        match fs::read(&path) {
            Ok(block) if has_variable(&block, PLANTED) => {
                Outcome::succeeded(format!("{PLANTED} is in {path}"))
            }
            Ok(_) => Outcome::stopped(format!("{PLANTED} is nowhere")),
            Err(error) => Outcome::not_applicable(error_name(&error)),
        }
    });
    Outcome::worst(std::iter::once(own).chain(others))
}

/// Whether an environment block (`NAME=VALUE` and NUL, repeated) has a variable.
fn has_variable(block: &[u8], name: &str) -> bool {
    block
        .split(|byte| *byte == 0)
        .any(|entry| entry.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'=')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_found_by_its_whole_name() {
        assert!(has_variable(b"A=1\0SECRET=x\0", "SECRET"));
        assert!(!has_variable(b"A=SECRET=\0SECRET2=x\0", "SECRET"));
        assert!(!has_variable(b"", "SECRET"));
    }
}
