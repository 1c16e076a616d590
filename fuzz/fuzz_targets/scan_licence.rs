//! A package's licence, as a stranger declares it. What it is understood to be is understood in the same way.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|declared: &str| {
    assert!(scan::fuzz::licence(declared));
});
