//! A program from a stranger, read for what it was built from and for what its strings say.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _packages = scan::fuzz::binary(bytes);
});
