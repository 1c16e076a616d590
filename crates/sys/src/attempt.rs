//! Requests that a container should be refused: the kernel's side of the probe's attacks.
//!
//! Every request is fixed here, number and arguments, and chosen so that a kernel which grants it changes
//! nothing that outlives the calling process: where a call is dangerous, one argument is invalid in a way
//! that the kernel looks at only after it has checked the privilege ([`Request::reached`]).

use std::ffi::CStr;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::ptr;

use libc::{c_int, c_long};
use rustix::io::Errno;
use rustix::process::Pid;

use crate::raw::syscall;

/// A request with nothing to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// keyctl(2): the id of the session keyring.
    KeyringId,
    /// add_key(2) to the process keyring, which ends with the process.
    AddKey,
    /// request_key(2) of a key that does not exist, without an upcall.
    RequestKey,
    /// bpf(2): an array map of one element.
    BpfMap,
    /// io_uring_setup(2) with one entry.
    IoUring,
    /// userfaultfd(2) for user mode faults only.
    Userfaultfd,
    /// perf_event_open(2): this process' own CPU clock, user mode only.
    PerfEvent,
    /// memfd_secret(2).
    MemfdSecret,
    /// fanotify_init(2) for permission events.
    Fanotify,
    /// syslog(2): 128 bytes of the kernel's log, not consumed.
    KernelLog,
    /// kexec_load(2) with a flag that does not exist.
    KexecLoad,
    /// init_module(2) of an empty module.
    InitModule,
    /// reboot(2) with wrong magic numbers.
    Reboot,
    /// acct(2) to a file that does not exist.
    Accounting,
    /// swapon(2) of a file that does not exist.
    Swap,
    /// settimeofday(2) of neither time nor zone.
    ClockSet,
    /// sched_setscheduler(2): real-time priority for this process.
    Realtime,
    /// personality(2): READ_IMPLIES_EXEC for this process.
    ReadImpliesExec,
    /// mount_setattr(2) of the root with nothing to change.
    MountSetattr,
    /// iopl(2): port access for this process.
    #[cfg(target_arch = "x86_64")]
    IoPrivilege,
    /// getpid by its x32 number.
    #[cfg(target_arch = "x86_64")]
    X32Getpid,
}

/// A path that no system has.
const NO_FILE: &CStr = c"/proc/coffer-no-such-file";

/// What a call may read and write: 128 bytes.
type Memory = [u64; 16];

impl Request {
    /// Asks the kernel. A descriptor that it hands out is closed again.
    ///
    /// # Errors
    /// The kernel's.
    pub fn ask(self) -> Result<(), Errno> {
        let mut memory = self.memory();
        let (number, args) = self.call(memory.as_mut_ptr() as usize);
        // SAFETY: `call` pairs each number with arguments that fit it; the only pointers among them are
        // to constants and to `memory`, which outlives the call and is as long as the call is told.
        let value = unsafe { syscall(number, args) }?;
        if self.hands_out_a_descriptor() {
            let descriptor = c_int::try_from(value).map_err(|_| Errno::BADF)?;
            // SAFETY: the kernel just made this descriptor for us, nobody else knows it.
            drop(unsafe { OwnedFd::from_raw_fd(descriptor) });
        }
        Ok(())
    }

