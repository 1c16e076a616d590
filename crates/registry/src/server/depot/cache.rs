//! Manifests in memory, as many as fit a bound.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::server::shelf::ContentDigest;

/// How many bytes a generation has. There are two.
const GENERATION: usize = 4 * 1024 * 1024;

/// What an entry costs beside its bytes.
const OVERHEAD: usize = 256;

/// Two generations: what is asked for while it is old becomes young again, the rest goes when the young are full.
#[derive(Default)]
pub(super) struct Cache(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<ContentDigest, Bytes>,
    old: HashMap<ContentDigest, Bytes>,
    weight: usize,
}

impl Cache {
    pub(super) fn get(&self, digest: &ContentDigest) -> Option<Bytes> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = generations.young.get(digest) {
            return Some(bytes.clone());
        }
        let bytes = generations.old.remove(digest)?;
        generations.add(digest.clone(), bytes.clone());
        Some(bytes)
    }

    pub(super) fn put(&self, digest: &ContentDigest, bytes: Bytes) {
        if bytes.len() < GENERATION / 4 {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).add(digest.clone(), bytes);
        }
    }
}

impl Generations {
    fn add(&mut self, digest: ContentDigest, bytes: Bytes) {
        let weight = bytes.len() + OVERHEAD;
        if self.weight + weight > GENERATION {
            self.old = mem::take(&mut self.young);
            self.weight = 0;
        }
        if self.young.insert(digest, bytes).is_none() {
            self.weight += weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::shelf::Algorithm;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let cache = Cache::default();
        let digest = |number: u32| ContentDigest::of(Algorithm::Sha256, &number.to_le_bytes());
        let piece = Bytes::from(vec![0; GENERATION / 10]);
        for number in 0..100 {
            cache.put(&digest(number), piece.clone());
            assert!(cache.get(&digest(0)).is_some(), "{number}");
        }
        assert!(cache.get(&digest(50)).is_none());
        let generations = cache.0.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 20);
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let cache = Cache::default();
        let digest = ContentDigest::of(Algorithm::Sha256, b"");
        cache.put(&digest, Bytes::from(vec![0; GENERATION / 2]));
        assert!(cache.get(&digest).is_none());
    }
}
