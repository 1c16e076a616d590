//! execve(2) with argument vectors that were built before the clone, and exit without unwinding.

use std::ffi::{CStr, CString, c_char};

use rustix::io::Errno;

use crate::raw::syscall;

/// A null-terminated vector of C strings, ready for execve.
#[derive(Debug)]
pub struct StringVector {
    strings: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl StringVector {
    /// Builds the vector; allocates, so call it before the clone.
    #[must_use]
    pub fn new(strings: Vec<CString>) -> Self {
        let mut pointers: Vec<_> = strings.iter().map(|string| string.as_ptr()).collect();
        pointers.push(std::ptr::null());
        Self { strings, pointers }
    }

    /// The strings.
    #[must_use]
    pub fn strings(&self) -> &[CString] {
        &self.strings
    }
}

/// Replaces this process by the program at `path`. Comes back only with an error.
#[must_use]
pub fn execve(path: &CStr, arguments: &StringVector, environment: &StringVector) -> Errno {
    // SAFETY: all three are valid and null-terminated: `StringVector` owns what its pointers point at.
    let answer = unsafe {
        syscall(
            libc::SYS_execve,
            [
                path.as_ptr() as usize,
                arguments.pointers.as_ptr() as usize,
                environment.pointers.as_ptr() as usize,
                0,
                0,
                0,
            ],
        )
    };
    answer.err().unwrap_or(Errno::NOEXEC)
}

/// Ends this process at once: no destructors, no exit handlers.
pub fn exit(status: i32) -> ! {
    // SAFETY: `_exit` takes no pointers and does not return.
    unsafe { libc::_exit(status) }
}
