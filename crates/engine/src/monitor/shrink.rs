//! A monitor lives long and does little: it shows what it is, and keeps no memory that it does not need.

use std::os::unix::fs::FileExt as _;

/// Most bytes of a command line.
const MAX_TITLE: usize = 4096;

/// Gives back what only the command needed.
pub(crate) fn settle_in(title: &str) {
    // A directory that somebody wants to unmount is not ours to keep.
    let _stays_where_it_is = rustix::process::chdir("/");
    rename(title);
    give_memory_back();
}

/// Replaces the command line that others see (`ps`): the one that was typed may hold passwords, and says
/// nothing about what this process is now.
fn rename(title: &str) {
    // Without a name of its own a monitor does its work as well.
    let _keeps_its_name = write_title(title);
    let short: String = title.chars().take_while(|c| *c != ' ').take(15).collect();
    if let Ok(short) = std::ffi::CString::new(short) {
        let _keeps_its_name = rustix::thread::set_name(&short);
    }
}

/// The arguments lie where the kernel put them (fields 48 and 49 of proc_pid_stat(5)), and may be
/// overwritten there.
fn write_title(title: &str) -> Option<()> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.get(stat.rfind(')')? + 2..)?.split_ascii_whitespace().collect();
    let address = |index: usize| fields.get(index)?.parse::<u64>().ok();
    let (start, end) = (address(45)?, address(46)?);
    let length = usize::try_from(end.checked_sub(start)?).ok()?.min(MAX_TITLE);
    let mut bytes = vec![0_u8; length];
    for (slot, byte) in bytes.iter_mut().take(length.saturating_sub(1)).zip(title.bytes()) {
        *slot = byte;
    }
    let memory = std::fs::OpenOptions::new().write(true).open("/proc/self/mem").ok()?;
    memory.write_all_at(&bytes, start).ok()
}

/// Gives memory that the start needed back to the kernel.
pub(super) fn give_memory_back() {
    sys::memory::trim();
}
