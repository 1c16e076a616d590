//! A package's licence, as a stranger declares it. What it is understood to be is understood in the same way.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|declared: &str| {
    assert!(scan::fuzz::licence(declared));
});
