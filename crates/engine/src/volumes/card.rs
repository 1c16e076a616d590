//! What is kept of a volume that somebody made beforehand: `.NAME.json` beside it.
//!
//! It is there before the volume is, and goes before the volume goes, so that none is ever found with a
//! volume that it was not written for.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;

use rustix::fs::AtFlags;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::state::{read_file, replace_file};

/// One volume's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Card {
    /// When it was made, seconds since the epoch.
    pub(super) created: i64,
    /// `--label`.
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    /// Whether a container has had it.
    pub(super) first_use: FirstUse,
}

/// When a volume is filled from an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FirstUse {
    /// Still to come: the volume is as good as new.
    Ahead,
    /// Past: nothing in it is touched any more.
    Past,
}

impl Card {
    /// The card of the volume in this directory; `None` for a volume that `run` made, and for a card that
    /// nobody can read: the volume itself is whole.
    pub(super) fn read(volumes: impl AsFd, name: &str) -> io::Result<Option<Self>> {
        let bytes = read_file(volumes, &file(name))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    pub(super) fn write(&self, volumes: impl AsFd, name: &str) -> io::Result<()> {
        replace_file(volumes, &file(name), &serde_json::to_vec(self)?)
    }

    pub(super) fn remove(volumes: impl AsFd, name: &str) -> io::Result<()> {
        match rustix::fs::unlinkat(volumes, file(name), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// No volume's name begins with a dot.
fn file(name: &str) -> String {
    format!(".{name}.json")
}
