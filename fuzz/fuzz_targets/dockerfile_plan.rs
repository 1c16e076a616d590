//! Dockerfiles of anybody, on images of anybody: stages, variables, steps and their keys.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _steps = build::fuzz::plan(bytes);
});
