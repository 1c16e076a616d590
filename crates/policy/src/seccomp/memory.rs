//! Memory.

use super::{Group, allow};

/// Mapping and advising.
pub(super) const MEMORY: Group = Group {
    purpose: "map, protect, lock and advise memory",
    lines: &[
        allow("brk", "malloc grows the heap"),
        allow("madvise", "allocators give memory back"),
        allow("map_shadow_stack", "libc protects return addresses"),
        allow("membarrier", "runtimes order memory between threads"),
        allow("memfd_create", "programs share memory; vm.memfd_noexec keeps it from being executed"),
        allow("mincore", "databases ask what is cached"),
        allow("mlock", "programs keep keys out of swap"),
        allow("mlock2", "programs keep keys out of swap"),
        allow("mlockall", "real-time programs stay out of swap"),
        allow("mmap", "every program maps its libraries"),
        allow("mprotect", "linkers and just-in-time compilers protect pages"),
        allow("mremap", "realloc grows large blocks"),
        allow("mseal", "libc seals its mappings"),
        allow("msync", "databases write mapped files back"),
        allow("munlock", "the reverse of mlock"),
        allow("munlockall", "the reverse of mlockall"),
        allow("munmap", "the reverse of mmap"),
        allow("pkey_alloc", "programs guard memory with protection keys"),
        allow("pkey_free", "the reverse of pkey_alloc"),
        allow("pkey_mprotect", "programs guard memory with protection keys"),
        allow("process_mrelease", "memory managers reap what they killed"),
        allow("remap_file_pages", "old databases map files in pieces"),
    ],
};
