//! The clocks of a time namespace, which can be set as long as nobody is in it.

use rustix::fs::{CWD, Mode, OFlags, openat};
use sys::clone::flag;

use super::At as _;
use crate::channel::Fault;
use crate::plan::Plan;
use crate::step::Step;

/// Sets the clocks for the next children of the caller, which stays where it is. A child that is cloned into
/// a time namespace of its own takes a copy of them along, and that one belongs to its user namespace as
/// the others do.
pub(super) fn set(plan: &Plan) -> Result<(), Fault> {
    let Some(offsets) = &plan.clock_offsets else { return Ok(()) };
    sys::namespace::unshare(flag::NEWTIME).at(Step::Clocks, 0)?;
    let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = openat(CWD, c"/proc/self/timens_offsets", flags, Mode::empty()).at(Step::Clocks, 1)?;
    rustix::io::write(&file, offsets.as_bytes()).map(drop).at(Step::Clocks, 2)
}
