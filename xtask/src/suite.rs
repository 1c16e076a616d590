//! `cargo xtask test`: the one command that runs every test.

use std::process::Command;

use crate::shell::{self, Outcome};
use crate::{packages, vm};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    match arguments {
        [] => everything(),
        [quick] if quick == "--quick" => unprivileged(),
        [other, ..] => Err(format!("`{other}`: `cargo xtask test` takes only `--quick`")),
    }
}

fn everything() -> Outcome {
    packages::ensure(packages::TESTS)?;
    if shell::is_root() {
        shell::show(&mut tests())?;
        shell::show(&mut rules())?;
        return vm::suite();
    }
    unprivileged()?;
    through_sudo()?;
    let ourselves = std::env::current_exe().map_err(|error| format!("our own program: {error}"))?;
    shell::show(shell::program("sudo", ["--preserve-env"]).arg(ourselves).args(["vm", "suite"]))
}

fn unprivileged() -> Outcome {
    shell::show(tests().args(["--", "--skip", "privileged_"]))?;
    shell::show(&mut rules())
}

/// Builds as ourselves and runs only the test binaries as root: cargo's `runner` is put before each.
fn through_sudo() -> Outcome {
    if shell::find("sudo").is_none() {
        return Err("the tests named `privileged_` did not run: run this again as root".to_owned());
    }
    let runner = format!("CARGO_TARGET_{}_RUNNER", host()?.to_uppercase().replace('-', "_"));
    let mut privileged = tests();
    privileged.args(["--tests", "--", "privileged_"]).env(runner, "sudo --preserve-env");
    shell::show(&mut privileged)
}

fn tests() -> Command {
    shell::cargo(["test", "--workspace", "--no-fail-fast"])
}

/// YARA rules are a feature that is not in the default build. What a person sees of them takes a second build of
/// everything, and is for whoever changes it: `cargo test -p coffer --features yara --test privileged_scan`.
fn rules() -> Command {
    shell::cargo(["test", "--package", "coffer-scan", "--features", "yara", "--lib", "--", "malware::"])
}

/// The target triple that cargo builds for, which `.cargo/config.toml` names.
fn host() -> Outcome<String> {
    shell::capture(&mut shell::program("rustc", ["--print", "host-tuple"])).map(|text| text.trim().to_owned())
}
