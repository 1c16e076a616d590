//! personality(2): which system a process takes this one for.

use rustix::io::Errno;

use crate::raw::syscall;

/// Asks, and changes nothing.
const ASK: u32 = 0xffff_ffff;

/// Sets the execution domain of the calling thread, and of what it executes.
///
/// # Errors
/// personality(2).
pub fn set(domain: u32) -> Result<(), Errno> {
    call(domain).map(drop)
}

/// That of the calling thread.
///
/// # Errors
/// personality(2), behind a filter.
pub fn current() -> Result<u32, Errno> {
    call(ASK)
}

fn call(domain: u32) -> Result<u32, Errno> {
    // SAFETY: no memory is passed.
    unsafe { syscall(libc::SYS_personality, [domain as usize, 0, 0, 0, 0, 0]) }.map(|before| before as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_told_that_it_is_on_a_machine_of_32_bits() {
        let machine = || rustix::system::uname().machine().to_str().unwrap().to_owned();
        let thread = std::thread::spawn(move || {
            let before = machine();
            set(0x8).unwrap();
            assert_eq!(current(), Ok(0x8));
            (before, machine())
        });
        let (before, after) = thread.join().unwrap();
        assert_ne!(before, after);
    }
}
