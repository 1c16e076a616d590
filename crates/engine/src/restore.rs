//! The two ends of a boot: all containers end together, and those that are to run are started again.

use std::os::fd::AsFd as _;
use std::time::Duration;

use model::upkeep::Restart;
use rustix::process::Signal;

use crate::containers::Which;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::state::{Ended, Record, StateError, Status};
use crate::stop::StopPlan;

/// How often a container that is being started is looked at, and how long after another: ten seconds.
const LOOKS: u32 = 1000;
const LOOK: Duration = Duration::from_millis(10);

impl Engine {
    /// Containers that should run and do not, the first that was made first: because the host went down, or
    /// because their monitor was killed.
    ///
    /// # Errors
    /// As [`Engine::containers`].
    pub fn to_restore(&self) -> Result<Vec<Record>, EngineError> {
        let booted = self.now().saturating_sub(rustix::system::sysinfo().uptime);
        let mut records = self.containers(Which::All)?;
        records.retain(|record| should_run(record, booted));
        records.reverse();
        Ok(records)
    }

    /// Ends every container, the latest first, and returns their names. Nobody has asked for the end of any
    /// one of them, so all are [`Engine::to_restore`] as their policies say.
    ///
    /// # Errors
    /// As [`Engine::stop`]; [`StateError::Stuck`] where one is being started and never runs.
    pub fn halt(&self) -> Result<Vec<String>, EngineError> {
        let mut running = self.containers(Which::Running)?;
        let names = running.iter().map(|record| record.name.clone()).collect();
        for _ in 0..LOOKS {
            for record in &running {
                self.ask_to_end(record)?;
            }
            for record in &running {
                self.see_end(record)?;
            }
            running = self.containers(Which::Running)?;
            if running.is_empty() {
                return Ok(names);
            }
        }
        let stuck = running.first().map(|record| record.id.short().to_owned()).unwrap_or_default();
        Err(StateError::Stuck(stuck).into())
    }

    /// A monitor ends its container and does not start it again; without one, the container is asked.
    fn ask_to_end(&self, record: &Record) -> Result<(), EngineError> {
        let failed = || EngineError::io("end the container");
        match (&record.monitor, &record.status) {
            (Some(monitor), _) => monitor.signal(Signal::TERM).map(drop).map_err(failed()),
            (None, Status::Running { process, .. }) => {
                let Some(pidfd) = process.pidfd().map_err(failed())? else { return Ok(()) };
                match sys::signal::send(pidfd.as_fd(), StopPlan::of(record, self).signal) {
                    Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
                    Err(errno) => Err(failed()(errno.into())),
                }
            }
            (None, _) => Ok(()),
        }
    }

    fn see_end(&self, record: &Record) -> Result<(), EngineError> {
        match (&record.monitor, &record.status) {
            (Some(_), _) => {}
            (None, Status::Running { process, .. }) => {
                let plan = StopPlan::of(record, self);
                self.end_process(process, plan.signal, plan.grace)?;
            }
            // It is being started, and there is nobody to ask before it runs.
            (None, _) => {
                std::thread::sleep(LOOK);
                return Ok(());
            }
        }
        self.await_settled(&record.id).map(drop)
    }
}

/// What the policy says of a container that is not running, long after its monitor had its say. `booted`
/// is when this boot began: `always` also brings back what somebody had stopped before that (as Docker).
fn should_run(record: &Record, booted: i64) -> bool {
    let Status::Exited { exit, at } = record.status else { return false };
    match record.request.upkeep.restart {
        Restart::No => false,
        Restart::Always => !record.stopped || at < booted,
        Restart::UnlessStopped => !record.stopped,
        Restart::OnFailure { most } => {
            let failed = exit != Ended::Code { code: 0 };
            !record.stopped && failed && most.is_none_or(|most| record.restarts < most)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ContainerId;
    use crate::state::ProcessId;
    use crate::state::sample_record as sample;

    const BOOTED: i64 = 1000;
    const BEFORE: i64 = 900;
    const SINCE: i64 = 1100;

    const POLICIES: [Restart; 5] = [
        Restart::No,
        Restart::Always,
        Restart::UnlessStopped,
        Restart::OnFailure { most: None },
        Restart::OnFailure { most: Some(2) },
    ];

    fn record(policy: Restart, status: Status) -> Record {
        let mut record = sample(&ContainerId::random().unwrap());
        record.request.upkeep.restart = policy;
        record.status = status;
        record
    }

    fn restored(exit: Ended, at: i64, stopped: bool, restarts: u32) -> [bool; 5] {
        POLICIES.map(|policy| {
            let record = record(policy, Status::Exited { exit, at });
            should_run(&Record { stopped, restarts, ..record }, BOOTED)
        })
    }

    #[test]
    fn what_the_host_took_down_comes_back_as_its_policy_says() {
        for lost in
            [Ended::Unknown, Ended::Signal { signal: 15 }, Ended::Code { code: 1 }, Ended::NeverStarted]
        {
            for at in [BEFORE, SINCE] {
                assert_eq!(restored(lost, at, false, 0), [false, true, true, true, true], "{lost:?}");
            }
        }
    }

    #[test]
    fn a_program_that_ended_well_comes_back_only_where_it_always_does() {
        assert_eq!(restored(Ended::Code { code: 0 }, BEFORE, false, 0), [false, true, true, false, false]);
    }

    #[test]
    fn what_somebody_stopped_comes_back_only_with_always_and_only_after_a_boot() {
        assert_eq!(restored(Ended::Unknown, BEFORE, true, 0), [false, true, false, false, false]);
        assert_eq!(restored(Ended::Unknown, SINCE, true, 0), [false; 5]);
    }

    #[test]
    fn failures_in_a_row_count_over_a_boot() {
        assert_eq!(restored(Ended::Code { code: 1 }, BEFORE, false, 2), [false, true, true, true, false]);
    }

    #[test]
    fn what_runs_or_never_ran_is_left_alone() {
        let process = ProcessId { pid: 1, start_ticks: 1, boot: "another".into() };
        for status in [
            Status::Created,
            Status::Making,
            Status::Starting,
            Status::Running { process, since: BEFORE },
            Status::Restarting { exit: Ended::Unknown, at: BEFORE },
        ] {
            assert!(!should_run(&record(Restart::Always, status), BOOTED));
        }
    }
}
