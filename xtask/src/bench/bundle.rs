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
    let config = config(&runtime, &bundle, rootfs)?;
    write(&bundle, &config)?;
    let version = version(&runtime)?;
    let command = move |round| {
        let mut command = Command::new(&runtime);
        command
            .arg("--root")
            .arg(&state)
            .args(["run", "--bundle"])
            .arg(&bundle)
            .arg(format!("bench-{round}"));
        command
    };
    Ok(Contestant::new(name, version, command))
}

/// What the runtime's `spec` writes into the new directory `place`, for /bin/true of `rootfs` and without a
/// terminal.
pub(crate) fn config(runtime: &Path, place: &Path, rootfs: &Path) -> Outcome<Value> {
    shell::capture(shell::program(runtime, ["spec"]).current_dir(place))?;
    let file = place.join("config.json");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut config: Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    set(&mut config, "/process/terminal", json!(false))?;
    set(&mut config, "/process/args", json!(["/bin/true"]))?;
    set(&mut config, "/root/path", json!(rootfs))?;
    Ok(config)
}

/// The same with a user namespace of its own.
pub(crate) fn with_users(config: &Value) -> Outcome<Value> {
    let mut config = config.clone();
    let map = json!([{ "containerID": 0, "hostID": 100_000, "size": 65_536 }]);
    set(&mut config, "/linux/uidMappings", map.clone())?;
    set(&mut config, "/linux/gidMappings", map)?;
    let namespaces = config.pointer_mut("/linux/namespaces").and_then(Value::as_array_mut);
    namespaces.ok_or("the default configuration has no namespaces")?.push(json!({ "type": "user" }));
    Ok(config)
}

/// Makes `config` the bundle's.
pub(crate) fn write(bundle: &Path, config: &Value) -> Outcome {
    let file = bundle.join("config.json");
    std::fs::write(&file, config.to_string()).map_err(|error| format!("{}: {error}", file.display()))
}

/// Sets a property of an object that is there.
pub(crate) fn set(config: &mut Value, pointer: &str, value: Value) -> Outcome {
    let (parent, name) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    let parent = config.pointer_mut(parent).and_then(Value::as_object_mut);
    let parent = parent.ok_or_else(|| format!("the default configuration lacks {pointer}"))?;
    parent.insert(name.to_owned(), value);
    Ok(())
}

pub(crate) fn version(runtime: &Path) -> Outcome<String> {
    let text = shell::capture(&mut shell::program(runtime, ["--version"]))?;
    Ok(text.split_whitespace().nth(2).unwrap_or("unknown").to_owned())
}
