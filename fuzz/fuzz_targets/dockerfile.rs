//! Dockerfiles of anybody: lines, words, variables, mounts, and what rules say about them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _instructions = build::fuzz::dockerfile(bytes);
});
