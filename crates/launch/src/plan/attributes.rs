//! What the process is, beside who it is: for the scheduler, for its memory and for its programs.

use model::spec::Spec;
use sys::schedule::Schedule;

use super::memory::{self, PlannedMemory};
use super::schedule::{self, Affinity};
use crate::error::LaunchError;

/// Attributes that the kernel takes one call each for; absent ones are inherited.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    pub schedule: Option<Schedule>,
    pub io_priority: Option<u32>,
    pub personality: Option<u32>,
    pub memory: Option<PlannedMemory>,
    /// Only for one more process of a container that runs.
    pub affinity: Affinity,
}

impl Attributes {
    pub(super) fn new(spec: &Spec) -> Result<Self, LaunchError> {
        let (process, linux) = (&spec.process, &spec.linux);
        let affinity = process.exec_cpu_affinity.as_ref().map(Affinity::new).transpose()?;
        Ok(Self {
            schedule: process.scheduler.as_ref().map(schedule::schedule).transpose()?,
            io_priority: process.io_priority.as_ref().map(schedule::io_priority).transpose()?,
            personality: linux.personality.as_ref().map(memory::personality).transpose()?,
            memory: linux.memory_policy.as_ref().map(PlannedMemory::new).transpose()?,
            affinity: affinity.unwrap_or_default(),
        })
    }
}
