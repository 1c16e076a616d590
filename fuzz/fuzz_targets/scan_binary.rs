//! A program from a stranger, read for what it was built from and for what its strings say.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _packages = scan::fuzz::binary(bytes);
});
