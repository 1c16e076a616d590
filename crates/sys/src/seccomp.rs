//! seccomp(2): installing a filter, and asking what the kernel supports.

use std::os::fd::{FromRawFd as _, OwnedFd};

use rustix::io::Errno;

use crate::raw::syscall;

/// One instruction of classic BPF (struct sock_filter).
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// How far to jump if true.
    pub jump_true: u8,
    /// How far to jump if false.
    pub jump_false: u8,
    /// Operand.
    pub operand: u32,
}

/// Longest filter that the kernel takes (BPF_MAXINSNS).
pub const MAX_INSTRUCTIONS: usize = 4096;

const SECCOMP_SET_MODE_FILTER: usize = 1;
const SECCOMP_GET_ACTION_AVAIL: usize = 2;

/// How a filter is installed; the kernel's own bits. SECCOMP_FILTER_FLAG_TSYNC is not among them: whoever
/// installs a filter here has one thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags(usize);

impl Flags {
    /// Nothing special.
    pub const NONE: Self = Self(0);
    /// Every answer but "allow" is logged (Linux 4.14).
    pub const LOG: Self = Self(1 << 1);
    /// Speculative store bypass stays as it is (Linux 4.17).
    pub const SPEC_ALLOW: Self = Self(1 << 2);
    /// Somebody answers for the actions SECCOMP_RET_USER_NOTIF (Linux 5.0).
    pub const NEW_LISTENER: Self = Self(1 << 3);
    /// A call that they have begun with is interrupted by a deadly signal only (Linux 5.19).
    pub const WAIT_KILLABLE_RECV: Self = Self(1 << 5);

    /// These and `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These but not `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all of `other` are among these.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Installs `filter` for the calling thread. Needs no_new_privs or CAP_SYS_ADMIN. With
/// [`Flags::NEW_LISTENER`] it hands back the listener, which is close-on-exec.
///
/// # Errors
/// seccomp(2): `EINVAL` (not a valid program, or a flag that this kernel does not have), `EACCES`
/// (no_new_privs is not set), `EBUSY` (somebody listens to a filter of this thread already), `ENOMEM`.
pub fn install(filter: &[Instruction], flags: Flags) -> Result<Option<OwnedFd>, Errno> {
    let length = u16::try_from(filter.len()).map_err(|_| Errno::INVAL)?;
    let program = libc::sock_fprog { len: length, filter: filter.as_ptr().cast_mut().cast() };
    let arguments = [SECCOMP_SET_MODE_FILTER, flags.0, (&raw const program) as usize, 0, 0, 0];
    // SAFETY: `program` describes `filter`, whose layout is sock_filter's; the kernel only reads them.
    let answer = unsafe { syscall(libc::SYS_seccomp, arguments) }?;
    if !flags.contains(Flags::NEW_LISTENER) {
        return Ok(None);
    }
    let listener = i32::try_from(answer).map_err(|_| Errno::BADF)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has its number.
    Ok(Some(unsafe { OwnedFd::from_raw_fd(listener) }))
}

/// Whether the kernel knows the action `SECCOMP_RET_KILL_PROCESS` (Linux 4.14), and so filters at all.
#[must_use]
pub fn is_available() -> bool {
    let action: u32 = libc::SECCOMP_RET_KILL_PROCESS;
    // SAFETY: the kernel reads one u32.
    unsafe {
        syscall(libc::SYS_seccomp, [SECCOMP_GET_ACTION_AVAIL, 0, (&raw const action) as usize, 0, 0, 0])
    }
    .is_ok()
}

/// Whether the kernel knows all of `flags`: it looks at them before it looks for a program.
#[must_use]
pub fn knows(flags: Flags) -> bool {
    // SAFETY: there is no program behind the null pointer, and the kernel says so.
    let answer = unsafe { syscall(libc::SYS_seccomp, [SECCOMP_SET_MODE_FILTER, flags.0, 0, 0, 0, 0]) };
    answer == Err(Errno::FAULT)
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};

    use rustix::process::{WaitId, WaitIdOptions, getpgid, waitid};

