//! The one door to the kernel: a raw system call whose negative answers become errors.

use rustix::io::Errno;

/// Issues a system call and turns `-1` into the errno.
///
/// # Safety
/// `arguments` must be what the kernel expects of `number`: pointers valid for the reads and writes
/// that the call makes, descriptors that the caller may use in this way.
pub(crate) unsafe fn syscall(number: libc::c_long, arguments: [usize; 6]) -> Result<usize, Errno> {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the caller vouches for the arguments; `syscall` itself only moves them into registers.
    let answer = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if answer >= 0 {
        return Ok(answer.unsigned_abs() as usize);
    }
    // SAFETY: `__errno_location` points at this thread's errno for as long as the thread lives.
    let errno = unsafe { *libc::__errno_location() };
    Err(Errno::from_raw_os_error(errno))
}
