//! Packets of rtnetlink(7): no length in them leads beyond their end.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use sys::netlink::{Answer, attributes, messages};

fuzz_target!(|packet: &[u8]| {
    for message in messages(packet).flatten() {
        if let Answer::Thing(_, body) = message.answer {
            let inside: usize = attributes(body).map(|(_, value)| value.len() + 4).sum();
            assert!(inside <= body.len() && body.len() < packet.len());
        }
    }
});
