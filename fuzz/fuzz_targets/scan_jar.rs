//! An archive of Java, from a stranger.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _found = scan::fuzz::language("app/app-1.0.war", bytes);
});
