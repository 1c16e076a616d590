//! What hides what: a path of a lower layer, and the layers above it.

use crate::facts::LayerFacts;
use crate::mark::Mark;

/// A path and the directories above it, as marks.
pub(crate) struct Trail {
    /// From the top down.
    above: Vec<Mark>,
    own: Mark,
}

impl Trail {
    pub(crate) fn of(path: &str) -> Self {
        let above = path.match_indices('/').filter_map(|(end, _)| path.get(..end)).map(Mark::of);
        Self { above: above.collect(), own: Mark::of(path) }
    }

    /// Whether what is at the path in some lower layer cannot be seen through this one.
    pub(crate) fn is_hidden_by(&self, layer: &LayerFacts) -> bool {
        for directory in &self.above {
            if layer.leaves.contains(*directory) || layer.opaque.contains(*directory) {
                return true;
            }
            if !layer.directories.contains(*directory) {
                // The layer has nothing from here on.
                return false;
            }
        }
        layer.leaves.contains(self.own) || layer.directories.contains(self.own)
    }
}