    /// The errors that say that the privilege was there and only the harmless argument was refused.
    #[must_use]
    pub fn reached(self) -> &'static [Errno] {
        match self {
            Self::RequestKey => &[Errno::NOKEY],
            Self::KexecLoad | Self::Reboot => &[Errno::INVAL],
            Self::InitModule => &[Errno::NOEXEC],
            Self::Accounting | Self::Swap => &[Errno::NOENT],
            _ => &[],
        }
    }

    fn hands_out_a_descriptor(self) -> bool {
        matches!(
            self,
            Self::BpfMap
                | Self::IoUring
                | Self::Userfaultfd
                | Self::PerfEvent
                | Self::MemfdSecret
                | Self::Fanotify
        )
    }

    /// The memory that the call is pointed at, little-endian pairs of 32 bits where the kernel has those.
    fn memory(self) -> Memory {
        let mut memory = Memory::default();
        match self {
            // union bpf_attr: map_type ARRAY, key_size 4; value_size 4, max_entries 1.
            Self::BpfMap => memory[..2].copy_from_slice(&[2 | 4 << 32, 4 | 1 << 32]),
            // struct perf_event_attr: type SOFTWARE, size 64 (VER0); exclude_kernel and exclude_hv.
            Self::PerfEvent => memory[..6].copy_from_slice(&[1 | 64 << 32, 0, 0, 0, 0, 1 << 5 | 1 << 6]),
            // struct sched_param: priority 1.
            Self::Realtime => memory[..1].copy_from_slice(&[1]),
            _ => {}
        }
        memory
    }

    fn call(self, memory: usize) -> (c_long, [usize; 6]) {
        /// (key_serial_t) KEY_SPEC_PROCESS_KEYRING and KEY_SPEC_SESSION_KEYRING, keyctl(2).
        const PROCESS_KEYRING: usize = -2_isize as usize;
        const SESSION_KEYRING: usize = -3_isize as usize;
        const ANY: usize = -1_isize as usize;
        let here = libc::AT_FDCWD as isize as usize;
        let (user, name) = (at(c"user"), at(c"coffer-probe"));
        match self {
            Self::KeyringId => (libc::SYS_keyctl, [0, SESSION_KEYRING, 0, 0, 0, 0]),
            Self::AddKey => (libc::SYS_add_key, [user, name, name, 1, PROCESS_KEYRING, 0]),
            Self::RequestKey => (libc::SYS_request_key, [user, name, 0, 0, 0, 0]),
            Self::BpfMap => (libc::SYS_bpf, [0, memory, 72, 0, 0, 0]),
            Self::IoUring => (libc::SYS_io_uring_setup, [1, memory, 0, 0, 0, 0]),
            Self::Userfaultfd => (libc::SYS_userfaultfd, [libc::O_CLOEXEC as usize | 1, 0, 0, 0, 0, 0]),
            Self::PerfEvent => (libc::SYS_perf_event_open, [memory, 0, ANY, ANY, 0, 0]),
            Self::MemfdSecret => (libc::SYS_memfd_secret, [libc::O_CLOEXEC as usize, 0, 0, 0, 0, 0]),
            Self::Fanotify => (libc::SYS_fanotify_init, [libc::FAN_CLASS_CONTENT as usize, 0, 0, 0, 0, 0]),
            Self::KernelLog => (libc::SYS_syslog, [3, memory, size_of::<Memory>(), 0, 0, 0]),
            Self::KexecLoad => (libc::SYS_kexec_load, [0, 0, 0, 0x8000, 0, 0]),
            Self::InitModule => (libc::SYS_init_module, [0, 0, at(c""), 0, 0, 0]),
            Self::Reboot => (libc::SYS_reboot, [0; 6]),
            Self::Accounting => (libc::SYS_acct, [at(NO_FILE), 0, 0, 0, 0, 0]),
            Self::Swap => (libc::SYS_swapon, [at(NO_FILE), 0, 0, 0, 0, 0]),
            Self::ClockSet => (libc::SYS_settimeofday, [0; 6]),
            Self::Realtime => (libc::SYS_sched_setscheduler, [0, libc::SCHED_FIFO as usize, memory, 0, 0, 0]),
            Self::ReadImpliesExec => {
                (libc::SYS_personality, [libc::READ_IMPLIES_EXEC as usize, 0, 0, 0, 0, 0])
            }
            Self::MountSetattr => (libc::SYS_mount_setattr, [here, at(c"/"), 0, memory, 32, 0]),
            #[cfg(target_arch = "x86_64")]
            Self::IoPrivilege => (libc::SYS_iopl, [3, 0, 0, 0, 0, 0]),
            #[cfg(target_arch = "x86_64")]
            Self::X32Getpid => (0x4000_0000 | libc::SYS_getpid, [0; 6]),
        }
    }
}

fn at(text: &'static CStr) -> usize {
    text.as_ptr() as usize
}

/// How a process is cloned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clone {
    /// clone(2), the flags in a register.
    Old,
    /// clone3(2), the flags in memory, where a seccomp filter does not see them.
    Three,
}

