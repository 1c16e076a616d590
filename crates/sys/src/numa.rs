//! set_mempolicy(2): which of the machine's memory a process is given.

use rustix::io::Errno;

use crate::raw::syscall;

/// Most memory nodes that any kernel has.
pub const MAX_NODES: usize = 1024;

/// A set of memory nodes, the lowest in the lowest bit.
pub type Nodes = [u64; MAX_NODES / 64];

/// Sets the memory policy of the calling thread: a mode with its flags, and the nodes that it is about.
///
/// # Errors
/// set_mempolicy(2): `EINVAL` (no such mode, or not with these nodes), `ENOSYS` (a kernel without NUMA).
pub fn set_memory_policy(mode: u32, nodes: &Nodes) -> Result<(), Errno> {
    // The kernel reads one bit less than it is told.
    let (mask, length) =
        if nodes.iter().all(|bits| *bits == 0) { (0, 0) } else { (nodes.as_ptr() as usize, MAX_NODES + 1) };
    // SAFETY: the mask is null and empty, or has as many bits as the kernel reads of it.
    unsafe { syscall(libc::SYS_set_mempolicy, [mode as usize, mask, length, 0, 0, 0]) }.map(drop)
}

/// That of the calling thread.
///
/// # Errors
/// get_mempolicy(2).
pub fn memory_policy() -> Result<(u32, Nodes), Errno> {
    let mut mode: i32 = 0;
    let mut nodes: Nodes = [0; MAX_NODES / 64];
    let arguments = [(&raw mut mode) as usize, nodes.as_mut_ptr() as usize, MAX_NODES, 0, 0, 0];
    // SAFETY: both are writable; the mask has as many bits as said.
    unsafe { syscall(libc::SYS_get_mempolicy, arguments) }?;
    Ok((mode as u32, nodes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_bound_to_the_first_node() {
        let thread = std::thread::spawn(|| {
            let mut first: Nodes = [0; MAX_NODES / 64];
            first[0] = 1;
            set_memory_policy(2, &first).unwrap();
            assert_eq!(memory_policy(), Ok((2, first)));
            assert_eq!(set_memory_policy(2, &[0; MAX_NODES / 64]), Err(Errno::INVAL));
        });
        thread.join().unwrap();
    }
}
