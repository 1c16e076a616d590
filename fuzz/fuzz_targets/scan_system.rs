//! Databases of dpkg and apk, and the names of distributions, from an image that somebody hostile made.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _packages = scan::fuzz::system(bytes);
});
