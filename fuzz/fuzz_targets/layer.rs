//! A layer from a stranger, walked as a tar archive.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use store::Limits;

fuzz_target!(|bytes: &[u8]| {
    let _refused = store::fuzz::walk(bytes, &Limits::default());
});
