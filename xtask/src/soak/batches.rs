//! All starts of a soak, a batch at a time: between two of them nothing may be there.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::shell::Outcome;
use crate::soak::Settings;
use crate::soak::place::Place;
use crate::soak::tally::Tally;
use crate::soak::traces;
use crate::soak::trial::{self, Trial};

/// After so many starts everybody pauses, and what is left behind is looked for.
const BATCH: u64 = 100;

/// All starts of a soak, and the report.
pub(crate) fn all(settings: &Settings) -> Outcome {
    let place = Place::new(settings)?;
    println!("{} starts, {} at once, seed {}", settings.starts, settings.jobs, settings.seed);
    (0..settings.jobs).try_for_each(|worker| trial::prepare(settings, &place, worker))?;
    let tally = Mutex::new(Tally::default());
    let mut known = traces::now(&place);
    let next = AtomicU64::new(0);
    while next.load(Ordering::Relaxed) < settings.starts {
        batch(settings, &place, &next, &tally)?;
        let left = traces::new_ones(&place, &known);
        let mut tally = tally.lock().map_err(|_| "a worker panicked".to_owned())?;
        tally.leaked(left.iter());
        tally.progress(settings.starts);
        known.extend(left);
    }
    let tally = tally.into_inner().map_err(|_| "a worker panicked".to_owned())?;
    tally.report()
}

/// The next starts, by all workers at once.
fn batch(settings: &Settings, place: &Place, next: &AtomicU64, tally: &Mutex<Tally>) -> Outcome {
    let end = settings.starts.min(next.load(Ordering::Relaxed) + BATCH);
    let work = |worker: usize| {
        while let Ok(number) = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |number| {
            Some(number + 1).filter(|after| *after <= end)
        }) {
            Trial::new(settings, place, worker, number)?.run(tally)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..settings.jobs).map(|worker| scope.spawn(move || work(worker))).collect();
        let mut outcomes = workers.into_iter().map(|worker| worker.join());
        outcomes.try_for_each(|outcome| outcome.unwrap_or_else(|_| Err("a worker panicked".to_owned())))
    })
}
