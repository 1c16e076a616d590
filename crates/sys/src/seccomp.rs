//! seccomp(2): installing a filter, and asking what the kernel supports.

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

/// Installs `filter` for the calling thread. Needs no_new_privs or CAP_SYS_ADMIN.
///
/// # Errors
/// seccomp(2): `EINVAL` (not a valid program), `EACCES` (no_new_privs is not set), `ENOMEM`.
pub fn install(filter: &[Instruction]) -> Result<(), Errno> {
    let length = u16::try_from(filter.len()).map_err(|_| Errno::INVAL)?;
    let program = libc::sock_fprog { len: length, filter: filter.as_ptr().cast_mut().cast() };
    let arguments = [SECCOMP_SET_MODE_FILTER, 0, (&raw const program) as usize, 0, 0, 0];
    // SAFETY: `program` describes `filter`, whose layout is sock_filter's; the kernel only reads them.
    unsafe { syscall(libc::SYS_seccomp, arguments) }.map(drop)
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
