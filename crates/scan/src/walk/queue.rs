//! Directories that wait to be listed. Whoever finds none waits until nobody can find another.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Shared by all who list.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    change: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Waiting>,
    /// Directories that are being listed, in which there may be others.
    taken: usize,
}

/// A directory to be listed, and how many are above it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) path: Vec<u8>,
    pub(super) depth: usize,
}

/// A directory that is being listed, until this is dropped.
pub(super) struct Taken<'a> {
    pub(super) directory: Waiting,
    /// The directories that were found in it.
    pub(super) found: Vec<Waiting>,
    queue: &'a Queue,
}

impl Queue {
    /// With the root of a tree.
    pub(super) fn of_root() -> Self {
        let root = Waiting { path: Vec::new(), depth: 0 };
        let state = State { waiting: vec![root], taken: 0 };
        Self { state: Mutex::new(state), change: Condvar::new() }
    }

    /// The next one; nothing once all are done with.
    pub(super) fn take(&self) -> Option<Taken<'_>> {
        let mut state = self.lock();
        loop {
            if let Some(directory) = state.waiting.pop() {
                state.taken += 1;
                return Some(Taken { directory, found: Vec::new(), queue: self });
            }
            if state.taken == 0 {
                return None;
            }
            state = self.change.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Forgets all that wait, and says whether there were any.
    pub(super) fn close(&self) -> bool {
        let waiting = std::mem::take(&mut self.lock().waiting);
        !waiting.is_empty()
    }

    /// Nobody leaves it half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.taken -= 1;
        state.waiting.append(&mut self.found);
        drop(state);
        self.queue.change.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn everything_that_is_found_is_taken_once_whoever_takes_it() {
        let (queue, seen) = (Queue::of_root(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(mut taken) = queue.take() {
                        seen.fetch_add(1, Ordering::Relaxed);
                        let Waiting { path, depth } = &taken.directory;
                        let below = (0..3).filter(|_| *depth < 6);
                        taken.found = below
                            .map(|name| Waiting { path: [&path[..], &[name]].concat(), depth: depth + 1 })
                            .collect();
                    }
                });
            }
        });
        assert_eq!(seen.into_inner(), (0..=6).map(|depth| 3_usize.pow(depth)).sum::<usize>());
    }

    #[test]
    fn who_fails_holds_nobody_up_and_what_is_closed_ends() {
        let queue = Queue::of_root();
        let failed = thread::scope(|scope| scope.spawn(|| queue.take().map(|_| panic!("a lister"))).join());
        assert!(failed.is_err() && queue.take().is_none());
        let queue = Queue::of_root();
        assert!(queue.close() && !queue.close() && queue.take().is_none());
    }
}
