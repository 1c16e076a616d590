//! `state`: how a container stands, as the specification has it and a little more.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Command, Outcome, print};
use crate::error::Failure;
use crate::globals::Globals;
use crate::options::{Given, OptionsEnd};
use crate::state::{Container, OCI_VERSION, Status};

pub(crate) const COMMAND: Command = Command {
    name: "state",
    arguments: "CONTAINER",
    about: "print how a container stands, as JSON",
    options: &[],
    end: OptionsEnd::Nowhere,
    examples: &["state web"],
    run,
};

/// runtime.md "State", with what runc adds, and what was given up.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    oci_version: &'a str,
    id: &'a str,
    pid: i32,
    status: &'a str,
    bundle: &'a str,
    rootfs: &'a str,
    created: &'a str,
    annotations: &'a BTreeMap<String, String>,
    owner: u32,
    #[serde(rename = "org.cofferdam.weaknesses", skip_serializing_if = "<[String]>::is_empty")]
    weaknesses: &'a [String],
}

fn run(globals: &Globals, given: &Given) -> Outcome {
    let container = Container::find(&globals.root, given.only_container()?)?;
    let Some(record) = container.record()? else { return Err(Failure::Missing(container.id)) };
    let status = container.status(Some(&record))?;
    let spec = container.spec(&record)?;
    let shown = Shown {
        oci_version: OCI_VERSION,
        id: &record.id,
        pid: if status == Status::Stopped { 0 } else { record.pid },
        status: status.as_str(),
        bundle: &record.bundle,
        rootfs: &spec.root.path,
        created: &record.created,
        annotations: &spec.annotations,
        owner: record.owner,
        weaknesses: &record.weaknesses,
    };
    let text = serde_json::to_string_pretty(&shown).unwrap_or_default();
    print(&format!("{text}\n"))
}
