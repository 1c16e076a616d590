//! Which versions are meant: intervals, open or closed at either end.

/// One end of an interval.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Bound {
    /// The version itself is within.
    Including(String),
    /// The version itself is not.
    Excluding(String),
}

impl Bound {
    /// The version at this end.
    #[must_use]
    pub fn version(&self) -> &str {
        match self {
            Self::Including(version) | Self::Excluding(version) => version,
        }
    }
}

/// All versions between two; an absent end is no end at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    /// Where it begins.
    pub from: Option<Bound>,
    /// Where it ends.
    pub to: Option<Bound>,
}

impl Interval {
    /// Every version.
    pub const ALL: Self = Self { from: None, to: None };

    /// One version and none other.
    #[must_use]
    pub fn exactly(version: &str) -> Self {
        let bound = || Some(Bound::Including(version.to_owned()));
        Self { from: bound(), to: bound() }
    }
}