    use super::*;
    use crate::clone::{Cloned, clone3};

    /// The numbers of the ioctls SECCOMP_IOCTL_NOTIF_RECV and SECCOMP_IOCTL_NOTIF_SEND.
    const RECEIVE: usize = 0xc050_2100;
    const SEND: usize = 0xc018_2101;

    /// struct seccomp_notif.
    #[repr(C)]
    #[derive(Default)]
    struct Question {
        id: u64,
        pid: u32,
        flags: u32,
        number: i32,
        architecture: u32,
        instruction: u64,
        arguments: [u64; 6],
    }

    /// struct seccomp_notif_resp.
    #[repr(C)]
    struct Answer {
        id: u64,
        value: i64,
        error: i32,
        flags: u32,
    }

    /// Asks about getpgid and allows all else.
    const ASKING: [Instruction; 4] = [
        Instruction { code: 0x20, jump_true: 0, jump_false: 0, operand: 0 },
        Instruction { code: 0x15, jump_true: 0, jump_false: 1, operand: libc::SYS_getpgid as u32 },
        Instruction { code: 0x06, jump_true: 0, jump_false: 0, operand: libc::SECCOMP_RET_USER_NOTIF },
        Instruction { code: 0x06, jump_true: 0, jump_false: 0, operand: libc::SECCOMP_RET_ALLOW },
    ];

    /// Tells the number of its listener, and ends with what somebody says that its process group is.
    fn asker(tell: BorrowedFd<'_>) -> i32 {
        let group = rustix::thread::set_no_new_privs(true)
            .and_then(|()| install(&ASKING, Flags::NEW_LISTENER.with(Flags::LOG)))
            .and_then(|listener| {
                let number = listener.as_ref().map_or(-1, |listener| listener.as_raw_fd());
                rustix::io::write(tell, &number.to_le_bytes())?;
                getpgid(None)
            });
        group.map_or(1, |group| group.as_raw_nonzero().get())
    }

    /// A copy of another process's descriptor.
    fn taken(process: BorrowedFd<'_>, number: i32) -> OwnedFd {
        let arguments = [process.as_raw_fd() as usize, number as usize, 0, 0, 0, 0];
        // SAFETY: pidfd_getfd takes three numbers and makes a new descriptor.
        let descriptor = unsafe { syscall(libc::SYS_pidfd_getfd, arguments) }.unwrap();
        // SAFETY: it was made just now.
        unsafe { OwnedFd::from_raw_fd(descriptor as i32) }
    }

    fn ask(listener: &OwnedFd, request: usize, memory: usize) {
        let arguments = [listener.as_raw_fd() as usize, request, memory, 0, 0, 0];
        // SAFETY: `memory` is the structure that goes with `request`, and outlives the call.
        assert_eq!(unsafe { syscall(libc::SYS_ioctl, arguments) }, Ok(0));
    }

    #[test]
    fn a_flag_that_nobody_knows_is_not_known() {
        assert!(knows(Flags::NONE) && knows(Flags::LOG));
        assert!(!knows(Flags(1 << 30)));
    }

    #[test]
    fn privileged_whoever_holds_the_listener_answers() {
        let (told, tell) = rustix::pipe::pipe().unwrap();
        match clone3(0, None).unwrap() {
            Cloned::Child => crate::exec::exit(asker(tell.as_fd())),
            Cloned::Parent { pidfd, .. } => {
                let mut number = [0; 4];
                assert_eq!(rustix::io::read(&told, &mut number), Ok(4));
                let listener = taken(pidfd.as_fd(), i32::from_le_bytes(number));
                let mut question = Question::default();
                ask(&listener, RECEIVE, &raw mut question as usize);
                assert_eq!(i64::from(question.number), libc::SYS_getpgid);
                let answer = Answer { id: question.id, value: 42, error: 0, flags: 0 };
                ask(&listener, SEND, &raw const answer as usize);
                let status = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED).unwrap().unwrap();
                assert_eq!(status.exit_status(), Some(42));
            }
        }
    }
}
