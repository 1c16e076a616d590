//! Attributes that a process can only give itself, and that are kept over exec.

use super::At as _;
use crate::channel::Fault;
use crate::plan::Plan;
use crate::step::Step;

/// Personality and memory policy. The container's filter may forbid both, so they come before it.
pub(super) fn apply(plan: &Plan) -> Result<(), Fault> {
    if let Some(domain) = plan.attributes.personality {
        sys::personality::set(domain).at(Step::Personality, 0)?;
    }
    if let Some(memory) = &plan.attributes.memory {
        sys::numa::set_memory_policy(memory.mode, &memory.nodes).at(Step::MemoryPolicy, 0)?;
    }
    Ok(())
}

/// The processors of one that enters a container, once it is in the container's control group.
pub(super) fn settle(plan: &Plan) -> Result<(), Fault> {
    match &plan.attributes.affinity.last {
        Some(processors) => rustix::thread::sched_setaffinity(None, processors).at(Step::Affinity, 0),
        None => Ok(()),
    }
}
