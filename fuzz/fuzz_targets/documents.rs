//! The JSON of an image from a stranger, read as every document that an image has.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = store::fuzz::json(bytes);
});
