//! `build cache ls|prune`

use engine::building::{CacheEntry, CacheKind, CachePrune};

use crate::args::build::{self, CacheList};
use crate::args::global::Format;
use crate::commands::{Act, Entry, Life, Truncate, act, options};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::cache::{CacheJson, CachePrunedJson, cache, pruned};
use crate::render::time;
use crate::site;
use crate::value::filter::{self, Filter};

pub(crate) const LIST: Entry = Entry {
    words: &["build", "cache", "ls"],
    aliases: &[&["builder", "du"], &["buildx", "du"]],
    life: Life::Make,
    about: "List what earlier builds have left: steps, and directories of RUN --mount=type=cache; the latest first",
    examples: [
        ("coffer build cache ls", "what the next build need not do again"),
        ("coffer build cache ls --filter type=exec.cachemount", "directories that outlive builds"),
    ],
    notes: "\
Types are called as in BuildKit: `regular` are steps, `exec.cachemount` directories that steps share from build to build,
`source.local` what steps mounted of a context, `internal` what is remembered of files. Of a step's layers those count
that no image has: without the cache the others would be there, too.",
    codes: ExitCodes::Ordinary,
    options: options::<CacheList>,
    act: act::<CacheList>,
};

pub(crate) const PRUNE: Entry = Entry {
    words: &["build", "cache", "prune"],
    aliases: &[&["builder", "prune"], &["buildx", "prune"]],
    life: Life::Make,
    about: "Remove what earlier builds have left",
    examples: [
        ("coffer build cache prune --filter until=168h", "what nobody has used for a week"),
        ("coffer build cache prune --keep-storage 10g", "the oldest, until ten gigabytes are left"),
    ],
    notes: "\
Without options everything goes, but for steps that an image has anyway. No image changes, and what a step has now
stays; the next build does again what is not there. `--filter type=` and `id=` are as in `coffer build cache ls`.",
    codes: ExitCodes::Ordinary,
    options: options::<build::CachePrune>,
    act: act::<build::CachePrune>,
};

impl Act for CacheList {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let now = time::now();
        let mut entries = site::open()?.build_cache()?;
        let is_asked_for =
            |filter: &Filter| filter.key == "type" && filter.value == CacheKind::Internal.name();
        if !self.all && !self.filter.iter().any(is_asked_for) {
            entries.retain(|entry| entry.kind != CacheKind::Internal);
        }
        let entries =
            filter::keep(entries, &self.filter, |entry, filter| filter::cached_holds(filter, entry, now));
        if self.list.quiet && context.format == Format::Table {
            let keys: String = entries.iter().map(|entry| format!("{}\n", entry.key)).collect();
            return context.print(&keys).map(|()| 0);
        }
        let truncate = if self.list.no_trunc { Truncate::Whole } else { Truncate::Short };
        context.show(
            || entries.iter().map(CacheJson::new).collect::<Vec<_>>(),
            || cache(&entries, truncate, now, context.style, context.width()),
        )?;
        Ok(0)
    }
}

impl Act for build::CachePrune {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let now = time::now();
        let meant = |entry: &CacheEntry| {
            (self.all || !entry.shared)
                && self.filter.iter().all(|filter| filter::cached_holds(filter, entry, now))
        };
        let gone = site::open()?.prune_build_cache(CachePrune { meant: &meant, keep: self.keep_storage })?;
        context.show(|| CachePrunedJson::new(&gone), || pruned(&gone))?;
        Ok(0)
    }
}
