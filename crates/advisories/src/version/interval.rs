//! Which versions are meant: intervals, open or closed at either end.

use std::cmp::Ordering;

use super::{BadVersion, Order};

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

    /// What is in both, which may be nothing.
    ///
    /// # Errors
    /// An end that is no version.
    pub fn and(self, other: Self, order: Order) -> Result<Self, BadVersion> {
        Ok(Self {
            from: narrower(self.from, other.from, order, Ordering::Greater)?,
            to: narrower(self.to, other.to, order, Ordering::Less)?,
        })
    }

    /// Whether no version can be within, because the end is before the beginning.
    ///
    /// # Errors
    /// An end that is no version.
    pub fn is_empty(&self, order: Order) -> Result<bool, BadVersion> {
        // An end alone is looked at too, so that one that is no version is found out.
        let (Some(from), Some(to)) =
            (self.from.as_ref().or(self.to.as_ref()), self.to.as_ref().or(self.from.as_ref()))
        else {
            return Ok(false);
        };
        let open = matches!(from, Bound::Excluding(_)) || matches!(to, Bound::Excluding(_));
        let whole = self.from.is_some() && self.to.is_some();
        Ok(match order.compare(from.version(), to.version())? {
            Ordering::Less => false,
            Ordering::Equal => whole && open,
            Ordering::Greater => true,
        })
    }

    /// Whether `version` is within.
    ///
    /// # Errors
    /// `version`, or an end, that is no version of this order.
    pub fn contains(&self, order: Order, version: &str) -> Result<bool, BadVersion> {
        let side = |bound: &Option<Bound>, inside: Ordering| match bound {
            None => Ok(true),
            Some(bound) => {
                let found = order.compare(version, bound.version())?;
                Ok(found == inside || (found.is_eq() && matches!(bound, Bound::Including(_))))
            }
        };
        Ok(side(&self.from, Ordering::Greater)? && side(&self.to, Ordering::Less)?)
    }
}

/// The one of two ends that leaves less: the one on the side `wanted`, and of equal ones the open one.
fn narrower(
    first: Option<Bound>,
    second: Option<Bound>,
    order: Order,
    wanted: Ordering,
) -> Result<Option<Bound>, BadVersion> {
    let (Some(one), Some(other)) = (&first, &second) else { return Ok(first.or(second)) };
    let found = order.compare(one.version(), other.version())?;
    let first_wins = found == wanted || (found.is_eq() && matches!(one, Bound::Excluding(_)));
    Ok(if first_wins { first } else { second })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_within_or_not_as_they_say() {
        let interval =
            Interval { from: Some(Bound::Including("1.2".into())), to: Some(Bound::Excluding("2.0".into())) };
        for (version, within) in
            [("1.1", false), ("1.2", true), ("1.2.0", true), ("1.9", true), ("2.0", false), ("2.0.0a1", true)]
        {
            assert_eq!(interval.contains(Order::Pep440, version).unwrap(), within, "{version}");
        }
        assert!(Interval::ALL.contains(Order::Pep440, "0").unwrap());
        assert!(Interval::exactly("1").contains(Order::Pep440, "1.0").unwrap());
        assert!(!Interval::exactly("1").contains(Order::Pep440, "1.1").unwrap());
    }

    #[test]
    fn what_is_in_both_is_the_narrower_at_either_end() {
        let wide =
            Interval { from: Some(Bound::Including("1".into())), to: Some(Bound::Including("3".into())) };
        let other =
            Interval { from: Some(Bound::Excluding("1.0".into())), to: Some(Bound::Excluding("2".into())) };
        let both = wide.clone().and(other.clone(), Order::Pep440).unwrap();
        assert_eq!(both, other);
        assert_eq!(other.clone().and(wide, Order::Pep440).unwrap(), both);
        assert_eq!(both.clone().and(Interval::ALL, Order::Pep440).unwrap(), both);
    }

    #[test]
    fn a_version_that_is_none_is_an_error_and_not_outside() {
        let interval = Interval { from: None, to: Some(Bound::Excluding("1.2-3".into())) };
        assert!(interval.contains(Order::Dpkg, "x:1").is_err());
    }
}
