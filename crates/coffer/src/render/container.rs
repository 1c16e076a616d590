//! Containers, as a table and as data.

use std::collections::BTreeMap;

use engine::Enforced;
use engine::HealthLog;
use engine::containers::Inspection;
use engine::resources::Freezer;
use engine::state::{Ended, HealthState, Record, Status};
use model::publish::Publish;
use model::request::RunRequest;
use model::spec::Spec;
use model::verdict::{Exception, Outcome};
use serde::Serialize;

use super::style::{Style, Tone};
use super::table::{Cell, Column, Table};
use super::{text, time, units, verdict};
use crate::commands::Truncate;

/// A command longer than this says nothing more in a table.
const WIDEST_COMMAND: usize = 40;

/// `--format json` of `coffer ps`: one container.
#[derive(Debug, Serialize)]
pub(crate) struct ContainerJson<'a> {
    id: &'a str,
    name: &'a str,
    image: &'a str,
    image_digest: String,
    command: &'a [String],
    labels: &'a BTreeMap<String, String>,
    created: String,
    status: &'static str,
    started: Option<String>,
    pid: Option<i32>,
    exited: Option<String>,
    exit_code: Option<u8>,
    health: Option<HealthState>,
    restarts: u32,
    monitor_pid: Option<i32>,
    ports: Vec<PortJson>,
    verdict: Outcome,
    level: &'static str,
    missing: &'a [String],
    exceptions: &'a [Exception],
    permit: Option<u64>,
}

/// One published port.
#[derive(Debug, Serialize)]
pub(crate) struct PortJson {
    address: String,
    host_port: u16,
    port: u16,
    protocol: &'static str,
}

impl PortJson {
    pub(crate) fn new(port: &Publish) -> Self {
        let Publish { address, host_port, port, protocol } = *port;
        Self { address: address.to_string(), host_port, port, protocol: protocol.as_str() }
    }
}

/// `coffer inspect`: the same, what was asked for, what was carried out, and what was in force.
#[derive(Debug, Serialize)]
pub(crate) struct InspectJson<'a> {
    #[serde(flatten)]
    container: ContainerJson<'a>,
    request: &'a RunRequest,
    spec: Option<&'a Spec>,
    enforced: Option<&'a Enforced>,
    health_log: Option<&'a HealthLog>,
}

impl<'a> ContainerJson<'a> {
    /// What is kept of it, and whether it is paused.
    pub(crate) fn new(record: &'a Record, freezer: Freezer) -> Self {
        let (started, pid) = match &record.status {
            Status::Running { process, since } => (Some(time::rfc3339(*since)), Some(process.pid)),
            _ => (None, None),
        };
        let (exited, exit_code) = match &record.status {
            Status::Exited { exit, at } | Status::Restarting { exit, at } => {
                (Some(time::rfc3339(*at)), Some(exit.exit_code()))
            }
            _ => (None, None),
        };
        Self {
            id: record.id.as_str(),
            name: &record.name,
            image: &record.image_name,
            image_digest: record.image.to_string(),
            command: &record.command,
            labels: &record.request.labels,
            created: time::rfc3339(record.created),
            status: status(&record.status, freezer),
            started,
            pid,
            exited,
            exit_code,
            health: record.health,
            restarts: record.restarts,
            monitor_pid: record.monitor.as_ref().map(|monitor| monitor.pid),
            ports: record.open_ports().iter().map(PortJson::new).collect(),
            verdict: record.decision.outcome,
            level: record.decision.level.as_str(),
            missing: &record.decision.missing,
            exceptions: &record.decision.exceptions,
            permit: record.decision.permit,
        }
    }
}

impl<'a> InspectJson<'a> {
    /// Everything that is kept of it.
    pub(crate) fn new(inspection: &'a Inspection) -> Self {
        let Inspection { record, freezer, spec, enforced, health_log } = inspection;
        Self {
            container: ContainerJson::new(record, *freezer),
            request: &record.request,
            spec: spec.as_ref(),
            enforced: enforced.as_ref(),
            health_log: health_log.as_ref(),
        }
    }
}

/// `created`, `starting`, `running`, `paused`, `restarting` or `exited`.
pub(crate) fn status(status: &Status, freezer: Freezer) -> &'static str {
    match status {
        Status::Created => "created",
        Status::Making | Status::Starting => "starting",
        Status::Restarting { .. } => "restarting",
        Status::Running { .. } if freezer == Freezer::Frozen => "paused",
        Status::Running { .. } => "running",
        Status::Exited { .. } => "exited",
    }
}

