//! A TUF document, as each of its kinds, and what an edit makes of it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = trust::fuzz::documents(bytes);
});
