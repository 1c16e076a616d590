//! A VEX document, and an ignore file.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = advisories::fuzz::documents(bytes);
});
