//! A file of a language's package manager, from a stranger.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, bytes) = input;
    let paths = scan::fuzz::LANGUAGE_PATHS;
    let _found = scan::fuzz::language(paths[usize::from(kind) % paths.len()], bytes);
});
