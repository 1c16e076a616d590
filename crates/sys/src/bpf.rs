//! bpf(2), as far as programs that judge the use of devices in a version 2 control group need it.

use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

use rustix::io::Errno;

use crate::raw::syscall;

const PROG_LOAD: usize = 5;
const PROG_ATTACH: usize = 8;
const PROG_DETACH: usize = 9;
const PROG_GET_FD_BY_ID: usize = 13;
const OBJ_GET_INFO_BY_FD: usize = 15;
const PROG_QUERY: usize = 16;

/// BPF_PROG_TYPE_CGROUP_DEVICE and BPF_CGROUP_DEVICE.
const TYPE_CGROUP_DEVICE: u32 = 15;
const ATTACH_CGROUP_DEVICE: u32 = 6;

const ALLOW_MULTI: u32 = 2;
const REPLACE: u32 = 4;

/// As many programs as the kernel lets one group have.
const MOST_ATTACHED: usize = 64;

/// One instruction (`struct bpf_insn`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Instruction {
    /// Class, operation and mode.
    pub code: u8,
    registers: u8,
    /// Of a jump, in instructions; of a load, in bytes.
    pub offset: i16,
    /// The constant in it.
    pub immediate: i32,
}

impl Instruction {
    /// `destination` and `source` are register numbers.
    #[must_use]
    pub const fn new(code: u8, destination: u8, source: u8, offset: i16, immediate: i32) -> Self {
        let registers = if cfg!(target_endian = "little") {
            destination & 15 | source << 4
        } else {
            destination << 4 | source & 15
        };
        Self { code, registers, offset, immediate }
    }

    /// The register that it changes or compares.
    #[must_use]
    pub const fn destination(self) -> u8 {
        if cfg!(target_endian = "little") { self.registers & 15 } else { self.registers >> 4 }
    }
}

#[repr(C)]
struct LoadAttr {
    kind: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log: [u64; 2],
    version_and_flags: [u32; 2],
    name: [u8; 16],
    interface: u32,
    attach_type: u32,
}

#[repr(C)]
#[derive(Default)]
struct AttachAttr {
    target: u32,
    program: u32,
    attach_type: u32,
    flags: u32,
    replaced: u32,
}

#[repr(C)]
struct QueryAttr {
    target: u32,
    attach_type: u32,
    query_flags: u32,
    attach_flags: u32,
    ids: u64,
    count: u32,
    padding: u32,
}

#[repr(C)]
struct InfoAttr {
    program: u32,
    length: u32,
    info: u64,
}

/// The beginning of `struct bpf_prog_info`, up to the name.
#[repr(C)]
struct ProgramInfo {
    before: [u64; 8],
    name: [u8; 16],
}

/// A loaded program. It lives on where it is attached when this is dropped.
#[derive(Debug)]
pub struct Program(OwnedFd);

impl Program {
    /// Loads a program that says 1 for a use of a device that is allowed, else 0. The kernel keeps `name`,
    /// of letters, digits, `_` and `.`, and ended by a zero.
    ///
    /// # Errors
    /// bpf(2): `EPERM` without the right to load programs; `EINVAL` or `EACCES` for a program that the
    /// kernel cannot prove to be harmless.
    pub fn load_device(instructions: &[Instruction], name: &[u8; 16]) -> Result<Self, Errno> {
        let license = c"Apache-2.0";
        let attr = LoadAttr {
            kind: TYPE_CGROUP_DEVICE,
            count: instructions.len() as u32,
            instructions: instructions.as_ptr() as u64,
            license: license.as_ptr() as u64,
            log: [0; 2],
            version_and_flags: [0; 2],
            name: *name,
            interface: 0,
            attach_type: ATTACH_CGROUP_DEVICE,
        };
        // SAFETY: `attr` is what the command takes; instructions, count and licence are of memory that is
        // borrowed for the call and only read.
        let descriptor = unsafe { bpf(PROG_LOAD, &raw const attr) }?;
        // SAFETY: the kernel made a fresh descriptor, which nobody else owns.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(descriptor as i32) }))
    }

