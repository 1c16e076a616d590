//! The papers say what is: crates, commands, fuzz targets.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::tree::{file, files, none, top};
use crate::workspace::members;

/// In the code map every crate has a line that begins "- `name` ".
#[test]
fn the_code_map_is_the_code() {
    let map = file("ARCHITECTURE.md").text;
    let (_, map) = map.split_once("\n## Code map\n").unwrap();
    let section = map.split("\n## ").next().unwrap();
    let named =
        section.lines().filter_map(|line| Some(line.strip_prefix("- `")?.split_once('`')?.0.to_owned()));
    let named: BTreeSet<String> = named.collect();
    let present: BTreeSet<String> = members().into_iter().map(|member| member.name).collect();
    assert_eq!(named, present, "left: the code map, right: the workspace");
}

#[test]
fn the_scripts_that_readme_shows_exist() {
    let readme = file("README.md").text;
    let scripts = readme.lines().filter_map(|line| line.strip_prefix("    ./")?.split_whitespace().next());
    let scripts: BTreeSet<&str> = scripts.collect();
    assert!(scripts.contains("demo") && scripts.contains("test"), "README's two commands");
    let missing = scripts.into_iter().filter(|script| {
        !std::fs::metadata(top().join(script)).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
    });
    none(missing.map(str::to_owned), "README shows a script that cannot be run");
}

#[test]
fn the_developer_commands_that_the_papers_show_exist() {
    let usage = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("help").output().unwrap();
    let usage = String::from_utf8(usage.stdout).unwrap();
    let papers = files().into_iter().filter(|file| file.path.ends_with(".md"));
    let unknown = papers.flat_map(|paper| {
        let shown = paper
            .text
            .split("cargo xtask ")
            .skip(1)
            .filter_map(|rest| rest.split(['`', ' ', '\n', ',']).next());
        let unknown = shown.filter(|name| !name.is_empty() && !usage.contains(&format!("\n  {name}")));
        unknown.map(|name| format!("{}: cargo xtask {name}", paper.path)).collect::<Vec<_>>()
    });
    none(unknown, "there is no such command");
}

/// Cargo finds fuzz targets by the manifest, people by the directory.
#[test]
fn every_fuzz_target_is_in_the_manifest() {
    let manifest = file("fuzz/Cargo.toml").text;
    let listed =
        manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")?.strip_suffix("\""));
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    let sources =
        files().into_iter().filter_map(|file| Some(file.path.strip_prefix("fuzz/fuzz_targets/")?.to_owned()));
    assert_eq!(listed, sources.collect::<BTreeSet<String>>(), "left: the manifest, right: the directory");
}
