//! Ranges of host ids: each of root's containers has 65,536 of its own.

use serde::{Deserialize, Serialize};

/// A range of host user ids (and the same group ids).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdRange {
    /// The first: root inside the container.
    pub first: u32,
    /// How many.
    pub size: u32,
}

/// Ids in each range: `nobody` is 65534 in every distribution.
pub(crate) const SIZE: u32 = 0x1_0000;

/// The first range. systemd's UIDS-GIDS.md lists 0x70000000 to 0x7FFFFFFF as unused by anybody;
/// shadow's subordinate ids end at 600,100,000 and systemd-nspawn's ranges at 0x6FFFFFFF.
const FIRST: u32 = 0x7000_0000;

/// How many ranges there are: up to 0x7FFDFFFF, before systemd's foreign ids.
pub(crate) const COUNT: u32 = 0xFFE;

impl IdRange {
    /// The range with the number, 0 to `COUNT - 1`.
    pub(crate) fn numbered(number: u32) -> Self {
        Self { first: FIRST + (number % COUNT) * SIZE, size: SIZE }
    }

    /// Its number: the name of its reservation.
    pub(crate) fn number(self) -> u32 {
        self.first.saturating_sub(FIRST) / SIZE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_stay_where_nobody_else_is() {
        let last = IdRange::numbered(COUNT - 1);
        assert_eq!(last.first + (last.size - 1), 0x7FFD_FFFF);
        assert_eq!(last.number(), COUNT - 1);
        assert_eq!(IdRange::numbered(0).first, 0x7000_0000);
    }
}
