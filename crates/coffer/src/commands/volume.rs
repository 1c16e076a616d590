//! `volume ls|rm|prune`

use engine::Volume;
use serde::Serialize;

use super::{Act, Entry, Life, act, options};
use crate::args::global::Format;
use crate::args::volume::{List, Prune, Remove};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::table::{Column, Table};
use crate::render::{text, time};
use crate::site;

pub(super) const LIST: Entry = Entry {
    words: &["volume", "ls"],
    aliases: &[&["volume", "list"]],
    life: Life::Run,
    about: "List the volumes that have a name, and who has them",
    examples: [("coffer volume ls", "all of them"), ("coffer volume ls -q", "names only")],
    notes: "`coffer run -v NAME:/PATH` makes a volume. Those without a name go with their container.",
    codes: ExitCodes::Ordinary,
    options: options::<List>,
    act: act::<List>,
};

pub(super) const REMOVE: Entry = Entry {
    words: &["volume", "rm"],
    aliases: &[&["volume", "remove"]],
    life: Life::Run,
    about: "Remove volumes and everything in them",
    examples: [("coffer volume rm pgdata", "one"), ("coffer volume rm web-1 web-2", "two at once")],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Remove>,
    act: act::<Remove>,
};

pub(super) const PRUNE: Entry = Entry {
    words: &["volume", "prune"],
    aliases: &[],
    life: Life::Run,
    about: "Remove every volume that no container has",
    examples: [
        ("coffer volume prune", "and print their names"),
        ("coffer volume prune --format json", "for programs"),
    ],
    notes: "Containers that have ended keep their volumes until they are removed.",
    codes: ExitCodes::Ordinary,
    options: options::<Prune>,
    act: act::<Prune>,
};

/// `--format json` of `coffer volume ls`: one volume.
#[derive(Debug, Serialize)]
struct VolumeJson<'a> {
    name: &'a str,
    changed: String,
    containers: &'a [String],
}

impl<'a> VolumeJson<'a> {
    fn new(volume: &'a Volume) -> Self {
        let Volume { name, changed, containers, .. } = volume;
        Self { name, changed: time::rfc3339(*changed), containers }
    }
}

impl Act for List {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let volumes = site::open()?.volumes()?;
        if self.quiet && context.format == Format::Table {
            return context.print(&lines(volumes.iter().map(|volume| &volume.name))).map(|()| 0);
        }
        context.show(
            || volumes.iter().map(VolumeJson::new).collect::<Vec<_>>(),
            || table(&volumes).render(context.style, context.width()),
        )?;
        Ok(0)
    }
}

fn table(volumes: &[Volume]) -> Table {
    let mut table =
        Table::new([Column::whole("NAME"), Column::whole("CHANGED"), Column::gives_way("CONTAINERS")]);
    for volume in volumes {
        let changed = time::ago(volume.changed, time::now());
        table.row([volume.name.as_str().into(), changed.into(), volume.containers.join(" ").into()]);
    }
    table
}

impl Act for Remove {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        for volume in &self.volumes {
            engine.remove_volume(volume)?;
        }
        context.show(|| &self.volumes, || lines(&self.volumes))?;
        Ok(0)
    }
}

impl Act for Prune {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let removed = site::open()?.prune_volumes(&|_| true)?;
        context.show(|| &removed, || lines(&removed))?;
        Ok(0)
    }
}

fn lines<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| text::plain(name) + "\n").collect()
}
