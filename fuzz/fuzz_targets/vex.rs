//! A VEX document, and an ignore file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = advisories::fuzz::documents(bytes);
});
