//! Exported advisories from a stranger.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(directory) = tempfile::tempdir() {
        let _taken_over = advisories::fuzz::import(bytes, directory.path());
    }
});
