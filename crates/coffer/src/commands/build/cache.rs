//! `build cache ls|prune`

use engine::building::CachePrune;
use engine::time::Moment;

use crate::args::build::{self, CacheList};
use crate::commands::{Act, Entry, Life, Truncate, act, options};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::build::{CacheJson, cache};
use crate::render::image::{PrunedJson, pruned};
use crate::render::time;
use crate::site;
use crate::value::instant;

pub(crate) const LIST: Entry = Entry {
    words: &["build", "cache", "ls"],
    aliases: &[&["builder", "du"], &["buildx", "du"]],
    life: Life::Make,
    about: "List the steps that earlier builds have left, the latest first",
    examples: [
        ("coffer build cache ls", "what the next build need not do again"),
        ("coffer build cache ls --format json", "as data"),
    ],
    notes: "Layers that an image has count nothing: without the cache they would be there, too.",
    codes: ExitCodes::Ordinary,
    options: options::<CacheList>,
    act: act::<CacheList>,
};

pub(crate) const PRUNE: Entry = Entry {
    words: &["build", "cache", "prune"],
    aliases: &[&["builder", "prune"], &["buildx", "prune"]],
    life: Life::Make,
    about: "Remove steps that earlier builds have left",
    examples: [
        ("coffer build cache prune --filter until=168h", "what nobody has used for a week"),
        ("coffer build cache prune --keep-storage 10g", "the oldest, until ten gigabytes are left"),
    ],
    notes: "Without options all of it. No image changes; the next build does again what is not there.",
    codes: ExitCodes::Ordinary,
    options: options::<build::CachePrune>,
    act: act::<build::CachePrune>,
};

impl Act for CacheList {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let entries = site::open()?.build_cache()?;
        if self.list.quiet {
            let keys: String = entries.iter().map(|entry| format!("{}\n", entry.key)).collect();
            return context.print(&keys).map(|()| 0);
        }
        let truncate = if self.list.no_trunc { Truncate::Whole } else { Truncate::Short };
        context.show(
            || entries.iter().map(CacheJson::new).collect::<Vec<_>>(),
            || cache(&entries, truncate, time::now(), context.style, context.width()),
        )?;
        Ok(0)
    }
}

impl Act for build::CachePrune {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let now = Moment { seconds: time::now(), nanos: 0 };
        let until = |text: &str| instant::parse(text).ok().map(|until| until.seen_from(now).seconds);
        let before = self.filter.iter().filter_map(|filter| until(&filter.value)).min();
        let prune = CachePrune { before, keep: self.keep_storage };
        let gone = site::open()?.prune_build_cache(prune)?;
        context.show(|| PrunedJson::new(&gone), || pruned(&gone))?;
        Ok(0)
    }
}
