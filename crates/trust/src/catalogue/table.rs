//! A table in one piece of bytes, searched in place: opening a catalogue of ten thousand releases costs nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Rows in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Table<'a> {
    /// Where each row begins, and where its key ends: four bytes each, little-endian.
    #[serde(borrow)]
    index: Cow<'a, [u8]>,
    /// Keys and values, one after another.
    #[serde(borrow)]
    rows: Cow<'a, [u8]>,
}

const ENTRY: usize = 8;

impl<'a> Table<'a> {
    /// More than four gigabytes have no table.
    pub(super) fn of(rows: &BTreeMap<Vec<u8>, Vec<u8>>) -> Option<Table<'static>> {
        let (mut index, mut bytes) = (Vec::with_capacity(rows.len() * ENTRY), Vec::new());
        for (key, value) in rows {
            let start = u32::try_from(bytes.len()).ok()?;
            bytes.extend_from_slice(key);
            let end = u32::try_from(bytes.len()).ok()?;
            bytes.extend_from_slice(value);
            index.extend_from_slice(&start.to_le_bytes());
            index.extend_from_slice(&end.to_le_bytes());
        }
        Some(Table { index: Cow::Owned(index), rows: Cow::Owned(bytes) })
    }

    pub(super) fn len(&self) -> usize {
        self.index.len() / ENTRY
    }

    /// The value of `key`.
    pub(super) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        let (found, value) = self.row(self.first(key))?;
        (found == key).then_some(value)
    }

    /// The rows whose keys begin with `prefix`.
    pub(super) fn below(&self, prefix: &'a [u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
        let rows = (self.first(prefix)..self.len()).map_while(|number| self.row(number));
        rows.take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// The number of the first row whose key is not less than `key`.
    fn first(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.row(middle) {
                Some((found, _)) if found < key => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    fn row(&self, number: usize) -> Option<(&[u8], &[u8])> {
        let (start, end) = self.entry(number)?;
        let next = self.entry(number.checked_add(1)?).map_or(self.rows.len(), |(start, _)| start);
        Some((self.rows.get(start..end)?, self.rows.get(end..next)?))
    }

    fn entry(&self, number: usize) -> Option<(usize, usize)> {
        let at = number.checked_mul(ENTRY)?;
        let [a, b, c, d, e, f, g, h] = *self.index.get(at..at.checked_add(ENTRY)?)?.as_array()?;
        let word = |bytes| usize::try_from(u32::from_le_bytes(bytes)).ok();
        Some((word([a, b, c, d])?, word([e, f, g, h])?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_table_is_found_and_nothing_else() {
        let names = ["a:1", "app:1", "app:2", "apple:1", "z"];
        let rows = names.map(|name| (name.as_bytes().to_vec(), name.to_uppercase().into_bytes()));
        let table = Table::of(&BTreeMap::from(rows)).unwrap();
        for name in names {
            assert_eq!(table.get(name.as_bytes()), Some(name.to_uppercase().as_bytes()));
        }
        for missing in ["", "a", "app", "app:3", "zz"] {
            assert_eq!(table.get(missing.as_bytes()), None, "{missing}");
        }
        let below: Vec<&[u8]> = table.below(b"app:").map(|(key, _)| key).collect();
        assert_eq!(below, [b"app:1", b"app:2"]);
        assert_eq!(table.below(b"").count(), 5);
        assert_eq!(Table::default().get(b"a"), None);
    }

    #[test]
    fn a_damaged_table_finds_nothing() {
        for index in [vec![255; 16], vec![1, 0, 0, 0, 0, 0, 0, 0], vec![0; 3]] {
            let table = Table { index: Cow::Owned(index), rows: Cow::Borrowed(b"rows") };
            assert_eq!(table.get(b"rows"), None);
            assert_eq!(table.below(b"").count(), 0);
        }
    }
}
