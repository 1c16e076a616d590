//! A hash table that is used where it lies: buckets of one cache line, each with a check of itself.
//!
//! ```text
//! bucket  check u32 | overflowed u32 | 7 x (hash's upper half u32, offset u32); an offset of 0 is no entry
//! ```

use super::bytes::number_at;
use super::error::Damage;
use super::hash::check;

const BUCKET: usize = 64;
const SLOTS: usize = 7;

/// How many entries a bucket has in the mean.
const USUAL: usize = 4;

/// How many sizes are tried, each a quarter larger.
const MOST_SIZES: usize = 16;

/// How many buckets beside its own an entry may be in.
const MOST_STEPS: usize = 16;

/// A table in bytes that may be anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a>(&'a [[u8; BUCKET]]);

impl<'a> Table<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, Damage> {
        match bytes.as_chunks() {
            (buckets, []) => Ok(Self(buckets)),
            _ => Err(Damage("a table has half a bucket")),
        }
    }

    /// Offers the offsets that `hash` may stand for, until one is taken.
    pub(super) fn find<T>(
        self,
        hash: u64,
        mut taken: impl FnMut(u32) -> Result<Option<T>, Damage>,
    ) -> Result<Option<T>, Damage> {
        let Some(home) = (hash as usize).checked_rem(self.0.len()) else { return Ok(None) };
        for step in 0..=MOST_STEPS {
            let at = (home + step) % self.0.len();
            let bucket = self.0.get(at).ok_or(Damage("a table is too short"))?;
            let (head, slots) = sound(bucket)?;
            for slot in slots {
                let offset = (slot >> 32) as u32;
                if offset != 0
                    && slot as u32 == (hash >> 32) as u32
                    && let Some(found) = taken(offset)?
                {
                    return Ok(Some(found));
                }
            }
            if head == 0 {
                return Ok(None);
            }
        }
        Err(Damage("a table is too full"))
    }

    /// Every offset in it.
    pub(super) fn offsets(self) -> impl Iterator<Item = Result<u32, Damage>> + use<'a> {
        self.0.iter().flat_map(|bucket| match sound(bucket) {
            Err(damage) => vec![Err(damage)],
            Ok((_, slots)) => {
                slots.iter().map(|slot| (slot >> 32) as u32).filter(|offset| *offset != 0).map(Ok).collect()
            }
        })
    }
}

/// Whether a bucket overflowed, and its slots: the offset in the upper half, the hash's in the lower.
fn sound(bucket: &[u8; BUCKET]) -> Result<(u32, [u64; SLOTS]), Damage> {
    let (claimed, rest) = bucket.split_at(4);
    if number_at(claimed, 0) != Some(check(rest)) {
        return Err(Damage("a bucket is not what was written"));
    }
    let mut slots = [0; SLOTS];
    let (words, _) = rest.get(4..).unwrap_or_default().as_chunks::<8>();
    for (slot, word) in slots.iter_mut().zip(words) {
        *slot = u64::from_le_bytes(*word);
    }
    Ok((number_at(rest, 0).unwrap_or_default(), slots))
}

/// A table of hashes and the offsets that they stand for; nothing if too many hashes are the same, which only happens
/// to names that somebody made up for it.
pub(super) fn table(entries: &[(u64, u32)]) -> Option<Vec<u8>> {
    let sizes = std::iter::successors(Some(entries.len().div_ceil(USUAL)), |size| Some(size + size / 4 + 1));
    sizes.take(MOST_SIZES).find_map(|size| filled(entries, size))
}

/// Nothing if so few buckets do not do.
fn filled(entries: &[(u64, u32)], count: usize) -> Option<Vec<u8>> {
    let mut buckets = vec![(0_u32, Vec::with_capacity(SLOTS)); count];
    for (hash, offset) in entries {
        let home = *hash as usize % count;
        let mut steps = (0..=MOST_STEPS).map(|step| (home + step) % count);
        steps.find(|at| {
            let Some((overflowed, slots)) = buckets.get_mut(*at) else { return false };
            let free = slots.len() < SLOTS;
            if free {
                slots.push((u64::from(*offset) << 32) | (hash >> 32));
            } else {
                *overflowed = 1;
            }
            free
        })?;
    }
    if longest_run(buckets.iter().map(|(overflowed, _)| *overflowed != 0)) > MOST_STEPS {
        return None;
    }
    Some(buckets.into_iter().flat_map(|(overflowed, slots)| bucket(overflowed, slots)).collect())
}

/// How many buckets in a row overflowed, the last and the first being neighbours: who looks for what is not there has
/// to pass them all.
fn longest_run(overflowed: impl Iterator<Item = bool> + Clone) -> usize {
    let mut run = 0;
    let runs = overflowed.clone().chain(overflowed).map(|overflowed| {
        run = if overflowed { run + 1 } else { 0 };
        run
    });
    runs.max().unwrap_or_default()
}

fn bucket(overflowed: u32, mut slots: Vec<u64>) -> Vec<u8> {
    slots.resize(SLOTS, 0);
    let mut bytes = overflowed.to_le_bytes().to_vec();
    bytes.extend(slots.into_iter().flat_map(u64::to_le_bytes));
    [check(&bytes).to_le_bytes().as_slice(), &bytes].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(table: &[u8], hash: u64, offset: u32) -> Result<Option<u32>, Damage> {
        Table::of(table)?.find(hash, |found| Ok((found == offset).then_some(found)))
    }

    proptest! {
        #[test]
        fn all_that_is_in_it_is_found(hashes in prop::collection::btree_set(any::<u64>(), 0..400), other: u64) {
            let entries: Vec<_> = hashes.iter().copied().zip(1..).collect();
            let table = table(&entries).unwrap();
            for (hash, offset) in &entries {
                prop_assert_eq!(found(&table, *hash, *offset), Ok(Some(*offset)));
            }
            prop_assert_eq!(found(&table, other, u32::MAX), Ok(None));
            prop_assert_eq!(Table::of(&table).unwrap().offsets().count(), entries.len());
        }

        #[test]
        fn a_flipped_bit_is_noticed(at: prop::sample::Index, bit in 0..8_u8) {
            let mut bytes = table(&[(7, 1)]).unwrap();
            let place = at.index(bytes.len());
            bytes[place] ^= 1 << bit;
            prop_assert!(found(&bytes, 7, 1).is_err());
        }
    }

    #[test]
    fn who_is_not_in_it_is_not_found_wherever_they_would_be() {
        let entries: Vec<_> =
            (1..20_000).map(|n: u32| (super::super::hash::hash(&n.to_le_bytes()), n)).collect();
        let table = table(&entries).unwrap();
        for home in 0..(table.len() / BUCKET) as u64 {
            assert_eq!(found(&table, home, u32::MAX), Ok(None));
        }
    }

    #[test]
    fn names_that_were_made_up_to_collide_are_refused() {
        assert_eq!(table(&vec![(7, 1); 200]), None);
    }

    #[test]
    fn runs_go_on_at_the_beginning() {
        assert_eq!(longest_run([true, false, true, true].into_iter()), 3);
        assert_eq!(longest_run([false; 3].into_iter()), 0);
        assert_eq!(longest_run(std::iter::empty()), 0);
    }

    #[test]
    fn names_that_want_one_bucket_get_their_neighbours() {
        let same_home: Vec<_> = (0..60).map(|n| (n << 32, n as u32 + 1)).collect();
        let table = table(&same_home).unwrap();
        for (hash, offset) in same_home {
            assert_eq!(found(&table, hash, offset), Ok(Some(offset)));
        }
    }
}
