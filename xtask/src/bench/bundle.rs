//! Bare OCI bundles for runtimes without an engine: each one's own default configuration.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::bench::measure::Contestant;
use crate::bench::scratch::Scratch;
use crate::shell::{self, Outcome};

/// A runtime that runs /bin/true of `rootfs` with what its `spec` command writes, without a terminal.
pub(crate) fn contestant(
    name: &str,
    runtime: PathBuf,
    rootfs: &Path,
    scratch: &Scratch,
) -> Outcome<Contestant> {
    let bundle = scratch.directory(name)?;
    let state = scratch.directory(&format!("{name}-state"))?;
    shell::capture(shell::program(&runtime, ["spec"]).current_dir(&bundle))?;
    adapt(&bundle.join("config.json"), rootfs)?;
    let version = version(&runtime)?;
    let name = name.to_owned();
    let command = Box::new(move |round| {
        let mut command = Command::new(&runtime);
        command
            .arg("--root")
            .arg(&state)
            .args(["run", "--bundle"])
            .arg(&bundle)
            .arg(format!("bench-{round}"));
        command
    });
    Ok(Contestant { name, version, command })
}

fn adapt(file: &Path, rootfs: &Path) -> Outcome {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut config: Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    set(&mut config, "/process/terminal", json!(false))?;
    set(&mut config, "/process/args", json!(["/bin/true"]))?;
    set(&mut config, "/root/path", json!(rootfs))?;
    std::fs::write(file, config.to_string()).map_err(|error| format!("{}: {error}", file.display()))
}

fn set(config: &mut Value, pointer: &str, value: Value) -> Outcome {
    let place =
        config.pointer_mut(pointer).ok_or_else(|| format!("the default configuration lacks {pointer}"))?;
    *place = value;
    Ok(())
}

fn version(runtime: &Path) -> Outcome<String> {
    let text = shell::capture(&mut shell::program(runtime, ["--version"]))?;
    Ok(text.split_whitespace().nth(2).unwrap_or("unknown").to_owned())
}
