//! environ(7): a secret that was handed over in a variable is taken out of it.

use std::ffi::CStr;
use std::io;

/// Takes a variable away: its value comes back, and is neither in the environment of children any more nor in
/// the memory that `/proc/self/environ` shows.
///
/// Allocates, and changes the C library's environment: not for between clone and exec.
///
/// # Errors
/// `EBUSY` where the process has other threads, which might be reading; /proc cannot be read.
pub fn take(name: &CStr) -> io::Result<Option<Vec<u8>>> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::from_raw_os_error(libc::EBUSY));
    }
    // SAFETY: the name is terminated, and no other thread is there to change the environment.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return Ok(None);
    }
    // SAFETY: getenv(3) gives a terminated text that stays while nobody changes the environment.
    let taken = unsafe { CStr::from_ptr(value) }.to_bytes().to_vec();
    // SAFETY: the text has that many bytes, in memory of this process that may be written: environ(7).
    unsafe { std::ptr::write_bytes(value, 0, taken.len()) };
    // SAFETY: as for getenv(3) above.
    match unsafe { libc::unsetenv(name.as_ptr()) } {
        0 => Ok(Some(taken)),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_while_somebody_else_might_read() {
        let (end, waits) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || waits.recv().is_ok());
        let refused = take(c"PATH").map_err(|error| error.raw_os_error());
        assert_eq!(refused, Err(Some(libc::EBUSY)));
        drop(end);
        assert!(other.join().is_ok_and(|heard| !heard));
        assert!(std::env::var_os("PATH").is_some());
    }
}
