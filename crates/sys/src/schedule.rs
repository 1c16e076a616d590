//! sched_setattr(2) and ioprio_set(2): when a process has the processor, and when the disk.

use rustix::io::Errno;

use crate::raw::syscall;

/// How a process is scheduled: the fields of struct sched_attr.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Schedule {
    /// `SCHED_OTHER` is 0.
    pub policy: u32,
    /// Bits of `SCHED_FLAG_*`.
    pub flags: u64,
    /// -20 to 19, for the ordinary policies.
    pub nice: i32,
    /// 1 to 99, for the real-time policies.
    pub priority: u32,
    /// Nanoseconds, for the deadline policy.
    pub runtime: u64,
    /// Nanoseconds.
    pub deadline: u64,
    /// Nanoseconds.
    pub period: u64,
}

/// SCHED_FLAG_KEEP_POLICY.
const KEEP_POLICY: u64 = 0x08;

impl Schedule {
    /// Whether the policy stays what it is, whatever is said here.
    #[must_use]
    pub fn keeps_policy(&self) -> bool {
        self.flags & KEEP_POLICY != 0
    }
}

/// struct sched_attr, version 1 (56 bytes, Linux 5.3).
#[repr(C)]
#[derive(Default)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
    util_min: u32,
    util_max: u32,
}

/// Schedules the thread `pid` (0 is the caller) in this way.
///
/// # Errors
/// sched_setattr(2): `EPERM`, `EINVAL` (no such combination), `EBUSY` (more than the processors can promise).
pub fn set(pid: i32, schedule: &Schedule) -> Result<(), Errno> {
    let attributes = Attributes {
        size: size_of::<Attributes>() as u32,
        policy: schedule.policy,
        flags: schedule.flags,
        nice: schedule.nice,
        priority: schedule.priority,
        runtime: schedule.runtime,
        deadline: schedule.deadline,
        period: schedule.period,
        ..Attributes::default()
    };
    // SAFETY: `attributes` is a sched_attr that names its own size; the kernel only reads it.
    unsafe { syscall(libc::SYS_sched_setattr, [pid as usize, (&raw const attributes) as usize, 0, 0, 0, 0]) }
        .map(drop)
}

/// How the thread `pid` (0 is the caller) is scheduled.
///
/// # Errors
/// sched_getattr(2): `ESRCH`.
pub fn get(pid: i32) -> Result<Schedule, Errno> {
    let mut attributes = Attributes::default();
    let size = size_of::<Attributes>();
    // SAFETY: `attributes` is writable and as large as said.
    unsafe {
        syscall(libc::SYS_sched_getattr, [pid as usize, (&raw mut attributes) as usize, size, 0, 0, 0])
    }?;
    Ok(Schedule {
        policy: attributes.policy,
        flags: attributes.flags,
        nice: attributes.nice,
        priority: attributes.priority,
        runtime: attributes.runtime,
        deadline: attributes.deadline,
        period: attributes.period,
    })
}

const IOPRIO_WHO_PROCESS: usize = 1;

/// Gives the thread `pid` (0 is the caller) the input and output priority `value`: a class, shifted left by
/// 13, and a level.
///
/// # Errors
/// ioprio_set(2): `EPERM`, `EINVAL`, `ESRCH`.
pub fn set_io_priority(pid: i32, value: u32) -> Result<(), Errno> {
    // SAFETY: no memory is passed.
    unsafe { syscall(libc::SYS_ioprio_set, [IOPRIO_WHO_PROCESS, pid as usize, value as usize, 0, 0, 0]) }
        .map(drop)
}

/// The input and output priority of the thread `pid` (0 is the caller).
///
/// # Errors
/// ioprio_get(2): `ESRCH`.
pub fn io_priority(pid: i32) -> Result<u32, Errno> {
    // SAFETY: no memory is passed.
    unsafe { syscall(libc::SYS_ioprio_get, [IOPRIO_WHO_PROCESS, pid as usize, 0, 0, 0, 0]) }
        .map(|value| value as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a thread of its own, which takes its schedule along when it ends.
    #[test]
    fn what_is_set_is_what_is_read() {
        let thread = std::thread::spawn(|| {
            let batch = Schedule { policy: libc::SCHED_BATCH as u32, nice: 7, ..Schedule::default() };
            set(0, &batch).unwrap();
            let read = get(0).unwrap();
            assert_eq!((read.policy, read.nice), (batch.policy, batch.nice));
            set_io_priority(0, 2 << 13 | 6).unwrap();
            assert_eq!(io_priority(0), Ok(2 << 13 | 6));
        });
        thread.join().unwrap();
    }

    #[test]
    fn a_policy_that_does_not_exist_is_refused() {
        assert_eq!(set(0, &Schedule { policy: 99, ..Schedule::default() }), Err(Errno::INVAL));
    }
}
