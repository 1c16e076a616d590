//! Random numbers that can be had again: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
//! generators", 2014).

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// A sequence that follows from its seed.
pub(crate) struct Random(u64);

impl Random {
    /// The sequence of one start of a run.
    pub(crate) fn new(seed: u64, start: u64) -> Self {
        let mut random = Self(seed ^ start.wrapping_mul(0xD1B5_4A32_D192_ED03));
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to but without `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// From 30 us to 60 ms, each doubling as likely as the next: the first steps of a start take microseconds,
    /// the last ones milliseconds.
    pub(crate) fn instant(&mut self) -> Duration {
        let doublings = self.below(11_000) as f64 / 1000.0;
        Duration::from_secs_f64(30e-6 * doublings.exp2())
    }
}

/// Another one each time.
pub(crate) fn seed() -> u64 {
    RandomState::new().hash_one("soak") >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_start_give_the_same_sequence() {
        let sequence = |seed, start| {
            let mut random = Random::new(seed, start);
            [random.next(), random.next(), random.next()]
        };
        assert_eq!(sequence(1, 2), sequence(1, 2));
        assert_ne!(sequence(1, 2), sequence(1, 3));
        assert_ne!(sequence(1, 2), sequence(2, 2));
    }

    #[test]
    fn instants_lie_within_their_bounds_and_on_all_scales() {
        let mut random = Random::new(7, 7);
        let instants: Vec<Duration> = (0..1000).map(|_| random.instant()).collect();
        let (least, most) = (Duration::from_micros(30), Duration::from_millis(62));
        assert!(instants.iter().all(|instant| (least..most).contains(instant)));
        let early = instants.iter().filter(|instant| **instant < Duration::from_millis(1)).count();
        assert!((300..700).contains(&early), "{early} of 1000 lie below a millisecond");
    }
}
