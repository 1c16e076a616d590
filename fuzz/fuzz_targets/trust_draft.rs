//! Drafts as whoever has the registry may leave them, up to the signature.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _taken_up = trust::publisher::fuzz::draft(bytes);
});
