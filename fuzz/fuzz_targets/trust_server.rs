//! What a server sends to a client, from its root on.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _understood = trust::fuzz::server(bytes);
});
