//! malloc_trim(3): giving freed memory back.

/// Gives the C library's free memory back to the kernel. Takes the allocator's locks, so it is not for
/// the time between clone and exec.
pub fn trim() {
    // SAFETY: touches only memory that the allocator holds free; 0 keeps none of it at the top.
    #[cfg(target_env = "gnu")]
    let _whether_any_was = unsafe { libc::malloc_trim(0) };
}