/// Clones a process into a user namespace of its own; it ends at once.
///
/// # Errors
/// The kernel's.
pub fn clone_into_user_namespace(how: Clone) -> Result<(), Errno> {
    let flags = libc::CLONE_NEWUSER as usize;
    let signal = libc::SIGCHLD as usize;
    // struct clone_args, VER0: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls.
    let arguments = [flags as u64, 0, 0, 0, signal as u64, 0, 0, 0];
    // SAFETY: without a stack and without CLONE_VM this is fork(2). The child runs nothing but the
    // `exit` below, on its own copy of this stack.
    let child = unsafe {
        match how {
            Clone::Old => syscall(libc::SYS_clone, [flags | signal, 0, 0, 0, 0, 0]),
            Clone::Three => {
                let size = size_of_val(&arguments);
                syscall(libc::SYS_clone3, [arguments.as_ptr() as usize, size, 0, 0, 0, 0])
            }
        }
    }?;
    if child == 0 {
        crate::exec::exit(0);
    }
    // SAFETY: waits for the child of above; no status is asked for.
    unsafe { libc::waitpid(child as c_int, ptr::null_mut(), 0) };
    Ok(())
}

/// Seizes a process with ptrace(2), which does not stop it and ends with this process.
///
/// # Errors
/// The kernel's.
pub fn seize(process: Pid) -> Result<(), Errno> {
    let pid = process.as_raw_nonzero().get() as usize;
    // SAFETY: PTRACE_SEIZE takes no pointer; its last argument is a set of options, here none.
    unsafe { syscall(libc::SYS_ptrace, [libc::PTRACE_SEIZE as usize, pid, 0, 0, 0, 0]) }.map(drop)
}

/// Reads eight bytes of another process with process_vm_readv(2), at the address of a constant of this
/// program: mapped there too if it runs the same program, and EFAULT is an answer as well.
///
/// # Errors
/// The kernel's.
pub fn read_memory(process: Pid) -> Result<(), Errno> {
    let pid = process.as_raw_nonzero().get() as usize;
    let mut word = [0_u8; 8];
    let local = libc::iovec { iov_base: word.as_mut_ptr().cast(), iov_len: word.len() };
    let remote = libc::iovec { iov_base: NO_FILE.as_ptr().cast_mut().cast(), iov_len: word.len() };
    let (local, remote) = (&raw const local as usize, &raw const remote as usize);
    // SAFETY: one vector each; the local one is `word`, and the remote one is only read.
    unsafe { syscall(libc::SYS_process_vm_readv, [pid, local, 1, remote, 1, 0]) }.map(drop)
}

/// When the mapping becomes executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executable {
    /// At once, mmap(2).
    FromTheStart,
    /// Readable first, then mprotect(2).
    Later,
}

/// Maps the first page of a file privately, readable and executable, and unmaps it.
///
/// # Errors
/// The kernel's.
pub fn map_executable(file: BorrowedFd<'_>, when: Executable) -> Result<(), Errno> {
    const PAGE: usize = 4096;
    let wanted = libc::PROT_READ | libc::PROT_EXEC;
    let first = if when == Executable::FromTheStart { wanted } else { libc::PROT_READ };
    let descriptor = file.as_raw_fd() as usize;
    let args = [0, PAGE, first as usize, libc::MAP_PRIVATE as usize, descriptor, 0];
    // SAFETY: a new private mapping where the kernel likes; nothing reads it.
    let page = unsafe { syscall(libc::SYS_mmap, args) }?;
    // SAFETY: `page` is the mapping of above and of this length.
    let changed = unsafe { syscall(libc::SYS_mprotect, [page, PAGE, wanted as usize, 0, 0, 0]) };
    // SAFETY: as above; nobody has a reference into it.
    unsafe { syscall(libc::SYS_munmap, [page, PAGE, 0, 0, 0, 0]) }?;
    changed.map(drop)
}

/// Executes the file behind a descriptor with execveat(2) and AT_EMPTY_PATH, which needs no /proc. The
/// environment is empty. Returns only if the kernel refuses.
#[must_use]
pub fn execute_descriptor(file: BorrowedFd<'_>, arguments: [&CStr; 3]) -> Errno {
    let [zero, one, two] = arguments.map(|argument| argument.as_ptr());
    let (argv, envp) = ([zero, one, two, ptr::null()], [ptr::null::<libc::c_char>()]);
    let descriptor = file.as_raw_fd() as usize;
    let args = [descriptor, at(c""), argv.as_ptr() as usize, envp.as_ptr() as usize, 0x1000, 0];
    // SAFETY: `argv` and `envp` end with a null pointer and outlive the call; 0x1000 is AT_EMPTY_PATH.
    unsafe { syscall(libc::SYS_execveat, args) }.err().unwrap_or(Errno::IO)
}

