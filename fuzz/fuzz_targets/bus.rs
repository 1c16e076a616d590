//! What a bus says to us, and values of properties as annotations have them.
#![no_main]

use launch::cgroup::{BusMessage, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _message = BusMessage::parse(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _value = Value::parse(text);
    }
});
