//! Drafts as whoever has the registry may leave them, up to the signature.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _taken_up = trust::publisher::fuzz::draft(bytes);
});
