//! Packets of rtnetlink(7): no length in them leads beyond their end.
#![no_main]

use launch::netlink::{Answer, attributes, messages};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|packet: &[u8]| {
    for message in messages(packet).flatten() {
        if let Answer::Thing(_, body) = message.answer {
            let inside: usize = attributes(body).map(|(_, value)| value.len() + 4).sum();
            assert!(inside <= body.len() && body.len() < packet.len());
        }
    }
});
