//! The last step: the image's program takes over.

use rustix::io::Errno;

use crate::channel::Fault;
use crate::plan::ProcessPlan;
use crate::step::Step;

/// Tries each candidate as execvp(3) does, and comes back only with the reason why none ran: a program
/// that is there but refused says more than the places where it is not.
pub(super) fn exec(process: &ProcessPlan) -> Fault {
    sys::signal::reset_actions();
    // A mask that cannot be set is none that the kernel knows; the empty one always can.
    let _always = sys::signal::set_mask(sys::signal::SignalSet::EMPTY);
    let mut answer = Errno::NOENT;
    for candidate in &process.candidates {
        match sys::exec::execve(candidate, &process.arguments, &process.environment) {
            Errno::NOENT | Errno::NOTDIR => {}
            Errno::ACCESS => answer = Errno::ACCESS,
            other => {
                answer = other;
                break;
            }
        }
    }
    Fault { step: Step::Exec, index: 0, errno: answer }
}
