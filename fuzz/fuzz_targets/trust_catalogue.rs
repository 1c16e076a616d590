//! A catalogue on disk, and keys.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = trust::fuzz::catalogue(bytes);
});
