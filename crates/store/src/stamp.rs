//! Which times the files of a layer get that is made here.

use crate::archive::Mtime;

/// Which times files get.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Seconds since the epoch; without it every file keeps its own.
    pub epoch: Option<i64>,
    /// Which files get it.
    pub mode: StampMode,
}

/// Which files get the time of a stamp.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StampMode {
    /// None.
    #[default]
    Keep,
    /// Those that are newer.
    Clamp,
    /// All.
    All,
}

impl Stamp {
    /// The time that a file gets that comes into an image, in seconds since the epoch.
    #[must_use]
    pub fn time(self, modified: i64) -> i64 {
        self.apply(Mtime { seconds: modified, nanoseconds: 0 }).seconds
    }

    /// The same for a directory that is in the image already.
    #[must_use]
    pub fn existing(self, modified: i64) -> i64 {
        match self.mode {
            StampMode::Keep => modified,
            StampMode::Clamp | StampMode::All => self.epoch.map_or(modified, |epoch| modified.min(epoch)),
        }
    }

    /// The time that a file gets that has this one.
    pub(crate) fn apply(self, mtime: Mtime) -> Mtime {
        let Some(seconds) = self.epoch else { return mtime };
        let newer = mtime.seconds > seconds || (mtime.seconds == seconds && mtime.nanoseconds > 0);
        match self.mode {
            StampMode::Keep => mtime,
            StampMode::Clamp if !newer => mtime,
            StampMode::Clamp | StampMode::All => Mtime { seconds, nanoseconds: 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_changes_what_it_says_and_nothing_else() {
        let at = |seconds, nanoseconds| Mtime { seconds, nanoseconds };
        let check = |epoch, mode, given, expected: Mtime| {
            let Mtime { seconds, nanoseconds } = Stamp { epoch, mode }.apply(given);
            assert_eq!((seconds, nanoseconds), (expected.seconds, expected.nanoseconds));
        };
        check(None, StampMode::All, at(9, 1), at(9, 1));
        check(Some(5), StampMode::Keep, at(9, 1), at(9, 1));
        check(Some(5), StampMode::Clamp, at(9, 1), at(5, 0));
        check(Some(5), StampMode::Clamp, at(5, 1), at(5, 0));
        check(Some(5), StampMode::Clamp, at(4, 1), at(4, 1));
        check(Some(5), StampMode::All, at(4, 1), at(5, 0));
    }
}
