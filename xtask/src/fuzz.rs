//! `cargo xtask fuzz`: the targets of `fuzz/`, which build on nightly and apart from the workspace.

use std::process::Command;

use crate::shell::{self, Outcome};

const DEFAULT_SECONDS: &str = "60";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    match arguments {
        [] => list(),
        [target] => fuzz(target, DEFAULT_SECONDS),
        [target, seconds] => fuzz(target, seconds),
        _ => Err("usage: cargo xtask fuzz [TARGET [SECONDS]]".to_owned()),
    }
}

fn list() -> Outcome {
    targets()?.iter().for_each(|target| println!("{target}"));
    Ok(())
}

fn fuzz(target: &str, seconds: &str) -> Outcome {
    if !targets()?.iter().any(|known| known == target) {
        return Err(format!("there is no fuzz target `{target}`; `cargo xtask fuzz` lists them"));
    }
    if shell::find("cargo-fuzz").is_none() {
        return Err("cargo-fuzz is missing: cargo install cargo-fuzz".to_owned());
    }
    // The `cargo` of $PATH is rustup's, which understands `+nightly`; $CARGO is one toolchain's own.
    let mut command = Command::new("cargo");
    command.current_dir(shell::top()).args(["+nightly", "fuzz", "run", target, "--"]);
    shell::show(command.arg(format!("-max_total_time={seconds}")).env_remove("RUSTUP_TOOLCHAIN"))
}

fn targets() -> Outcome<Vec<String>> {
    let directory = shell::top().join("fuzz/fuzz_targets");
    let entries =
        std::fs::read_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let stems =
        entries.filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_string_lossy().into_owned()));
    let mut targets: Vec<String> = stems.collect();
    targets.sort_unstable();
    Ok(targets)
}
