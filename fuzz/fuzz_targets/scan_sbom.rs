//! A bill of material that somebody else wrote.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _packages = scan::fuzz::sbom(bytes);
});
