//! A list of hashes from a feed.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _packages = scan::fuzz::hashes(bytes);
});
