//! A hostile container and its way out: packets that lie, and conversations that make no sense.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use network::fuzz::{conversation, packet};

/// Bytes that a conversation may hold.
const ROOM: usize = 2000;

fuzz_target!(|bytes: &[u8]| {
    assert!(packet(bytes).is_none_or(|payload| payload < bytes.len()));
    assert!(conversation(bytes, ROOM).expect("sockets") <= ROOM);
});
