//! Patterns of .dockerignore and of sources, against a path.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _excluded = build::fuzz::ignore(bytes);
});
