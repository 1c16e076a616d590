//! Dockerfiles of anybody, on images of anybody: stages, variables, steps and their keys.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _steps = build::fuzz::plan(bytes);
});
