//! /etc/passwd and /etc/group of an image: no id that is none, no name that is none.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use engine::user::database::{group, passwd};

/// The largest id, as CVE-2024-40635 taught.
const LARGEST: u32 = i32::MAX as u32;

fuzz_target!(|bytes: &[u8]| {
    for line in passwd(bytes) {
        assert!(line.uid <= LARGEST && line.gid <= LARGEST && !line.name.is_empty());
    }
    for line in group(bytes) {
        assert!(line.gid <= LARGEST && !line.name.is_empty() && !line.has_member(":"));
    }
});
