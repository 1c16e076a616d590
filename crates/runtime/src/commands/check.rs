//! `check`: what a specification gives up of the confinement, without running anything.

use std::path::Path;

use serde::Serialize;

use super::list::{FORMAT, Format};
use super::{Command, Outcome, create, print};
use crate::bundle;
use crate::floor::{self, Ask, Finding, Floor};
use crate::globals::Globals;
use crate::json;
use crate::options::{Given, Opt, OptionsEnd};
use crate::table::table;

pub(crate) const COMMAND: Command = Command {
    name: "check",
    arguments: "",
    about: "list what a bundle gives up of the confinement; ends with 1 if the floor refuses any of it",
    options: OPTIONS,
    end: OptionsEnd::Nowhere,
    examples: &["check --bundle /run/bundles/web", "check --format json"],
    run,
};

const OPTIONS: &[Opt] = &[create::BUNDLE, FORMAT, create::NO_PIVOT, create::NO_NEW_KEYRING];

/// One weakness.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    refused_by: Floor,
    about: &'a str,
    remedy: &'a str,
}

fn run(globals: &Globals, given: &Given) -> Outcome {
    let format = Format::of(given)?;
    let bundle = bundle::read(Path::new(given.value("bundle").unwrap_or(".")))?;
    let (keyring, root) = create::manner(given);
    let found = floor::findings(Ask { spec: &bundle.spec, keyring, root });
    match format {
        Format::Json => print(&json::pretty(&found.iter().map(shown).collect::<Vec<_>>()))?,
        Format::Table => print(&tabulate(&found))?,
    };
    Ok(u8::from(found.iter().any(|finding| finding.weakness.floor <= globals.floor)))
}

fn shown(finding: &Finding) -> Shown<'_> {
    let Finding { weakness, subject } = finding;
    Shown {
        name: weakness.name,
        subject,
        refused_by: weakness.floor,
        about: weakness.about,
        remedy: weakness.remedy,
    }
}

fn tabulate(found: &[Finding]) -> String {
    let row = |finding: &Finding| {
        let Shown { name, subject, refused_by, about, remedy } = shown(finding);
        let [name, subject, floor] = [name, subject, refused_by.as_str()].map(str::to_owned);
        [name, subject, floor, format!("it {about}"), remedy.to_owned()]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    table(["WEAKNESS", "OF", "REFUSED BY", "WHAT IT IS", "WHAT TO DO"], &rows)
}
