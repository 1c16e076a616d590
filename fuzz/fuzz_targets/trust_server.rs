//! What a server sends to a client, from its root on.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = trust::fuzz::server(bytes);
});
