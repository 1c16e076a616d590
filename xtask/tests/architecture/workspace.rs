//! What cargo says about the workspace.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// A crate of the workspace.
pub(crate) struct Member {
    /// Its directory's name: `store` for the package `coffer-store`.
    pub(crate) name: String,
    /// The directory, from the top of the checkout.
    pub(crate) directory: String,
    /// Those of the workspace that it imports, for whatever purpose, by directory name.
    pub(crate) imports: Vec<String>,
    /// The source file of its library, or of its binary where it has none.
    pub(crate) root: PathBuf,
    pub(crate) is_library: bool,
}

/// Every crate of the workspace.
pub(crate) fn members() -> Vec<Member> {
    let metadata = metadata(&["--no-deps"]);
    let mut members: Vec<Member> = array(&metadata, "packages").iter().map(member).collect();
    members.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    members
}

/// `cargo metadata`. Dependencies of other platforms than this are left out: a machine that builds for
/// this one has not got them, and asking for them would need the network.
pub(crate) fn metadata(arguments: &[&str]) -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--filter-platform", "host-tuple"]);
    let output = command.args(arguments).current_dir(crate::tree::top()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn array<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value.get(key).and_then(Value::as_array).unwrap()
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap()
}

fn member(package: &Value) -> Member {
    let manifest = PathBuf::from(text(package, "manifest_path"));
    let directory = manifest.parent().unwrap();
    let dependencies = array(package, "dependencies").iter();
    let ours = dependencies.filter_map(|dependency| dependency.get("path")?.as_str()?.rsplit('/').next());
    let target =
        array(package, "targets").iter().find(|target| is(target, "lib") || is(target, "bin")).unwrap();
    Member {
        name: directory.file_name().unwrap().to_str().unwrap().to_owned(),
        directory: directory.strip_prefix(crate::tree::top()).unwrap().to_str().unwrap().to_owned(),
        imports: ours.map(str::to_owned).collect(),
        root: PathBuf::from(text(target, "src_path")),
        is_library: is(target, "lib"),
    }
}

fn is(target: &Value, kind: &str) -> bool {
    array(target, "kind").iter().any(|found| found == kind)
}
