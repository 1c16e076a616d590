//! More of the machine than a container's share.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use crate::outcome::{Attack, Class, Options, Outcome, error_name};

const CLASS: Class = Class::Exhaustion;

pub(super) const ATTACKS: &[Attack] = &[
    Attack { name: "fork-bomb", class: CLASS, tries: "start --count tasks (4096) at once", run: fork_bomb },
    Attack { name: "memory-hog", class: CLASS, tries: "take and touch --bytes of memory", run: memory_hog },
];

/// Threads, which the pids controller counts as it counts processes, and which end with this process
/// whatever happens to it.
fn fork_bomb(options: &Options) -> Outcome {
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let mut tasks: Vec<JoinHandle<()>> = Vec::new();
    let refusal = loop {
        if tasks.len() == options.count {
            break None;
        }
        match start_waiting(&gate) {
            Ok(task) => tasks.push(task),
            Err(error) => break Some(error_name(&error)),
        }
    };
    let started = tasks.len();
    open_gate(&gate);
    tasks.into_iter().for_each(|task| drop(task.join()));
    match refusal {
        Some(refusal) => Outcome::stopped(format!("{refusal} after {started} tasks")),
        None => Outcome::succeeded(format!("started {started} tasks")),
    }
}

type Gate = Arc<(Mutex<bool>, Condvar)>;

fn start_waiting(gate: &Gate) -> std::io::Result<JoinHandle<()>> {
    let gate = Arc::clone(gate);
    Builder::new().stack_size(16 << 10).spawn(move || {
        let (open, opened) = &*gate;
        let closed = open.lock().unwrap_or_else(PoisonError::into_inner);
        drop(opened.wait_while(closed, |open| !*open));
    })
}

fn open_gate(gate: &Gate) {
    let (open, opened) = &**gate;
    *open.lock().unwrap_or_else(PoisonError::into_inner) = true;
    opened.notify_all();
}

/// A megabyte at a time, every page written: what is only promised does not count.
fn memory_hog(options: &Options) -> Outcome {
    const PIECE: usize = 1 << 20;
    let Some(bytes) = options.bytes else {
        return Outcome::not_applicable("say how much with --bytes");
    };
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    for taken in 0..bytes.div_ceil(PIECE) {
        let mut piece = Vec::new();
        if piece.try_reserve_exact(PIECE).is_err() {
            return Outcome::stopped(format!("ENOMEM after {taken} MiB"));
        }
        piece.resize(PIECE, 0x5a);
        pieces.push(std::hint::black_box(piece));
    }
    Outcome::succeeded(format!("took {} MiB", pieces.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fork_bomb_stops_at_its_count_and_cleans_up() {
        let outcome = fork_bomb(&Options { count: 8, ..Options::default() });
        assert_eq!(outcome, Outcome::succeeded("started 8 tasks"));
    }

    #[test]
    fn the_memory_hog_takes_what_it_is_told_and_nothing_unasked() {
        let outcome = memory_hog(&Options { bytes: Some(3 << 20), ..Options::default() });
        assert_eq!(outcome, Outcome::succeeded("took 3 MiB"));
        assert!(matches!(memory_hog(&Options::default()), Outcome::NotApplicable(_)));
    }
}
