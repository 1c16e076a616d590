//! A TUF document, as each of its kinds, and what an edit makes of it.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = trust::fuzz::documents(bytes);
});
