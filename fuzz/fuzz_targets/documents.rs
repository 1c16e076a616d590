//! The JSON of an image from a stranger, read as every document that an image has.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = store::fuzz::json(bytes);
});
