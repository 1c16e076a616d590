//! Databases of dpkg and apk, and the names of distributions, from an image that somebody hostile made.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _packages = scan::fuzz::system(bytes);
});
