//! What an x86-64 kernel answers: its own calls, those of x32 and those of i386.

mod i386;
mod multiplexed;
mod x32;
mod x86_64;

use super::architecture::{Architecture, Width, X32_BIT};

/// This machine's own.
pub(super) const NATIVE: Architecture = Architecture {
    name: "X86_64",
    audit: 0xc000_003e, // AUDIT_ARCH_X86_64
    calls: x86_64::SYSCALLS,
    renumbered: &[],
    bit: 0,
    width: Width::Whole,
    multiplexed: &[],
};

/// Those that a profile may list besides; the one that shares `audit` with [`NATIVE`] comes first.
pub(super) const BESIDES: &[Architecture] = &[
    Architecture { name: "X32", renumbered: x32::SYSCALLS, bit: X32_BIT, width: Width::Low, ..NATIVE },
    Architecture {
        name: "X86",
        audit: 0x4000_0003, // AUDIT_ARCH_I386
        calls: i386::SYSCALLS,
        width: Width::Low,
        multiplexed: multiplexed::TABLE,
        ..NATIVE
    },
];
