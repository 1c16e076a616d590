//! What steps mount of contexts: a layer for each part of a context, kept until that part is another.

use model::digest::{ClaimedDigest, Digest};
use model::image::Layer;
use store::Kept;

use super::Line;
use crate::building::error::BuildError;
use crate::engine::Engine;

/// A part of a context that a step mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Part {
    /// The same for the same part of the same context.
    pub(in super::super) place: ClaimedDigest,
    /// For people.
    pub(in super::super) title: String,
}

impl Part {
    /// The part `source` of a context. Contexts that lie nowhere take each other's place.
    pub(in super::super) fn of(label: Option<&[u8]>, source: &str, epoch: Option<i64>) -> Self {
        let label = String::from_utf8_lossy(label.unwrap_or(b"the context"));
        let place = Digest::of(format!("part of a context {label:?} {source:?} {epoch:?}").as_bytes()).into();
        let source = if source.is_empty() { "everything" } else { source };
        Self { place, title: format!("{source} of {label}, as RUN --mount shows it") }
    }
}

impl Engine {
    /// The layer that shows what has this digest, if it is still there: none of its own where that is nothing. It stays as
    /// long as this build.
    pub(in super::super) fn shown_before(
        &self,
        part: &Part,
        digest: &Digest,
    ) -> Result<Option<Option<Layer>>, BuildError> {
        let shows = |kept: &Kept| match serde_json::from_slice(&kept.record) {
            Ok(Line::Shown { digest: shown, .. }) => shown == (*digest).into(),
            _ => false,
        };
        // What shows something else is not held: it will go.
        if !self.store.kept(&part.place)?.is_some_and(|kept| shows(&kept)) {
            return Ok(None);
        }
        let Some(kept) = self.store.hold_kept(&part.place)?.filter(shows) else { return Ok(None) };
        self.store.touch_kept(&part.place, self.now())?;
        Ok(Some(kept.layers.into_iter().next()))
    }

    /// Keeps the layer in the place of the one before, which goes unless somebody has it.
    pub(in super::super) fn keep_shown(
        &self,
        part: &Part,
        digest: &Digest,
        layer: Option<Layer>,
    ) -> Result<(), BuildError> {
        let before = self.store.kept(&part.place)?;
        let line = Line::Shown { title: part.title.clone(), made: self.now(), digest: (*digest).into() };
        self.keep_line(&part.place, &line, layer.into_iter().collect())?;
        Ok(self.store.discard(&before.map_or(Vec::new(), |before| before.layers))?)
    }
}