/// getpid through the 32-bit entry of the kernel, where its number is 20. A kernel without that entry
/// answers with SIGSEGV.
///
/// # Errors
/// What a filter answers.
#[cfg(target_arch = "x86_64")]
pub fn getpid_of_x86_32() -> Result<(), Errno> {
    let answer: i64;
    // SAFETY: getpid takes no arguments and touches no memory; the 32-bit entry clobbers r8 to r11.
    unsafe {
        std::arch::asm!("int 0x80", inlateout("rax") 20_i64 => answer,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    // The 32-bit entry answers with 32 bits.
    match answer as i32 {
        errno @ -4095..=-1 => Err(Errno::from_raw_os_error(-errno)),
        _ => Ok(()),
    }
}

/// Asks for an upper-layer protocol that does not exist, with setsockopt(SOL_TCP, TCP_ULP). ENOENT means
/// that the kernel looked for it.
///
/// # Errors
/// The kernel's.
pub fn set_upper_layer_protocol(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    let (socket, name) = (socket.as_raw_fd() as usize, c"coffer-none");
    let args = [socket, libc::SOL_TCP as usize, 31, at(name), name.to_bytes().len(), 0];
    // SAFETY: the name is as long as is said; 31 is TCP_ULP.
    unsafe { syscall(libc::SYS_setsockopt, args) }.map(drop)
}

/// TIOCSTI, putting a character into a terminal's input, from an address where there is none. EFAULT means
/// that only the address was refused.
///
/// # Errors
/// The kernel's.
pub fn push_terminal_input(terminal: BorrowedFd<'_>) -> Result<(), Errno> {
    let args = [terminal.as_raw_fd() as usize, libc::TIOCSTI as usize, 0, 0, 0, 0];
    // SAFETY: the kernel checks the address, and null is never mapped.
    unsafe { syscall(libc::SYS_ioctl, args) }.map(drop)
}

/// Moves a page into a pipe with vmsplice(2).
///
/// # Errors
/// The kernel's.
pub fn splice_memory(pipe: BorrowedFd<'_>) -> Result<(), Errno> {
    let page = [0_u8; 8];
    let vector = libc::iovec { iov_base: page.as_ptr().cast_mut().cast(), iov_len: page.len() };
    let args = [pipe.as_raw_fd() as usize, &raw const vector as usize, 1, 0, 0, 0];
    // SAFETY: one vector over `page`, which the kernel only reads; without SPLICE_F_GIFT it stays ours.
    unsafe { syscall(libc::SYS_vmsplice, args) }.map(drop)
}

/// Opens the directory that has inode 2, the root of most filesystems, on the filesystem of `mount`:
/// open_by_handle_at(2) asks for no path, which is how Shocker left its container in 2014.
///
/// # Errors
/// The kernel's; ESTALE means that only the handle was wrong.
pub fn open_inode_two(mount: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    // struct file_handle: 8 bytes of type FILEID_INO32_GEN; inode 2, generation 0.
    let handle = [8_u32, 1, 2, 0];
    let flags = (libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC) as usize;
    let args = [mount.as_raw_fd() as usize, handle.as_ptr() as usize, flags, 0, 0, 0];
    // SAFETY: the handle is as long as it says.
    let descriptor = unsafe { syscall(libc::SYS_open_by_handle_at, args) }?;
    // SAFETY: the kernel just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(c_int::try_from(descriptor).map_err(|_| Errno::BADF)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_answered_and_never_crashes() {
        // Which way the kernel decides is the host's affair; that it knows every number is ours.
        for request in [Request::BpfMap, Request::PerfEvent, Request::Userfaultfd, Request::MemfdSecret] {
            assert_ne!(request.ask(), Err(Errno::FAULT), "{request:?}");
            assert_ne!(request.ask(), Err(Errno::BADF), "{request:?}");
        }
    }

    #[test]
    fn a_file_of_a_mount_with_exec_can_be_mapped_executable() {
        let file = std::fs::File::open("/proc/self/exe").unwrap();
        let file = std::os::fd::AsFd::as_fd(&file);
        assert_eq!(map_executable(file, Executable::FromTheStart), Ok(()));
        assert_eq!(map_executable(file, Executable::Later), Ok(()));
    }

    #[test]
    fn an_unknown_protocol_is_looked_for_and_not_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let answer = set_upper_layer_protocol(std::os::fd::AsFd::as_fd(&listener));
        assert_eq!(answer, Err(Errno::NOENT));
    }
}
