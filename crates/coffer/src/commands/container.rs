//! `ps`, `inspect`, `explain`, `rm`

use engine::containers::{Force, Which};
use engine::id::ContainerId;
use engine::resources::Freezer;
use engine::state::{HealthState, Record, StateError};
use engine::{Engine, EngineError};

use super::{Act, Entry, Life, Truncate, act, options};
use crate::args::container::{Explain, Inspect, Prune, Ps, Remove};
use crate::args::global::Format;
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::idmap::IdMap;
use crate::render::container::{self, ContainerJson, InspectJson};
use crate::render::explain::{self, ExplanationJson};
use crate::render::time;
use crate::site;
use crate::value::filter::{self, Filter};

pub(super) const PS: Entry = Entry {
    words: &["ps"],
    aliases: &[&["container", "ls"], &["container", "ps"], &["container", "list"]],
    life: Life::Run,
    about: "List containers",
    examples: [("coffer ps", "those that run"), ("coffer ps -a --filter status=exited", "those that ended")],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Ps>,
    act: act::<Ps>,
};

pub(super) const INSPECT: Entry = Entry {
    words: &["inspect"],
    aliases: &[&["container", "inspect"]],
    life: Life::Run,
    about: "Print everything that is known of containers, as JSON",
    examples: [("coffer inspect web", "by name"), ("coffer inspect 8f1c 2e90", "by the beginnings of ids")],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Inspect>,
    act: act::<Inspect>,
};

pub(super) const EXPLAIN: Entry = Entry {
    words: &["explain"],
    aliases: &[],
    life: Life::Prove,
    about: "Show every confinement that is in force, as the kernel reports it",
    examples: [
        ("coffer explain web", "and why each exception was granted"),
        ("coffer explain web --format json", "for programs"),
    ],
    notes: "For a container that has ended, it shows what was in force when it started.",
    codes: ExitCodes::Ordinary,
    options: options::<Explain>,
    act: act::<Explain>,
};

pub(super) const REMOVE: Entry = Entry {
    words: &["rm"],
    aliases: &[&["container", "rm"]],
    life: Life::Run,
    about: "Remove containers",
    examples: [("coffer rm web", "one that has ended"), ("coffer rm -f web db", "also those that still run")],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Remove>,
    act: act::<Remove>,
};

pub(super) const PRUNE: Entry = Entry {
    words: &["prune"],
    aliases: &[&["container", "prune"]],
    life: Life::Run,
    about: "Remove every container that has ended",
    examples: [
        ("coffer prune", "and print their ids"),
        ("coffer prune --filter until=24h", "those that were made a day ago or earlier"),
    ],
    notes: "Images and volumes have commands of their own: coffer image prune, coffer volume prune.",
    codes: ExitCodes::Ordinary,
    options: options::<Prune>,
    act: act::<Prune>,
};

impl Act for Prune {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let now = time::now();
        let removed = site::open()?.prune(&|record| is_meant(record, &self.filter, now))?.removed;
        let ids: Vec<&str> = removed.iter().map(ContainerId::as_str).collect();
        context.show(|| &ids, || removed.iter().map(|id| format!("{}\n", id.short())).collect())?;
        Ok(0)
    }
}

/// Whether a container is one of those that the filters of a prune mean.
pub(super) fn is_meant(record: &Record, filters: &[Filter], now: i64) -> bool {
    let labels = &record.request.labels;
    filters.iter().all(|filter| filter::prune_holds(filter, labels, record.created, now))
}

impl Act for Ps {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        // A filter on the status says which ones are meant.
        let all = self.all || self.filter.iter().any(|filter| filter.key == "status");
        let which = if all { Which::All } else { Which::Running };
        let engine = site::open()?;
        let with_freezer = |record| (engine.freezer(&record), record);
        let listed = engine.containers(which)?.into_iter().map(with_freezer).collect();
        let containers = filter::keep(listed, &self.filter, holds);
        let truncate = Truncate::from(self.list);
        if self.list.quiet && context.format == Format::Table {
            let ids = containers.iter().map(|(_, record)| format!("{}\n", container::id(record, truncate)));
            context.print(&ids.collect::<String>())?;
            return Ok(0);
        }
        context.show(
            || {
                containers
                    .iter()
                    .map(|(freezer, record)| ContainerJson::new(record, *freezer))
                    .collect::<Vec<_>>()
            },
            || container::table(&containers, truncate, time::now(), context.style, context.width()),
        )?;
        Ok(0)
    }
}

fn holds((freezer, record): &(Freezer, Record), filter: &Filter) -> bool {
    match filter.key.as_str() {
        "id" => record.id.as_str().starts_with(&filter.value),
        "name" => record.name.contains(&filter.value),
        "image" => record.image_name == filter.value || record.image.to_string().starts_with(&filter.value),
        "label" => filter::label_holds(&record.request.labels, &filter.value),
        "health" => record.health.map_or("none", HealthState::as_str) == filter.value,
        _ => container::status(&record.status, *freezer) == filter.value,
    }
}

impl Act for Inspect {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let inspect = |text: &String| engine.inspect(text).map_err(|error| or_image(&engine, text, error));
        let found = self.containers.iter().map(inspect).collect::<Result<Vec<_>, _>>()?;
        context.print_json(&found.iter().map(InspectJson::new).collect::<Vec<_>>())?;
        Ok(0)
    }
}

/// `docker inspect` takes images too; here they are another command's.
fn or_image(engine: &Engine, text: &str, error: EngineError) -> Failure {
    match &error {
        EngineError::State(StateError::Unknown(_)) if engine.image(text).is_ok() => Failure::failed(
            error.code(),
            error.to_string(),
            format!("it is an image: `coffer image inspect {text}`"),
        ),
        _ => error.into(),
    }
}

impl Act for Remove {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let force = if self.force { Force::Kill } else { Force::No };
        for text in &self.containers {
            engine.remove(text, force)?;
            if context.format == Format::Table {
                context.print(&format!("{}\n", crate::render::text::plain(text)))?;
            }
        }
        if context.format == Format::Json {
            context.print_json(&self.containers)?;
        }
        Ok(0)
    }
}

impl Act for Explain {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let explanation = site::open()?.explain(&self.container)?;
        let ours = IdMap::ours();
        context.show(
            || ExplanationJson::new(&explanation, &ours),
            || explain::page(&explanation, &ours, time::now(), context.style),
        )?;
        Ok(0)
    }
}
