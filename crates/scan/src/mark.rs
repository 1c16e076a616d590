//! Paths as marks: enough to know a path again, in sixteen bytes.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// Bytes of a mark. Whoever makes an image chooses both the paths that hide and those that are hidden, so two paths
/// of one mark must be out of reach.
const LENGTH: usize = 16;

/// What a path, without a leading slash, is known again by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark([u8; LENGTH]);

impl Mark {
    /// The mark of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let mut mark = [0; LENGTH];
        mark.iter_mut().zip(Sha256::digest(path.as_bytes())).for_each(|(to, from)| *to = from);
        Self(mark)
    }
}

/// A set of marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks(Vec<Mark>);

impl Marks {
    /// Whether a path is among them.
    #[must_use]
    pub fn contains(&self, mark: Mark) -> bool {
        self.0.binary_search(&mark).is_ok()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Mark> + '_ {
        self.0.iter().copied()
    }

    /// How many bytes they take.
    pub(crate) fn weight(&self) -> usize {
        self.0.len() * LENGTH
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Mark> for Marks {
    fn from_iter<I: IntoIterator<Item = Mark>>(marks: I) -> Self {
        let mut marks: Vec<Mark> = marks.into_iter().collect();
        marks.sort_unstable();
        marks.dedup();
        Self(marks)
    }
}

impl Serialize for Marks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0.iter().flat_map(|mark| mark.0).collect::<Vec<u8>>())
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Packed)
    }
}

/// Reads marks that stand one after the other.
struct Packed;

impl Visitor<'_> for Packed {
    type Value = Marks;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "marks of {LENGTH} bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Marks, E> {
        let (marks, rest) = bytes.as_chunks::<LENGTH>();
        if !rest.is_empty() {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        // Whoever wrote them may not have kept the order.
        Ok(marks.iter().map(|mark| Mark(*mark)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_known_again_and_no_other_is() {
        let marks: Marks = ["usr/bin/env", "etc/passwd", "etc/passwd"].map(Mark::of).into_iter().collect();
        assert_eq!(marks.iter().count(), 2);
        assert!(marks.contains(Mark::of("etc/passwd")));
        assert!(!marks.contains(Mark::of("etc/passw")));
    }

    #[test]
    fn marks_come_back_sorted_whatever_their_order_was() {
        let (a, b) = (Mark::of("a"), Mark::of("b"));
        let bytes = postcard::to_stdvec(&Marks(vec![a.max(b), a.min(b)])).unwrap();
        let marks: Marks = postcard::from_bytes(&bytes).unwrap();
        assert!(marks.contains(a) && marks.contains(b));
    }

    #[test]
    fn half_a_mark_is_none() {
        let bytes = postcard::to_stdvec(&vec![7_u8; LENGTH + 1]).unwrap();
        assert!(postcard::from_bytes::<Marks>(&bytes).is_err());
    }
}
