//! A list of hashes from a feed.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _packages = scan::fuzz::hashes(bytes);
});
