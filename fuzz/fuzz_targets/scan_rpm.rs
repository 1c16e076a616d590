//! A package database of rpm from a stranger, in each of its formats.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _packages = scan::fuzz::rpm(bytes);
});
