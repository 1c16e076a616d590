//! An archive of Java, from a stranger.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _found = scan::fuzz::language("app/app-1.0.war", bytes);
});
