//! On which condition a manifest is stored: RFC 9110, section 13.1.

use crate::server::shelf::ContentDigest;

/// What a tag has to mean, so that of two who move it at once the later one finds out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// `If-Match`: it means one of these.
    pub is: Option<Meanings>,
    /// `If-None-Match`: it means none of these.
    pub is_not: Option<Meanings>,
}

/// What a name could mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meanings {
    /// `*`: anything that is there.
    Anything,
    /// One of these.
    These(Vec<ContentDigest>),
}

impl Condition {
    /// Whether it holds for what is there.
    #[must_use]
    pub fn holds(&self, there: Option<&ContentDigest>) -> bool {
        self.is.as_ref().is_none_or(|is| is.include(there))
            && !self.is_not.as_ref().is_some_and(|is_not| is_not.include(there))
    }
}

impl Meanings {
    fn include(&self, there: Option<&ContentDigest>) -> bool {
        match (self, there) {
            (_, None) => false,
            (Self::Anything, Some(_)) => true,
            (Self::These(digests), Some(there)) => digests.contains(there),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::shelf::Algorithm;

    #[test]
    fn a_condition_is_about_what_is_there() {
        let digest = |text: &str| ContentDigest::of(Algorithm::Sha256, text.as_bytes());
        let (one, other) = (digest("one"), digest("other"));
        let condition = |is: Option<Meanings>, is_not| Condition { is, is_not };
        let these = |digest: &ContentDigest| Some(Meanings::These(vec![digest.clone()]));
        for (condition, absent, same, else_) in [
            (Condition::default(), true, true, true),
            (condition(these(&one), None), false, true, false),
            (condition(Some(Meanings::Anything), None), false, true, true),
            (condition(Some(Meanings::These(Vec::new())), None), false, false, false),
            (condition(None, these(&one)), true, false, true),
            (condition(None, Some(Meanings::Anything)), true, false, false),
            (condition(None, Some(Meanings::These(Vec::new()))), true, true, true),
        ] {
            assert_eq!(condition.holds(None), absent, "{condition:?}");
            assert_eq!(condition.holds(Some(&one)), same, "{condition:?}");
            assert_eq!(condition.holds(Some(&other)), else_, "{condition:?}");
        }
    }
}
