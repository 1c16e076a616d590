//! It is a star, not a ladder: stages never import each other, and only `engine` knows their order.

use crate::tree::{file, none};
use crate::workspace::{Member, members};

/// Who may import whom: at most these, for whatever purpose, tests included. A new crate needs a row.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("sys", &[]),
    ("store", &["model", "sys"]),
    ("policy", &["model"]),
    ("launch", &["model", "sys"]),
    ("network", &["model", "sys"]),
    ("ledger", &["model", "sys"]),
    ("registry", &["model"]),
    ("scan", &["model", "sys"]),
    ("advisories", &["model", "sys"]),
    ("report", &["model"]),
    ("trust", &["model"]),
    ("build", &["model"]),
    (
        "engine",
        &[
            "model",
            "sys",
            "store",
            "policy",
            "launch",
            "network",
            "ledger",
            "registry",
            "scan",
            "advisories",
            "report",
            "trust",
            "build",
        ],
    ),
    ("coffer", &["model", "engine"]),
    ("runtime", &["model", "sys", "launch"]),
    ("probe", &["sys"]),
    ("xtask", &[]),
];

fn allowed(name: &str) -> Option<&'static [&'static str]> {
    MAY_IMPORT.iter().find(|(crate_, _)| *crate_ == name).map(|(_, imports)| *imports)
}

#[test]
fn the_star_holds() {
    let trespasses = members().into_iter().flat_map(|member| {
        let Some(allowed) = allowed(&member.name) else {
            return vec![format!("{} has no row in MAY_IMPORT", member.name)];
        };
        let extra = member.imports.iter().filter(|import| !allowed.contains(&import.as_str()));
        extra.map(|import| format!("{} imports {import}", member.name)).collect()
    });
    none(trespasses, "a crate imports what only `engine` may bring together");
}

/// An async runtime has threads of its own, and whoever clones a container must have none.
#[test]
fn only_the_registry_has_an_async_runtime() {
    let asynchronous = ["tokio", "hyper", "object_store", "futures-core"];
    let strangers = members().into_iter().filter(|member| {
        let manifest = file(&format!("{}/Cargo.toml", member.directory)).text;
        member.name != "registry" && asynchronous.iter().any(|name| manifest.contains(&format!("\n{name}")))
    });
    none(strangers.map(|member| member.name), "a crate beside `registry` has an async runtime");
}

#[test]
fn only_sys_may_hold_unsafe() {
    assert!(file("Cargo.toml").text.contains("\nunsafe_code = \"forbid\"\n"));
    let inherits = |member: &Member| {
        let manifest = file(&format!("{}/Cargo.toml", member.directory)).text;
        manifest.contains("\n[lints]\nworkspace = true\n")
    };
    let others = members().into_iter().filter(|member| member.name != "sys" && !inherits(member));
    none(others.map(|member| member.name), "a crate does not inherit the workspace's lints");
}

/// Cargo cannot inherit all of a table but one line, so `sys` repeats it.
#[test]
fn sys_keeps_every_other_lint_of_the_workspace() {
    let (house, sys) = (file("Cargo.toml").text, file("crates/sys/Cargo.toml").text);
    for table in ["rust", "clippy"] {
        let own = table_of(&sys, &format!("[lints.{table}]"));
        let lost = table_of(&house, &format!("[workspace.lints.{table}]"))
            .filter(|line| !line.starts_with("unsafe_code") && !own.clone().any(|other| other == *line));
        none(lost.map(str::to_owned), "sys lost a lint of the workspace");
    }
}

/// The lines of a TOML table.
fn table_of<'a>(manifest: &'a str, heading: &str) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
    let (_, table) = manifest.split_once(&format!("{heading}\n")).unwrap();
    table.lines().take_while(|line| !line.is_empty() && !line.starts_with('['))
}

#[test]
fn every_crate_opens_with_its_one_sentence() {
    let silent = members().into_iter().filter(|member| {
        let opening = if member.is_library { "//! The only crate that " } else { "//! " };
        !std::fs::read_to_string(&member.root).unwrap().starts_with(opening)
    });
    none(
        silent.map(|member| member.root.display().to_string()),
        "a library opens with `//! The only crate that ...`, a binary with what it is",
    );
}
