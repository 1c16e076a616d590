//! Every dependency's licence is one that deny.toml allows: `cargo deny check licenses`, on any machine.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::tree::{file, none};
use crate::workspace::{array, metadata, text};

#[test]
fn every_dependency_has_an_allowed_licence() {
    let deny = file("deny.toml").text;
    let allowed = allowed(&deny);
    let metadata = metadata(&[]);
    let foreign =
        array(&metadata, "packages").iter().filter(|package| package.get("source") != Some(&Value::Null));
    let refused = foreign.filter_map(|package| {
        let licence = package.get("license").and_then(Value::as_str).unwrap_or("none given");
        (!permits(licence, &allowed)).then(|| format!("{}: {licence}", text(package, "name")))
    });
    none(refused, "a licence that deny.toml does not allow");
}

/// The list `allow` of the table `[licenses]`.
fn allowed(deny: &str) -> BTreeSet<&str> {
    let (_, table) = deny.split_once("\n[licenses]\n").unwrap();
    let (_, list) = table.split_once("allow = [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    list.split('"').skip(1).step_by(2).collect()
}

/// Whether an SPDX expression (SPDX specification, annex D) can be satisfied from the allowed licences:
/// `OR` binds weakest, then `AND`, then `WITH`. The old `A/B` means `A OR B`.
fn permits(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    // In reverse, so that the next word is the last.
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    either(&mut words, allowed) == Some(true) && words.is_empty()
}

/// `None`, here and below: no SPDX expression.
fn either(words: &mut Vec<&str>, allowed: &BTreeSet<&str>) -> Option<bool> {
    let mut satisfied = both(words, allowed)?;
    while words.pop_if(|word| *word == "OR").is_some() {
        satisfied |= both(words, allowed)?;
    }
    Some(satisfied)
}

fn both(words: &mut Vec<&str>, allowed: &BTreeSet<&str>) -> Option<bool> {
    let mut satisfied = one(words, allowed)?;
    while words.pop_if(|word| *word == "AND").is_some() {
        satisfied &= one(words, allowed)?;
    }
    Some(satisfied)
}

fn one(words: &mut Vec<&str>, allowed: &BTreeSet<&str>) -> Option<bool> {
    let licence = words.pop()?;
    if licence == "(" {
        let satisfied = either(words, allowed)?;
        return (words.pop()? == ")").then_some(satisfied);
    }
    if words.pop_if(|word| *word == "WITH").is_none() {
        return Some(allowed.contains(licence));
    }
    let exception = words.pop()?;
    Some(allowed.contains(format!("{licence} WITH {exception}").as_str()))
}

#[test]
fn an_expression_is_satisfied_from_the_allowed_licences() {
    let allowed = BTreeSet::from(["MIT", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"]);
    for yes in [
        "MIT",
        "GPL-3.0 OR MIT",
        "MIT/Apache-2.0",
        "(MIT OR GPL-3.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(permits(yes, &allowed), "{yes}");
    }
    for no in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "Apache-2.0",
        "(MIT",
        "MIT)",
        "MIT OR GPL-3.0 AND",
        "Apache-2.0 WITH other",
    ] {
        assert!(!permits(no, &allowed), "{no}");
    }
}
