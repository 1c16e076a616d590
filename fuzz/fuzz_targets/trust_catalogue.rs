//! A catalogue on disk, and keys.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = trust::fuzz::catalogue(bytes);
});