/// `up 3 h`, `up 3 h (paused)`, `exited (0) 2 h ago`
pub(crate) fn since(status: &Status, freezer: Freezer, now: i64) -> String {
    match status {
        Status::Created => "created".to_owned(),
        Status::Making | Status::Starting => "starting".to_owned(),
        Status::Restarting { exit, at } => {
            format!("restarting ({}) {}", exit.exit_code(), time::ago(*at, now))
        }
        Status::Running { since, .. } => {
            let paused = if freezer == Freezer::Frozen { " (paused)" } else { "" };
            format!("up {}{paused}", units::duration(now.saturating_sub(*since)))
        }
        Status::Exited { exit: Ended::NeverStarted, at } => format!("never started, {}", time::ago(*at, now)),
        Status::Exited { exit: Ended::OutOfMemory, at } => format!("out of memory {}", time::ago(*at, now)),
        Status::Exited { exit: Ended::Unknown, at } => format!("killed, {}", time::ago(*at, now)),
        Status::Exited { exit, at } => format!("exited ({}) {}", exit.exit_code(), time::ago(*at, now)),
    }
}

/// The table of `coffer ps`.
pub(crate) fn table(
    containers: &[(Freezer, Record)],
    truncate: Truncate,
    now: i64,
    style: Style,
    width: usize,
) -> String {
    let mut table = Table::new([
        Column::whole("CONTAINER"),
        Column::gives_way("IMAGE"),
        Column::gives_way("COMMAND"),
        Column::whole("STATUS"),
        Column::whole("VERDICT"),
        Column::gives_way("PORTS"),
        Column::whole("NAMES"),
    ]);
    for (freezer, record) in containers {
        table.row([
            id(record, truncate).into(),
            record.image_name.as_str().into(),
            command(record, truncate).into(),
            standing(record, *freezer, now),
            decided(record),
            ports(record).into(),
            record.name.as_str().into(),
        ]);
    }
    table.render(style, if truncate == Truncate::Whole { usize::MAX } else { width })
}

/// How it stands, and what its health checks say.
fn standing(record: &Record, freezer: Freezer, now: i64) -> Cell {
    let since = since(&record.status, freezer, now);
    let (word, tone) = match record.health {
        None => return since.into(),
        Some(HealthState::Starting) => ("health: starting", Tone::Plain),
        Some(HealthState::Healthy) => ("healthy", Tone::Good),
        Some(HealthState::Unhealthy) => ("! unhealthy", Tone::Warn),
    };
    Cell::toned(format!("{since} ({word})"), tone)
}

/// Twelve digits, or all.
pub(crate) fn id(record: &Record, truncate: Truncate) -> &str {
    match truncate {
        Truncate::Short => record.id.short(),
        Truncate::Whole => record.id.as_str(),
    }
}

fn command(record: &Record, truncate: Truncate) -> String {
    let command = text::command(&record.command);
    match truncate {
        Truncate::Short => text::cut(&command, WIDEST_COMMAND),
        Truncate::Whole => command,
    }
}

/// `127.0.0.1:8080->80, 127.0.0.1:5353->53/udp`
fn ports(record: &Record) -> String {
    record.open_ports().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// `go`, `go with 2`, and how many exceptions were granted.
fn decided(record: &Record) -> Cell {
    let decision = &record.decision;
    let verdict = verdict::short(decision.outcome, decision.missing.len());
    match decision.exceptions.len() {
        0 => verdict.into(),
        count => Cell::toned(
            format!("{verdict}, ! {}", units::count(count, "exception", "exceptions")),
            Tone::Warn,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_can_be_paused() {
        let exited = Status::Exited { exit: Ended::Code { code: 3 }, at: 0 };
        assert_eq!(status(&exited, Freezer::Frozen), "exited");
        assert_eq!(since(&exited, Freezer::Frozen, 60), "exited (3) 1 min ago");
        let process = engine::state::ProcessId { pid: 1, start_ticks: 1, boot: String::new() };
        let running = Status::Running { process, since: 0 };
        assert_eq!(status(&running, Freezer::Frozen), "paused");
        assert_eq!(since(&running, Freezer::Frozen, 120), "up 2 min (paused)");
        assert_eq!(since(&running, Freezer::Thawed, 120), "up 2 min");
    }
}
