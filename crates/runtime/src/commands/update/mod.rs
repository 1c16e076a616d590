//! `update`: other limits for a container that runs.

mod limits;

use model::spec::{Linux, Resources, Spec};

use super::{Command, Outcome};
use crate::error::Failure;
use crate::floor::{self, Ask};
use crate::globals::Globals;
use crate::options::{Given, Opt, OptionsEnd, value};
use crate::state::{Container, Status};

pub(crate) const COMMAND: Command = Command {
    name: "update",
    arguments: "CONTAINER",
    about: "give a container other limits; what is left out stays as it is",
    options: OPTIONS,
    end: OptionsEnd::Nowhere,
    examples: &["update --memory 512m --pids-limit 100 web", "update --resources - web < limits.json"],
    run,
};

const OPTIONS: &[Opt] = &[
    value("resources", Some('r'), "FILE", "limits as in `linux.resources`, `-` for standard input; no other"),
    value("memory", None, "BYTES", "most memory; k, m and g may follow, -1 is no limit"),
    value("memory-reservation", None, "BYTES", "memory that it keeps when others need it"),
    value("memory-swap", None, "BYTES", "most memory and swap together"),
    value("kernel-memory", None, "BYTES", "most memory of the kernel (version 1, before Linux 5.16)"),
    value("kernel-memory-tcp", None, "BYTES", "most memory of sockets (version 1)"),
    value("cpu-quota", None, "MICROSECONDS", "processor time in each period, -1 is no limit"),
    value("cpu-period", None, "MICROSECONDS", "length of a period"),
    value("cpu-burst", None, "MICROSECONDS", "what may be saved up beyond the quota"),
    value("cpu-share", None, "N", "weight against others, 2 to 262144"),
    value("cpu-idle", None, "0|1", "whether it runs only when nobody else wants to"),
    value("cpu-rt-runtime", None, "MICROSECONDS", "real-time scheduling in each period (version 1)"),
    value("cpu-rt-period", None, "MICROSECONDS", "length of a real-time period (version 1)"),
    value("cpuset-cpus", None, "LIST", "which processors: 0-2,7"),
    value("cpuset-mems", None, "LIST", "which memory nodes"),
    value("pids-limit", None, "N", "most processes and threads, -1 is no limit"),
    value("blkio-weight", None, "N", "weight of its disk accesses, 10 to 1000"),
    value("l3-cache-schema", None, "SCHEMA", "refused: classes of resctrl are not supported"),
    value("mem-bw-schema", None, "SCHEMA", "refused: classes of resctrl are not supported"),
];

fn run(globals: &Globals, given: &Given) -> Outcome {
    let container = Container::find(&globals.root, given.only_container()?)?;
    let mut resources = limits::wanted(given)?;
    container.lock()?;
    let mut record = container.expect("update", &[Status::Created, Status::Running, Status::Paused])?;
    let spec = container.spec(&record)?;
    if resources.devices != spec.linux.resources.devices && !resources.devices.is_empty() {
        return Err(given.wrong("other devices than at its creation cannot be given".to_owned()));
    }
    // They are in force, and writing them again would close them for a moment.
    resources.devices.clear();
    let judged = afterwards(spec, &resources);
    let more =
        floor::judge(&container.id, Ask::plain(&judged), globals.floor, &record.weaknesses, &globals.log)?;
    let group = record.group().ok_or_else(|| Failure::NoGroup(container.id.clone()))?;
    group.change(&resources)?;
    if !more.is_empty() {
        record.weaknesses.extend(more);
        container.write_record(&record)?;
    }
    Ok(0)
}

/// The specification with what the floor looks at as it will be.
fn afterwards(spec: Spec, resources: &Resources) -> Spec {
    let mut merged = spec.linux.resources.clone();
    merged.memory.limit = resources.memory.limit.or(merged.memory.limit);
    merged.pids.limit = resources.pids.limit.or(merged.pids.limit);
    merged.unified.extend(resources.unified.clone());
    Spec { linux: Linux { resources: merged, ..spec.linux }, ..spec }
}
