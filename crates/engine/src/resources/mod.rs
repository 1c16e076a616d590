//! What a container that runs may use, what it uses, and holding it still: through its control group where
//! it has one, and otherwise through what the kernel says of its processes.

mod pause;
mod update;

mod processes;
mod top;
mod stats;

pub use pause::Freezer;
pub use processes::{ProcessTimes, parse_stat};
pub use stats::Sample;
pub use top::TopLine;
pub use update::Change;

use launch::cgroup::Group;

use crate::error::EngineError;
use crate::state::{Record, StateError, Status};

/// The control group of a container that runs. `doing` is what it is wanted for: `paused`.
fn group(record: &Record, doing: &'static str) -> Result<Group, EngineError> {
    let container = || record.name.clone();
    if !matches!(record.status, Status::Running { .. }) {
        return Err(StateError::NotRunning(container()).into());
    }
    let none = || StateError::NoGroup { container: container(), doing };
    Ok(Group::at(&record.cgroup).ok_or_else(none)?)
}