    /// Attaches it to the control group `group`, beside what others attached or instead of `replaced`. All
    /// that are attached have to allow a use.
    ///
    /// # Errors
    /// bpf(2): `EINVAL` on a directory that is no version 2 group; `ENOENT` if `replaced` is not attached.
    pub fn attach(&self, group: BorrowedFd<'_>, replaced: Option<&Self>) -> Result<(), Errno> {
        let attr = AttachAttr {
            target: group.as_raw_fd() as u32,
            program: self.0.as_raw_fd() as u32,
            attach_type: ATTACH_CGROUP_DEVICE,
            flags: ALLOW_MULTI | replaced.map_or(0, |_| REPLACE),
            replaced: replaced.map_or(0, |program| program.0.as_raw_fd() as u32),
        };
        // SAFETY: `attr` is what the command takes, and only read.
        unsafe { bpf(PROG_ATTACH, &raw const attr) }.map(drop)
    }

    /// Takes it off `group`.
    ///
    /// # Errors
    /// bpf(2): `ENOENT` if it is not attached there.
    pub fn detach(&self, group: BorrowedFd<'_>) -> Result<(), Errno> {
        let attr = AttachAttr {
            target: group.as_raw_fd() as u32,
            program: self.0.as_raw_fd() as u32,
            attach_type: ATTACH_CGROUP_DEVICE,
            ..AttachAttr::default()
        };
        // SAFETY: `attr` is what the command takes, and only read.
        unsafe { bpf(PROG_DETACH, &raw const attr) }.map(drop)
    }

    /// What whoever loaded it called it.
    ///
    /// # Errors
    /// bpf(2).
    pub fn name(&self) -> Result<[u8; 16], Errno> {
        let mut info = ProgramInfo { before: [0; 8], name: [0; 16] };
        let length = size_of::<ProgramInfo>() as u32;
        let attr = InfoAttr { program: self.0.as_raw_fd() as u32, length, info: (&raw mut info) as u64 };
        // SAFETY: `attr` is what the command takes. The kernel writes `length` bytes, as many as `info` has;
        // being zero before, it asks for none of the lists that could be copied elsewhere.
        unsafe { bpf(OBJ_GET_INFO_BY_FD, &raw const attr) }?;
        Ok(info.name)
    }

    fn by_id(id: u32) -> Result<Self, Errno> {
        let attr = [id, 0, 0];
        // SAFETY: `attr` is what the command takes: an id, a next id and flags.
        let descriptor = unsafe { bpf(PROG_GET_FD_BY_ID, &raw const attr) }?;
        // SAFETY: the kernel made a fresh descriptor, which nobody else owns.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(descriptor as i32) }))
    }
}

/// The programs that judge devices and are attached to `group` itself. Allocates.
///
/// # Errors
/// bpf(2).
pub fn attached(group: BorrowedFd<'_>) -> Result<Vec<Program>, Errno> {
    let mut ids = [0_u32; MOST_ATTACHED];
    let mut attr = QueryAttr {
        target: group.as_raw_fd() as u32,
        attach_type: ATTACH_CGROUP_DEVICE,
        query_flags: 0,
        attach_flags: 0,
        ids: ids.as_mut_ptr() as u64,
        count: MOST_ATTACHED as u32,
        padding: 0,
    };
    // SAFETY: `attr` is what the command takes and may be written; `ids` has room for `count` of them.
    unsafe { bpf(PROG_QUERY, (&raw mut attr).cast_const()) }?;
    let found = ids.iter().take(attr.count as usize);
    let programs = found.map(|id| Program::by_id(*id));
    // One that is gone again is not attached any more.
    programs.filter(|program| !matches!(program, Err(Errno::NOENT))).collect()
}

/// # Safety
/// `attr` must be what the kernel expects of `command`, with pointers valid for what it reads and writes.
unsafe fn bpf<T>(command: usize, attr: *const T) -> Result<usize, Errno> {
    // SAFETY: the caller vouches for what `attr` points at, which has the size given.
    unsafe { syscall(libc::SYS_bpf, [command, attr as usize, size_of::<T>(), 0, 0, 0]) }
}
