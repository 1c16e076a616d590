//! What `coffer system prune` removed.

use engine::Cleared;
use engine::Pruned;
use engine::id::ContainerId;
use serde::Serialize;

use super::{text, units};

/// `--format json` of `coffer system prune`.
#[derive(Debug, Serialize)]
pub(crate) struct ClearedJson {
    containers: Vec<String>,
    images: Vec<String>,
    volumes: Vec<String>,
    bytes: u64,
}

impl ClearedJson {
    pub(crate) fn new(
        containers: &Cleared<ContainerId>,
        images: &Pruned,
        volumes: Option<&Cleared<String>>,
    ) -> Self {
        Self {
            containers: containers.removed.iter().map(ToString::to_string).collect(),
            images: images.images.iter().map(ToString::to_string).collect(),
            volumes: volumes.map(|volumes| volumes.removed.clone()).unwrap_or_default(),
            bytes: containers.bytes + images.bytes + volumes.map_or(0, |volumes| volumes.bytes),
        }
    }

    /// What went, line by line, and how much room that made.
    pub(crate) fn page(&self) -> String {
        let line = |kind: &str, name: &String| format!("{kind} {}\n", text::plain(name));
        let containers = self.containers.iter().map(|id| line("container", &text::first(id, 12)));
        let images = self.images.iter().map(|digest| line("image", digest));
        let volumes = self.volumes.iter().map(|name| line("volume", name));
        let freed = format!("{} freed\n", units::bytes(self.bytes));
        containers.chain(images).chain(volumes).chain([freed]).collect()
    }
}
