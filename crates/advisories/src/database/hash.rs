//! The hash that places names in a table and notices bytes that are not what was written. It guards against
//! accidents; against people there are the digests and the signature of the index.

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const FACTOR: u64 = 0xd6e8_feb8_6659_fd93;

/// The same on every machine and in every version of this format.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let state = fold(SEED ^ bytes.len() as u64);
    let words = words.iter().chain([&last]);
    fold(words.fold(state, |state, word| fold(state ^ u64::from_le_bytes(*word)).wrapping_add(SEED)))
}

/// The hash of a name of which the first part's hash is known already.
pub(super) fn joined(first: u64, second: &str) -> u64 {
    fold(first.rotate_left(17) ^ hash(second.as_bytes()))
}

/// The lower half, for what is stored beside the bytes it is of.
pub(super) fn check(bytes: &[u8]) -> u32 {
    hash(bytes) as u32
}

fn fold(value: u64) -> u64 {
    let product = u128::from(value) * u128::from(FACTOR);
    (product as u64) ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_stays_the_same() {
        // A change of these is a change of the format.
        assert_eq!([hash(b""), hash(b"curl"), joined(hash(b"Debian:12"), "curl")], FIRST);
    }

    const FIRST: [u64; 3] = [521_064_775_755_357_541, 17_923_116_607_393_199_868, 7_858_247_079_641_125_453];

    proptest! {
        #[test]
        fn a_flipped_bit_changes_it(mut bytes in prop::collection::vec(any::<u8>(), 1..200), at: prop::sample::Index, bit in 0..8_u8) {
            let before = check(&bytes);
            let place = at.index(bytes.len());
            bytes[place] ^= 1 << bit;
            prop_assert_ne!(before, check(&bytes));
        }
    }
}
