//! When a container is asked whether it is well, and what its answers mean.

use std::time::{Duration, Instant};

use model::upkeep::Health;

use crate::state::HealthState;

/// Docker's defaults.
const INTERVAL: u64 = 30_000;
const TIMEOUT: u64 = 30_000;
const START_INTERVAL: u64 = 5_000;
const RETRIES: u32 = 3;

/// The health checks of one life of a container.
#[derive(Debug)]
pub(super) struct Schedule {
    interval: Duration,
    /// The longest that a check may take.
    pub(super) timeout: Duration,
    start_interval: Duration,
    start_ends: Instant,
    retries: u32,
    next: Instant,
    failures: u32,
    state: HealthState,
}

impl Schedule {
    /// For a life that began at `began`.
    pub(super) fn new(health: &Health, began: Instant) -> Self {
        let millis = |value: Option<u64>, default| Duration::from_millis(value.unwrap_or(default));
        let mut schedule = Self {
            interval: millis(health.interval, INTERVAL),
            timeout: millis(health.timeout, TIMEOUT),
            start_interval: millis(health.start_interval, START_INTERVAL),
            start_ends: began + millis(health.start_period, 0),
            retries: health.retries.unwrap_or(RETRIES),
            next: began,
            failures: 0,
            state: HealthState::Starting,
        };
        schedule.next = began + schedule.pause(began);
        schedule
    }

    /// When the next check is due.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Failures in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    fn is_young(&self, now: Instant) -> bool {
        self.state == HealthState::Starting && now < self.start_ends
    }

    fn pause(&self, now: Instant) -> Duration {
        if self.is_young(now) { self.start_interval.min(self.interval) } else { self.interval }
    }

    /// Takes an answer in, and says if it changes what the container is. Failures of a young container
    /// do not count, but its first success ends its youth.
    pub(super) fn answered(&mut self, well: bool, now: Instant) -> Option<HealthState> {
        let before = self.state;
        if well {
            (self.failures, self.state) = (0, HealthState::Healthy);
        } else if !self.is_young(now) {
            self.failures = self.failures.saturating_add(1);
            if self.failures >= self.retries {
                self.state = HealthState::Unhealthy;
            }
        }
        self.next = now + self.pause(now);
        (self.state != before).then_some(self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(health: &Health) -> (Schedule, Instant) {
        let began = Instant::now();
        (Schedule::new(health, began), began)
    }

    #[test]
    fn three_failures_in_a_row_make_a_container_unhealthy_and_one_success_well() {
        let (mut schedule, now) = schedule(&Health::default());
        assert_eq!(schedule.answered(true, now), Some(HealthState::Healthy));
        let answers = [false, false, true, false, false, false, false, true];
        let changes = answers.map(|well| schedule.answered(well, now));
        let expected = [(5, HealthState::Unhealthy), (7, HealthState::Healthy)];
        for (index, change) in changes.into_iter().enumerate() {
            assert_eq!(change, expected.iter().find(|(at, _)| *at == index).map(|(_, state)| *state));
        }
    }

    #[test]
    fn a_young_container_is_asked_more_often_and_may_fail() {
        let health = Health { start_period: Some(60_000), retries: Some(1), ..Health::default() };
        let (mut schedule, began) = schedule(&health);
        let seconds = |seconds| began + Duration::from_secs(seconds);
        assert_eq!(schedule.next(), seconds(5));
        assert_eq!(schedule.answered(false, seconds(5)), None);
        assert_eq!((schedule.next(), schedule.failures()), (seconds(10), 0));
        assert_eq!(schedule.answered(false, seconds(61)), Some(HealthState::Unhealthy));
        assert_eq!(schedule.next(), seconds(91));
    }
}
