//! A package database of rpm from a stranger, in each of its formats.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _packages = scan::fuzz::rpm(bytes);
});
