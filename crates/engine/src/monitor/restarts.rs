//! Whether and when a container is started again.

use std::time::Duration;

use model::upkeep::Restart;

use crate::state::Ended;

/// The first pause; each following one is twice as long (as Docker).
const FIRST: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60);
/// A container that ran for so long is taken to have started well.
const WELL: Duration = Duration::from_secs(10);

/// Starts in a row that did not last.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    in_a_row: u32,
}

impl Restarts {
    /// After a life that `lasted` and ended so: how long to wait before the next, or `None` for no next.
    pub(super) fn after(&mut self, policy: Restart, exit: Ended, lasted: Duration) -> Option<Duration> {
        if lasted >= WELL {
            self.reset();
        }
        let failed = !matches!(exit, Ended::Code { code: 0 });
        let again = match policy {
            Restart::No => false,
            Restart::Always | Restart::UnlessStopped => true,
            Restart::OnFailure { most } => failed && most.is_none_or(|most| self.in_a_row < most),
        };
        if !again {
            return None;
        }
        let pause = FIRST.saturating_mul(1_u32.checked_shl(self.in_a_row.min(16)).unwrap_or(u32::MAX));
        self.in_a_row = self.in_a_row.saturating_add(1);
        Some(pause.min(LONGEST))
    }

    /// Somebody asked for a start: what was before does not count.
    pub(super) fn reset(&mut self) {
        self.in_a_row = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: Ended = Ended::Code { code: 0 };
    const BAD: Ended = Ended::Code { code: 1 };
    const SHORT: Duration = Duration::ZERO;

    #[test]
    fn each_policy_has_its_own_reasons() {
        let after = |policy, exit| Restarts::default().after(policy, exit, SHORT).is_some();
        assert!(!after(Restart::No, BAD));
        assert!(after(Restart::Always, OK) && after(Restart::UnlessStopped, OK));
        let on_failure = Restart::OnFailure { most: None };
        assert!(!after(on_failure, OK) && after(on_failure, BAD));
        assert!(after(on_failure, Ended::OutOfMemory) && after(on_failure, Ended::NeverStarted));
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_begin_anew_after_a_good_life() {
        let mut restarts = Restarts::default();
        let mut pause = |lasted| restarts.after(Restart::Always, BAD, lasted).unwrap().as_millis();
        assert_eq!([pause(SHORT), pause(SHORT), pause(SHORT)], [100, 200, 400]);
        assert_eq!((0..40).map(|_| pause(SHORT)).max(), Some(60_000));
        assert_eq!(pause(WELL), 100);
    }

    #[test]
    fn failures_are_counted() {
        let mut restarts = Restarts::default();
        let policy = Restart::OnFailure { most: Some(2) };
        let tries = (0..5).filter(|_| restarts.after(policy, BAD, SHORT).is_some()).count();
        assert_eq!(tries, 2);
        assert!(restarts.after(policy, BAD, WELL).is_some());
    }
}
