//! `image ...`

mod import;
mod save;

use engine::{EngineError, Prune, Removal};
use model::image::Image;

use super::{Act, Entry, Life, Truncate, act, options};
use crate::args::global::Format;
use crate::args::image::{self as args, History, Import, Inspect, List, Remove, Save, Tag, Verify};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::progress::Bar;
use crate::render::{history, image, time};
use crate::site;
use crate::value::filter::{self, Filter};

pub(super) use import::admit_embedded;
pub(super) use save::{save_for, save_to};

pub(super) const IMPORT: Entry = Entry {
    words: &["image", "import"],
    aliases: &[&["import"], &["load"], &["image", "load"]],
    life: Life::Ship,
    about: "Take an image in: every byte is hashed, and checked before anything is unpacked",
    examples: [
        ("coffer image import alpine.tar", "whatever it is: it looks"),
        ("docker save nginx | coffer image import -", "from standard input"),
    ],
    notes: "`coffer help images` lists the ways to name an image.",
    codes: ExitCodes::Ordinary,
    options: options::<Import>,
    act: act::<Import>,
};

pub(super) const LIST: Entry = Entry {
    words: &["image", "ls"],
    aliases: &[&["images"], &["image", "list"]],
    life: Life::Ship,
    about: "List images",
    examples: [
        ("coffer image ls", "all of them"),
        ("coffer image ls -q --filter dangling=true", "ids of those without a name"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<List>,
    act: act::<List>,
};

pub(super) const INSPECT: Entry = Entry {
    words: &["image", "inspect"],
    aliases: &[],
    life: Life::Ship,
    about: "Print everything that is known of images, as JSON",
    examples: [
        ("coffer image inspect alpine", "configuration, layers and what unpacking saw"),
        ("coffer image inspect 9f2c alpine:3.20", "two at once"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Inspect>,
    act: act::<Inspect>,
};

pub(super) const HISTORY: Entry = Entry {
    words: &["image", "history"],
    aliases: &[&["history"]],
    life: Life::Ship,
    about: "Show how an image was made, newest step first",
    examples: [
        ("coffer image history nginx", "a line for each step"),
        ("coffer image history --no-trunc nginx", "with whole commands"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<History>,
    act: act::<History>,
};

pub(super) const TAG: Entry = Entry {
    words: &["image", "tag"],
    aliases: &[&["tag"]],
    life: Life::Ship,
    about: "Give an image one more name",
    examples: [
        ("coffer image tag alpine team/base:1", "by name"),
        ("coffer image tag 9f2c41d0 team/base:1", "by the beginning of an id"),
    ],
    notes: "A name that another image has moves to this one.",
    codes: ExitCodes::Ordinary,
    options: options::<Tag>,
    act: act::<Tag>,
};

pub(super) const REMOVE: Entry = Entry {
    words: &["image", "rm"],
    aliases: &[&["rmi"], &["image", "remove"]],
    life: Life::Ship,
    about: "Remove names, and images whose last name goes",
    examples: [
        ("coffer image rm alpine:3.19", "one name"),
        ("coffer image rm 9f2c41d0", "the image with all its names"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Remove>,
    act: act::<Remove>,
};

pub(super) const PRUNE: Entry = Entry {
    words: &["image", "prune"],
    aliases: &[],
    life: Life::Ship,
    about: "Remove images that have no name and that no container uses",
    examples: [
        ("coffer image prune", "what nothing points to"),
        ("coffer image prune --all", "also images that have names but no containers"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<args::Prune>,
    act: act::<args::Prune>,
};

pub(super) const VERIFY: Entry = Entry {
    words: &["image", "verify"],
    aliases: &[],
    life: Life::Ship,
    about: "Read every byte of the store again and compare it with the digests",
    examples: [
        ("coffer image verify", "the whole store"),
        ("coffer image verify --format json", "for programs"),
    ],
    notes: "Exit code: 0 if every byte is what it was, 1 if not.",
    codes: ExitCodes::Ordinary,
    options: options::<Verify>,
    act: act::<Verify>,
};

pub(super) const SAVE: Entry = Entry {
    words: &["image", "save"],
    aliases: &[&["save"]],
    life: Life::Ship,
    about: "Write an image to an archive",
    examples: [
        ("coffer image save alpine -o alpine.tar", "to a file"),
        ("coffer image save alpine | ssh other coffer image import -", "to another machine"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Save>,
    act: act::<Save>,
};

impl Act for List {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let images = filter::keep(engine.images()?, &self.filter, holds);
        let named = |image: &Image| self.name.as_ref().is_none_or(|name| has_name(image, name));
        let images: Vec<Image> = images.into_iter().filter(named).collect();
        let truncate = if self.digests { Truncate::Whole } else { self.list.into() };
        if self.list.quiet && context.format == Format::Table {
            let ids = images.iter().map(|image| image::digest(image, truncate) + "\n");
            context.print(&ids.collect::<String>())?;
            return Ok(0);
        }
        context.show(
            || images.iter().map(image::ImageJson::new).collect::<Vec<_>>(),
            || image::table(&images, truncate, time::now(), context.style, context.width()),
        )?;
        Ok(0)
    }
}

fn holds(image: &Image, filter: &Filter) -> bool {
    match filter.key.as_str() {
        "name" => has_name(image, &filter.value),
        "digest" => image.digest.to_string().contains(&filter.value),
        "label" => filter::label_holds(&image.config.labels, &filter.value),
        _ => image.names.is_empty() == (filter.value == "true"),
    }
}

/// Whole, without its tag, or with its last component alone: `nginx` for `docker.io/library/nginx:1.27`.
fn has_name(image: &Image, asked: &str) -> bool {
    image.names.iter().any(|name| {
        let untagged = name.rsplit_once(':').map_or(name.as_str(), |(repository, _)| repository);
        let ends = |name: &str| name == asked || name.ends_with(&format!("/{asked}"));
        ends(name) || ends(untagged)
    })
}

impl Act for Inspect {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let images = self.images.iter().map(|image| engine.image(image)).collect::<Result<Vec<_>, _>>()?;
        context.print_json(&images.iter().map(image::ImageJson::new).collect::<Vec<_>>())?;
        Ok(0)
    }
}

impl Act for History {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let image = site::open()?.image(&self.image)?;
        let truncate = if self.no_trunc { Truncate::Whole } else { Truncate::Short };
        context.show(
            || history::steps(&image),
            || history::table(&image, truncate, time::now(), context.style, context.width()),
        )?;
        Ok(0)
    }
}

impl Act for Tag {
    fn act(self, _context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        engine.tag(&engine.image(&self.image)?, &self.name)?;
        Ok(0)
    }
}

impl Act for Remove {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let removal = if self.force { Removal::Forced } else { Removal::Careful };
        let mut all = Vec::new();
        for image in &self.images {
            let name = image.parse().map_err(EngineError::Reference)?;
            let removed = engine.remove_image(&name, removal)?;
            if context.format == Format::Table {
                context.print(&image::removed(&removed))?;
            }
            all.push(image::RemovedJson::new(&removed));
        }
        if context.format == Format::Json {
            context.print_json(&all)?;
        }
        Ok(0)
    }
}

/// Whether an image is one of those that the filters of a prune mean.
pub(super) fn is_meant(image: &Image, filters: &[Filter], now: i64) -> bool {
    let (labels, made) = (&image.config.labels, image.created.unwrap_or(image.imported));
    filters.iter().all(|filter| filter::prune_holds(filter, labels, made, now))
}

impl Act for args::Prune {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let which = if self.all { Prune::Unused } else { Prune::Dangling };
        let now = time::now();
        let meant = |image: &Image| is_meant(image, &self.filter, now);
        let pruned = site::open()?.prune_images(which, &meant)?;
        context.show(|| image::PrunedJson::new(&pruned), || image::pruned(&pruned))?;
        Ok(0)
    }
}

impl Act for Verify {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let findings = site::open()?.verify_images(&mut Bar::new())?;
        context.show(|| image::VerifiedJson::new(&findings), || image::verified(&findings, context.style))?;
        Ok(u8::from(!findings.is_empty()))
    }
}
