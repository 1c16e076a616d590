//! capabilities(7): giving up all but some, in every set that a process has.

use rustix::io::Errno;
use rustix::thread::{CapabilitySet, CapabilitySets};

/// Takes all capabilities but `keep` from the bounding set. Needs CAP_SETPCAP, unless there is nothing to take.
///
/// # Errors
/// prctl(2): `EPERM`.
pub fn drop_bounding(keep: CapabilitySet) -> Result<(), Errno> {
    for number in 0..64 {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        match rustix::thread::capability_is_in_bounding_set(capability) {
            Ok(true) if !keep.contains(capability) => {
                rustix::thread::remove_capability_from_bounding_set(capability)?;
            }
            Ok(_) => {}
            // The kernel's last capability is behind us.
            Err(Errno::INVAL) => return Ok(()),
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Goes on with these of the calling thread's permitted capabilities, in effect, and passes none on.
///
/// # Errors
/// capset(2).
pub fn keep_only(keep: CapabilitySet) -> Result<(), Errno> {
    let held = rustix::thread::capabilities(None)?.permitted & keep;
    rustix::thread::clear_ambient_capability_set()?;
    let none = CapabilitySet::empty();
    rustix::thread::set_capabilities(
        None,
        CapabilitySets { effective: held, permitted: held, inheritable: none },
    )
}
