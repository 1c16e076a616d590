//! Token buckets: so many at once, so many a second afterwards, for each of many keys in bounded memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many keys a generation may have.
const KEYS: usize = 16 * 1024;

/// How fast something may happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    /// How often at once, after a rest.
    pub(super) burst: f64,
    /// How often in a second, in the long run.
    pub(super) per_second: f64,
}

/// A bucket for each key. A key that has not been seen while very many others were is forgotten, which fills
/// its bucket.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    rate: Rate,
    generations: Mutex<Generations<K>>,
}

#[derive(Debug)]
struct Generations<K> {
    young: HashMap<K, Bucket>,
    old: HashMap<K, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    level: f64,
    at: Instant,
}

impl<K: Eq + Hash> Buckets<K> {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, generations: Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() }) }
    }

    /// Takes one from the key's bucket, or says how long it is until there is one.
    pub(super) fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        self.with(key, now, |bucket, rate| {
            if bucket.level >= 1.0 {
                bucket.level -= 1.0;
                return Ok(());
            }
            Err(Duration::try_from_secs_f64((1.0 - bucket.level) / rate.per_second).unwrap_or(Duration::MAX))
        })
    }

    /// Puts one back.
    pub(super) fn give_back(&self, key: K, now: Instant) {
        self.with(key, now, |bucket, rate| bucket.level = (bucket.level + 1.0).min(rate.burst));
    }

    fn with<R>(&self, key: K, now: Instant, change: impl FnOnce(&mut Bucket, Rate) -> R) -> R {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= KEYS {
            generations.old = std::mem::take(&mut generations.young);
        }
        let known = generations.old.remove(&key);
        let fresh = Bucket { level: self.rate.burst, at: now };
        let bucket = generations.young.entry(key).or_insert(known.unwrap_or(fresh));
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.level = (bucket.level + passed * self.rate.per_second).min(self.rate.burst);
        bucket.at = bucket.at.max(now);
        change(bucket, self.rate)
    }
}

/// Whose bucket an address has: of IPv6, everybody gets at least 64 bits' worth of addresses.
pub(super) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate { burst: 3.0, per_second: 2.0 };

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let (buckets, start) = (Buckets::new(RATE), Instant::now());
        for _ in 0..3 {
            buckets.take("a", start).unwrap();
        }
        assert_eq!(buckets.take("a", start), Err(Duration::from_millis(500)));
        buckets.take("b", start).unwrap();
        buckets.take("a", start + Duration::from_millis(500)).unwrap();
        assert!(buckets.take("a", start + Duration::from_millis(500)).is_err());
        buckets.give_back("a", start + Duration::from_millis(500));
        buckets.take("a", start + Duration::from_millis(500)).unwrap();
    }

    #[test]
    fn memory_is_bounded_and_who_keeps_coming_is_not_forgotten() {
        let (buckets, start) = (Buckets::new(Rate { burst: 1.0, per_second: 0.001 }), Instant::now());
        buckets.take(0, start).unwrap();
        for key in 1..100_000 {
            buckets.take(key, start).unwrap();
            if key % 1000 == 0 {
                assert!(buckets.take(0, start).is_err());
            }
        }
        let generations = buckets.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 2 * KEYS);
    }

    #[test]
    fn a_network_of_ipv6_is_one() {
        let of = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate_allow(steps in prop::collection::vec(0_u64..700, 1..200)) {
            let (buckets, start) = (Buckets::new(RATE), Instant::now());
            let (mut passed, mut taken) = (Duration::ZERO, 0);
            for step in steps {
                passed += Duration::from_millis(step);
                taken += u32::from(buckets.take((), start + passed).is_ok());
            }
            let allowed = RATE.burst + passed.as_secs_f64() * RATE.per_second;
            prop_assert!(f64::from(taken) <= allowed + 1e-6);
        }
    }
}
