//! Inputs out of others: the same number always makes the same ones.

/// The longest input, in bytes.
const LONGEST: usize = 64 << 10;

/// Changes of one input, at most.
const CHANGES: usize = 8;

/// Bytes of a piece that is moved, copied or repeated, at most.
const PIECE: usize = 1024;

/// Times that a piece is repeated, at most.
const TIMES: usize = 64;

/// Numbers that lengths, counts and offsets go wrong by.
const NUMBERS: [u64; 10] =
    [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, u64::MAX];

/// Chance that is none: xorshift64*.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(number: u64) -> Self {
        // Its state is never zero, and near numbers begin far from each other.
        let mut chance = Self(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// A number below `end`, or 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        let at = self.below(list.len());
        list.get(at).copied()
    }
}

/// An input like one of the seeds, with as many changes as chance has it.
pub(super) fn input(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let at = chance.below(seeds.len());
    let mut bytes = seeds.get(at).cloned().unwrap_or_default();
    for _ in 0..=chance.below(CHANGES) {
        let other = chance.below(seeds.len());
        change(&mut bytes, seeds.get(other).map_or(&[], Vec::as_slice), chance);
        bytes.truncate(LONGEST);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    match chance.below(9) {
        0 => flipped(bytes, chance),
        1 => numbered(bytes, chance),
        2 => bytes.truncate(chance.below(bytes.len())),
        3 => replaced(bytes, &[], chance),
        4 => {
            let noise: Vec<u8> = (0..chance.below(16)).map(|_| chance.below(256) as u8).collect();
            replaced(bytes, &noise, chance);
        }
        5 => {
            let piece = piece(bytes, chance).to_vec();
            replaced(bytes, &piece, chance);
        }
        6 => {
            let repeated = piece(bytes, chance).repeat(chance.below(TIMES));
            replaced(bytes, &repeated, chance);
        }
        7 => replaced(bytes, piece(other, chance), chance),
        _ => digits(bytes, chance),
    }
}

fn flipped(bytes: &mut [u8], chance: &mut Chance) {
    let (at, bit) = (chance.below(bytes.len()), chance.below(8));
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << bit;
    }
}

/// A number of one, two, four or eight bytes, in either order of them.
fn numbered(bytes: &mut [u8], chance: &mut Chance) {
    let (number, width) = (chance.one_of(&NUMBERS).unwrap_or(0), 1 << chance.below(4));
    let near = number.wrapping_add(chance.below(3) as u64).wrapping_sub(1);
    let (little, big) = (near.to_le_bytes(), near.to_be_bytes());
    let ends = if chance.below(2) == 0 { little.get(..width) } else { big.get(8 - width..) };
    let at = chance.below(bytes.len());
    bytes.iter_mut().skip(at).zip(ends.unwrap_or_default()).for_each(|(to, from)| *to = *from);
}

/// A number as text has it.
fn digits(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let number = chance.one_of(&NUMBERS).unwrap_or(0).to_string();
    let first = bytes.iter().position(u8::is_ascii_digit);
    let from = first.map_or(0, |first| first + chance.below(bytes.len() - first));
    let at = bytes.iter().skip(from).position(u8::is_ascii_digit).map_or(from, |ahead| from + ahead);
    let length = bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
    bytes.splice(at..at + length, number.into_bytes());
}

/// A piece of what there is gives way to another.
fn replaced(bytes: &mut Vec<u8>, with: &[u8], chance: &mut Chance) {
    let at = chance.below(bytes.len() + 1);
    let length = chance.below(2) * chance.below((bytes.len() - at).min(PIECE) + 1);
    bytes.splice(at..at + length, with.iter().copied());
}

fn piece<'a>(bytes: &'a [u8], chance: &mut Chance) -> &'a [u8] {
    let at = chance.below(bytes.len());
    let rest = bytes.get(at..).unwrap_or_default();
    rest.get(..chance.below(rest.len().min(PIECE) + 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_makes_the_same_inputs_and_another_makes_others() {
        let seeds = [b"{\"version\": 12}".to_vec(), vec![0; 300], Vec::new()];
        let inputs = |number| {
            let mut chance = Chance::of(number);
            (0..2000).map(|_| input(&seeds, &mut chance)).collect::<Vec<_>>()
        };
        let made = inputs(7);
        assert_eq!(made, inputs(7));
        assert_ne!(made, inputs(8));
        assert!(made.iter().all(|input| input.len() <= LONGEST));
        let different: std::collections::BTreeSet<_> = made.iter().collect();
        assert!(different.len() > 1500, "{}", different.len());
    }

    #[test]
    fn nothing_grows_out_of_nothing() {
        let mut chance = Chance::of(1);
        let made: Vec<_> = (0..2000).map(|_| input(&[Vec::new()], &mut chance)).collect();
        assert!(made.iter().any(|input| !input.is_empty()));
        assert!(input(&[], &mut chance).len() <= LONGEST);
    }
}
