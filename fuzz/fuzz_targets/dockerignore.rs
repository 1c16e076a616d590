//! Patterns of .dockerignore and of sources, against a path.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _excluded = build::fuzz::ignore(bytes);
});
