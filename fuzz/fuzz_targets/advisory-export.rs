//! Exported advisories from a stranger.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(directory) = tempfile::tempdir() {
        let _taken_over = advisories::fuzz::import(bytes, directory.path());
    }
});
