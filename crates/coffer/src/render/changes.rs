//! What a container has changed, as lines and as data.

use engine::files::{Change, ChangeKind};
use serde::Serialize;

use super::text;

/// `--format json` of `coffer diff`: one path.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeJson {
    path: String,
    kind: ChangeKind,
}

impl ChangeJson {
    /// Bytes that are no text are shown by replacement characters.
    pub(crate) fn new(change: &Change) -> Self {
        Self { path: String::from_utf8_lossy(&change.path).into_owned(), kind: change.kind }
    }
}

/// Docker's letters: `A /added`, `C /changed`, `D /deleted`.
pub(crate) fn lines(changes: &[Change]) -> String {
    let line = |change: &Change| {
        let letter = match change.kind {
            ChangeKind::Added => 'A',
            ChangeKind::Changed => 'C',
            ChangeKind::Deleted => 'D',
        };
        format!("{letter} {}\n", text::plain(&String::from_utf8_lossy(&change.path)))
    };
    changes.iter().map(line).collect()
}
