//! Which times go into layers.

/// Which times go into layers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamp {
    /// `SOURCE_DATE_EPOCH`, in seconds since the epoch.
    pub epoch: Option<i64>,
    /// Which files get it.
    pub mode: StampMode,
}

/// Which files get the time of a build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StampMode {
    /// None: they keep theirs.
    #[default]
    Keep,
    /// Those that are newer.
    Clamp,
    /// All of them.
    All,
}

impl Stamp {
    /// The time of a file that comes into the image.
    #[must_use]
    pub fn time(self, modified: i64) -> i64 {
        match (self.epoch, self.mode) {
            (Some(epoch), StampMode::Clamp) => modified.min(epoch),
            (Some(epoch), StampMode::All) => epoch,
            (None, _) | (_, StampMode::Keep) => modified,
        }
    }

    /// The time of a directory that is in the image already.
    #[must_use]
    pub fn existing(self, modified: i64) -> i64 {
        match self.mode {
            StampMode::Keep => modified,
            StampMode::Clamp | StampMode::All => self.epoch.map_or(modified, |epoch| modified.min(epoch)),
        }
    }
}
