//! What a bus says to us, and values of properties as annotations have them.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use launch::cgroup::{BusMessage, Value};

fuzz_target!(|bytes: &[u8]| {
    let _message = BusMessage::parse(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _value = Value::parse(text);
    }
});
