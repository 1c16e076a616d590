//! Waiting for the disk once instead of once for each file: a journal commits what is flushed at the same time
//! together, and what is flushed one after the other each for itself.

use std::thread;

/// How many threads wait. Each only for a moment, and only where there is more than one file.
const THREADS: usize = 16;

/// Does the same with every item, several at a time, and returns the first error in the order of the items.
pub(super) fn together<T, E, F>(items: &[T], work: F) -> Result<(), E>
where
    T: Sync,
    E: Send,
    F: Fn(&T) -> Result<(), E> + Sync,
{
    let (work, mut shares) = (&work, items.chunks(items.len().div_ceil(THREADS).max(1)));
    let Some(own) = shares.next() else { return Ok(()) };
    thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| {
                let each = move || share.iter().try_for_each(work);
                thread::Builder::new().spawn_scoped(scope, each).map_err(|_| share)
            })
            .collect();
        let own = own.iter().try_for_each(work);
        others.into_iter().fold(own, |before, other| {
            let after = match other {
                Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                // There are no more threads: then one after the other.
                Err(share) => share.iter().try_for_each(work),
            };
            before.and(after)
        })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_item_has_its_turn_and_the_first_error_counts() {
        for length in [0, 1, 2, 15, 16, 17, 100] {
            let items: Vec<usize> = (0..length).collect();
            let sum = AtomicUsize::new(0);
            let add = |item: &usize| -> Result<(), usize> {
                sum.fetch_add(*item + 1, Ordering::Relaxed);
                Ok(())
            };
            together(&items, add).unwrap();
            assert_eq!(sum.into_inner(), length * (length + 1) / 2);
            let failed = together(&items, |item| if *item >= 3 { Err(*item) } else { Ok(()) });
            assert_eq!(failed, if length > 3 { Err(3) } else { Ok(()) });
        }
    }
}
