//! What the kernel says of a process, with names in it that the process chose.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use engine::explain::{parse_mountinfo, parse_status};
use engine::resources::parse_stat;

fuzz_target!(|bytes: &[u8]| {
    let _mounts = parse_mountinfo(bytes);
    let _times = parse_stat(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _status = parse_status(text);
    }
});
