//! A thread that writes the journal, so that no request waits for another one's disk: what comes in while it
//! writes is written together, and pulls wait a little for company.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::journal::{Deed, Event, Journal};

/// How long a pull may wait to be written.
const WAIT: Duration = Duration::from_millis(50);

/// With so many waiting, whoever brings another one waits too.
const WAITING: usize = 4096;

/// Takes events and has them written.
pub struct Scribe {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

struct Desk {
    pile: Mutex<Pile>,
    wake: Condvar,
}

/// An event that is to be written.
struct Lying {
    event: Event,
    /// Whoever waits for it.
    waits: Option<oneshot::Sender<Result<(), String>>>,
}

#[derive(Default)]
struct Pile {
    events: Vec<Lying>,
    /// Whether somebody waits for one of them.
    urgent: bool,
    /// Since when the first of `events` has been lying there.
    since: Option<Instant>,
    closed: bool,
    /// Why the last batch could not be written. Nothing is done unseen: the next event waits for its own.
    broken: bool,
}

impl Scribe {
    /// Begins to write to `journal`.
    ///
    /// # Errors
    /// A thread that cannot be started.
    pub fn start(journal: Arc<dyn Journal>) -> io::Result<Self> {
        let desk = Arc::new(Desk { pile: Mutex::default(), wake: Condvar::new() });
        let thread = {
            let desk = Arc::clone(&desk);
            thread::Builder::new().name("journal".to_owned()).spawn(move || desk.work(&*journal))?
        };
        Ok(Self { desk, thread: Some(thread) })
    }

    /// Has an event written: a push or a deletion before this returns, a pull soon after.
    ///
    /// # Errors
    /// A journal that cannot be written. What the event is about must not be acknowledged then.
    pub async fn record(&self, event: Event) -> io::Result<()> {
        let written = self.desk.lay_down(event);
        match written {
            None => Ok(()),
            Some(written) => match written.await {
                Ok(outcome) => outcome.map_err(io::Error::other),
                Err(_) => Err(io::Error::other("the journal has been closed")),
            },
        }
    }
}

impl Drop for Scribe {
    /// What lies on the desk is still written.
    fn drop(&mut self) {
        self.desk.pile().closed = true;
        self.desk.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Desk {
    fn pile(&self) -> MutexGuard<'_, Pile> {
        self.pile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lay_down(&self, event: Event) -> Option<oneshot::Receiver<Result<(), String>>> {
        let mut pile = self.pile();
        let waits = event.action != Deed::Pull || pile.broken || pile.events.len() >= WAITING;
        let (sender, receiver) = waits.then(oneshot::channel).unzip();
        pile.events.push(Lying { event, waits: sender });
        pile.urgent |= waits;
        if pile.since.is_none() {
            pile.since = Some(Instant::now());
            self.wake.notify_one();
        } else if waits {
            self.wake.notify_one();
        }
        receiver
    }

    fn work(&self, journal: &dyn Journal) {
        while let Some(batch) = self.next_batch() {
            let events: Vec<Event> = batch.iter().map(|lying| lying.event.clone()).collect();
            let outcome = journal.record(&events).map_err(|error| error.to_string());
            let (waiting, alone): (Vec<_>, Vec<_>) =
                batch.into_iter().partition(|lying| lying.waits.is_some());
            self.note(outcome.is_err(), alone);
            for waits in waiting.into_iter().filter_map(|lying| lying.waits) {
                // Whoever has gone meanwhile does not want to know.
                let _ = waits.send(outcome.clone());
            }
        }
    }

    /// Whoever waits is told that it failed. What nobody waits for was done already, and is written later.
    fn note(&self, broken: bool, mut alone: Vec<Lying>) {
        let mut pile = self.pile();
        pile.broken = broken;
        if broken && !pile.closed && !alone.is_empty() {
            alone.append(&mut pile.events);
            pile.events = alone;
            pile.since = Some(Instant::now());
        }
    }

    /// Waits until somebody waits, or the oldest pull has waited long enough.
    fn next_batch(&self) -> Option<Vec<Lying>> {
        let mut pile = self.pile();
        loop {
            let left = pile.since.map(|since| WAIT.saturating_sub(since.elapsed()));
            match left {
                Some(left) if pile.urgent || pile.closed || left.is_zero() => {
                    pile.since = None;
                    pile.urgent = false;
                    return Some(std::mem::take(&mut pile.events));
                }
                None if pile.closed => return None,
                Some(left) => {
                    let woken = self.wake.wait_timeout(pile, left);
                    pile = woken.unwrap_or_else(PoisonError::into_inner).0;
                }
                None => pile = self.wake.wait(pile).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}
