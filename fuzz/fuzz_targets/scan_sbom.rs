//! A bill of material that somebody else wrote.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _packages = scan::fuzz::sbom(bytes);
});
