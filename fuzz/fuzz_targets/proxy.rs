//! `NO_PROXY`: no rule makes this machine be reached through a proxy, and a host is covered by its own name.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use registry::config::fuzz::is_exempt;

fuzz_target!(|pair: (&str, &str)| {
    let (rules, host) = pair;
    let _either = is_exempt(rules, host);
    assert!(is_exempt(rules, "localhost:5000"));
    assert!(is_exempt(&format!("{rules},reg.example"), "a.reg.example:5000"));
});
