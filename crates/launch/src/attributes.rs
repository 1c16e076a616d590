//! Attributes that the parent gives a process, with rights that the process itself may not have, and a look
//! whether it has them.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::enforced::{differs, read};
use crate::error::LaunchError;
use crate::plan::{POLICIES, Plan};

/// Schedules the process `pid`, which waits for our word: what slows it down should not slow its start.
///
/// # Errors
/// [`LaunchError::Host`].
pub(crate) fn set(pid: i32, plan: &Plan) -> Result<(), LaunchError> {
    if let Some(schedule) = &plan.attributes.schedule {
        sys::schedule::set(pid, schedule)
            .map_err(LaunchError::host("set the scheduling policy", policy(schedule.policy)))?;
    }
    if let Some(priority) = plan.attributes.io_priority {
        sys::schedule::set_io_priority(pid, priority)
            .map_err(LaunchError::host("set the input and output priority", io_priority(priority)))?;
    }
    Ok(())
}

/// Compares what the kernel says of `pid` with what was asked for; nothing else is asked.
///
/// # Errors
/// [`LaunchError::Floor`] with the first difference.
pub(crate) fn verify(pid: i32, plan: &Plan) -> Result<(), LaunchError> {
    let unread = |what| LaunchError::host("read back", what);
    if let Some(planned) = plan.attributes.schedule.as_ref().filter(|planned| !planned.keeps_policy()) {
        let actual = sys::schedule::get(pid).map_err(unread("the scheduling policy"))?;
        differs("the scheduling policy", planned.policy == actual.policy, || {
            (policy(planned.policy), policy(actual.policy))
        })?;
    }
    if let Some(planned) = plan.attributes.io_priority {
        let actual = sys::schedule::io_priority(pid).map_err(unread("the input and output priority"))?;
        differs("the input and output priority", planned == actual, || {
            (io_priority(planned), io_priority(actual))
        })?;
    }
    if let Some(planned) = plan.attributes.personality {
        let said = read(pid, "personality")?;
        let actual = u32::from_str_radix(said.trim(), 16).ok();
        differs("the personality", actual == Some(planned), || (format!("{planned:08x}"), said))?;
    }
    if let Some(planned) = &plan.process.oom_score_adj {
        let said = read(pid, "oom_score_adj")?;
        differs("the out-of-memory score", said.trim() == planned, || (planned.clone(), said.clone()))?;
    }
    Ok(())
}

fn policy(number: u32) -> String {
    POLICIES.get(number as usize).map_or_else(|| number.to_string(), |name| (*name).to_owned())
}

/// The class and the level.
fn io_priority(value: u32) -> String {
    format!("{}:{}", value >> 13, value & 7)
}

/// Where this thread ran before [`narrow`].
#[must_use = "this thread stays narrowed until `widen`"]
pub(crate) struct Everywhere(Option<CpuSet>);

/// Runs this thread where the next process that it makes is to begin. One that is born in a control group
/// has no other moment before it is in it.
///
/// # Errors
/// [`LaunchError::Host`].
pub(crate) fn narrow(plan: &Plan) -> Result<Everywhere, LaunchError> {
    let Some(initial) = &plan.attributes.affinity.initial else { return Ok(Everywhere(None)) };
    let failed = || LaunchError::host("run on the processors of", "execCPUAffinity");
    let before = sched_getaffinity(None).map_err(failed())?;
    sched_setaffinity(None, initial).map_err(failed())?;
    Ok(Everywhere(Some(before)))
}

/// Undoes [`narrow`].
///
/// # Errors
/// [`LaunchError::Host`].
pub(crate) fn widen(before: Everywhere) -> Result<(), LaunchError> {
    match before.0 {
        Some(before) => sched_setaffinity(None, &before)
            .map_err(LaunchError::host("run again on the processors", "of before")),
        None => Ok(()),
    }
}
