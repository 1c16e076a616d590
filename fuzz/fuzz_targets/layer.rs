//! A layer from a stranger, walked as a tar archive.
#![no_main]

use libfuzzer_sys::fuzz_target;
use store::Limits;

fuzz_target!(|bytes: &[u8]| {
    let _refused = store::fuzz::walk(bytes, &Limits::default());
});
