//! Facts of a layer from a process that hostile bytes have taken over, or from a damaged disk.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _packages = scan::fuzz::facts(bytes);
});
