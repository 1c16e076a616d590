//! Entry bundles (tlog-tiles, "Log entries") and how one that disagrees with its hashes went wrong.

use crate::error::DamageKind;
use crate::hash::TreeHash;
use crate::tree::TILE_WIDTH;

/// Longest entry, bounded by its 16-bit length prefix.
pub const ENTRY_LIMIT: usize = u16::MAX as usize;

/// Longest bundle in bytes.
pub(crate) const BUNDLE_LIMIT: u64 = (TILE_WIDTH * (2 + ENTRY_LIMIT)) as u64;

/// Adds an entry with its big-endian length; `None` if it is too long.
pub(crate) fn push(bundle: &mut Vec<u8>, entry: &[u8]) -> Option<()> {
    bundle.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
    bundle.extend(entry);
    Some(())
}

/// Reads the entries of a bundle one by one, up to the end or the first that is cut short.
#[derive(Clone)]
pub(crate) struct Entries<'a>(&'a [u8]);

impl<'a> Entries<'a> {
    pub(crate) fn of(bundle: &'a [u8]) -> Self {
        Self(bundle)
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        self.0 = rest;
        Some(entry)
    }
}

/// The leaf hashes of a bundle, if it is exactly `count` entries.
pub(crate) fn hashes_of(bundle: &[u8], count: usize) -> Option<Vec<TreeHash>> {
    let mut entries = Entries::of(bundle);
    let hashes: Vec<_> = entries.by_ref().take(count).map(TreeHash::of_leaf).collect();
    (hashes.len() == count && entries.0.is_empty()).then_some(hashes)
}

/// Compares a bundle with the leaf hashes that were logged.
///
/// # Errors
/// The position in the bundle and what happened there.
pub(crate) fn compare(bundle: &[u8], logged: &[TreeHash]) -> Result<(), (usize, DamageKind)> {
    match hashes_of(bundle, logged.len()) {
        Some(found) if found == logged => Ok(()),
        _ => Err(diagnose(bundle, logged)),
    }
}

/// Finds the first entry that is not as logged, and the simplest story that explains it.
fn diagnose(bundle: &[u8], logged: &[TreeHash]) -> (usize, DamageKind) {
    let found: Vec<_> = Entries::of(bundle).take(TILE_WIDTH + 1).map(TreeHash::of_leaf).collect();
    let at = found.iter().zip(logged).take_while(|(found, logged)| found == logged).count();
    let kind = match (found.get(at), logged.get(at)) {
        (None, _) => DamageKind::Truncated,
        (_, None) => DamageKind::Inserted,
        (Some(here), Some(_)) if logged.get(at + 1) == Some(here) && found.len() < logged.len() => {
            DamageKind::Removed
        }
        (Some(_), Some(gone)) if found.get(at + 1) == Some(gone) && found.len() > logged.len() => {
            DamageKind::Inserted
        }
        (Some(here), Some(gone)) => swapped(*here, *gone, &found, logged),
    };
    (at, kind)
}

fn swapped(here: TreeHash, gone: TreeHash, found: &[TreeHash], logged: &[TreeHash]) -> DamageKind {
    let partner = logged.iter().zip(found).position(|(logged, found)| *logged == here && *found == gone);
    partner.map_or(DamageKind::Changed, |with| DamageKind::Swapped { with: with as u64 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bundle(entries: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        entries.iter().for_each(|entry| push(&mut bytes, entry).unwrap());
        bytes
    }

    fn distinct() -> Vec<Vec<u8>> {
        (0..20u8).map(|i| vec![i; usize::from(i)]).collect()
    }

    /// What [`compare`] says after `alter`.
    fn after(alter: impl Fn(&mut Vec<Vec<u8>>)) -> Result<(), (usize, DamageKind)> {
        let mut entries = distinct();
        let logged: Vec<_> = entries.iter().map(|entry| TreeHash::of_leaf(entry)).collect();
        alter(&mut entries);
        compare(&bundle(&entries), &logged)
    }

    #[test]
    fn each_story_is_told_apart() {
        assert_eq!(after(|_| ()), Ok(()));
        assert_eq!(after(|e| e[7][0] ^= 1), Err((7, DamageKind::Changed)));
        assert_eq!(after(|e| drop(e.remove(7))), Err((7, DamageKind::Removed)));
        assert_eq!(after(|e| e.swap(7, 12)), Err((7, DamageKind::Swapped { with: 12 })));
        assert_eq!(after(|e| e.insert(7, b"new".to_vec())), Err((7, DamageKind::Inserted)));
        assert_eq!(after(|e| e.push(b"new".to_vec())), Err((20, DamageKind::Inserted)));
        assert_eq!(after(|e| e.truncate(7)), Err((7, DamageKind::Truncated)));
    }

    #[test]
    fn the_longest_entry_fits_and_one_byte_more_does_not() {
        let mut bytes = Vec::new();
        assert_eq!(push(&mut bytes, &vec![0; ENTRY_LIMIT]), Some(()));
        assert_eq!(push(&mut Vec::new(), &vec![0; ENTRY_LIMIT + 1]), None);
        assert_eq!(Entries::of(&bytes).map(<[u8]>::len).collect::<Vec<_>>(), [ENTRY_LIMIT]);
    }

    proptest! {
        #[test]
        fn one_changed_byte_anywhere_in_a_bundle_names_its_entry(at in any::<usize>(), bit in 0u8..8) {
            let entries = distinct();
            let logged: Vec<_> = entries.iter().map(|entry| TreeHash::of_leaf(entry)).collect();
            let mut bytes = bundle(&entries);
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let ends: Vec<usize> = entries.iter().scan(0, |end, entry| { *end += 2 + entry.len(); Some(*end) }).collect();
            let expected = ends.iter().position(|end| at < *end).unwrap();
            prop_assert_eq!(compare(&bytes, &logged).unwrap_err().0, expected);
        }
    }
}
