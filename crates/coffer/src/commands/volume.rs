//! `volume create|ls|inspect|rm|prune`

use engine::Volume;

use super::{Act, Entry, Life, act, options};
use crate::args::global::Format;
use crate::args::volume::{Create, Inspect, List, Prune, Remove};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::volume::{self, InspectJson, VolumeJson};
use crate::render::{text, time};
use crate::site;
use crate::value::filter::{self, Filter};

pub(super) const CREATE: Entry = Entry {
    words: &["volume", "create"],
    aliases: &[],
    life: Life::Run,
    about: "Make a volume before a container wants it",
    examples: [
        ("coffer volume create pgdata", "and print its name"),
        ("coffer volume create --label team=web cache", "with a label to find it by"),
    ],
    notes: "\
`coffer run -v NAME:/PATH` makes a volume, too. The first container that has a new volume fills it with what
its image has at that place. A volume that is there already stays as it is.",
    codes: ExitCodes::Ordinary,
    options: options::<Create>,
    act: act::<Create>,
};

pub(super) const LIST: Entry = Entry {
    words: &["volume", "ls"],
    aliases: &[&["volume", "list"]],
    life: Life::Run,
    about: "List the volumes that have a name, and who has them",
    examples: [
        ("coffer volume ls", "all of them"),
        ("coffer volume ls -q --filter dangling=true", "names of those that nobody has"),
    ],
    notes: "`coffer run -v NAME:/PATH` makes a volume. Those without a name go with their container.",
    codes: ExitCodes::Ordinary,
    options: options::<List>,
    act: act::<List>,
};

pub(super) const INSPECT: Entry = Entry {
    words: &["volume", "inspect"],
    aliases: &[],
    life: Life::Run,
    about: "Print everything that is known of volumes, as JSON",
    examples: [
        ("coffer volume inspect pgdata", "where it lies and who has it"),
        ("coffer volume inspect -s pgdata", "and how much room it takes"),
    ],
    notes: "Owners of the files are the container's own ids: a container sees them shifted.",
    codes: ExitCodes::Ordinary,
    options: options::<Inspect>,
    act: act::<Inspect>,
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
        ("coffer volume prune --filter label=scratch", "only those with this label"),
    ],
    notes: "Containers that have ended keep their volumes until they are removed.",
    codes: ExitCodes::Ordinary,
    options: options::<Prune>,
    act: act::<Prune>,
};

impl Act for Create {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let labels = self.label.into_iter().map(|pair| (pair.name, pair.value)).collect();
        let name = site::open()?.create_volume(self.name.as_deref(), labels)?;
        context.show(|| &name, || lines([&name]))?;
        Ok(0)
    }
}

impl Act for List {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let volumes = filter::keep(site::open()?.volumes()?, &self.filter, holds);
        if self.quiet && context.format == Format::Table {
            return context.print(&lines(volumes.iter().map(|volume| &volume.name))).map(|()| 0);
        }
        context.show(
            || volumes.iter().map(VolumeJson::new).collect::<Vec<_>>(),
            || volume::table(&volumes, time::now()).render(context.style, context.width()),
        )?;
        Ok(0)
    }
}

/// Whether a volume is one of those that a filter means.
pub(super) fn holds(volume: &Volume, filter: &Filter) -> bool {
    match filter.key.as_str() {
        "name" => volume.name.contains(&filter.value),
        "label" => filter::label_holds(&volume.labels, &filter.value),
        "label!" => !filter::label_holds(&volume.labels, &filter.value),
        _ => volume.containers.is_empty() == (filter.value == "true"),
    }
}

impl Act for Inspect {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let volumes = self.volumes.iter().map(|name| engine.volume(name)).collect::<Result<Vec<_>, _>>()?;
        let mut found = Vec::new();
        for volume in &volumes {
            let size = self.size.then(|| engine.volume_bytes(&volume.name)).transpose()?;
            found.push(InspectJson::new(volume, size));
        }
        context.print_json(&found)?;
        Ok(0)
    }
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
        let meant = |volume: &Volume| self.filter.iter().all(|filter| holds(volume, filter));
        let removed = site::open()?.prune_volumes(&meant)?.removed;
        context.show(|| &removed, || lines(&removed))?;
        Ok(0)
    }
}

fn lines<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| text::plain(name) + "\n").collect()
}
