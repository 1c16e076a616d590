//! What an arm64 kernel answers: its own calls, and those of 32-bit ARM.

mod aarch64;
mod arm;

use super::architecture::{Architecture, Width};

/// This machine's own.
pub(super) const NATIVE: Architecture = Architecture {
    name: "AARCH64",
    audit: 0xc000_00b7, // AUDIT_ARCH_AARCH64
    calls: aarch64::SYSCALLS,
    renumbered: &[],
    bit: 0,
    width: Width::Whole,
    multiplexed: &[],
};

/// Those that a profile may list besides.
pub(super) const BESIDES: &[Architecture] = &[Architecture {
    name: "ARM",
    audit: 0x4000_0028, // AUDIT_ARCH_ARM
    calls: arm::SYSCALLS,
    width: Width::Low,
    ..NATIVE
}];
