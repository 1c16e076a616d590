//! Dockerfiles of anybody: lines, words, variables, mounts, and what rules say about them.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _instructions = build::fuzz::dockerfile(bytes);
});
