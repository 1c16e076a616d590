//! Text that claims to be a digest: what parses says the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::digest::ClaimedDigest;

fuzz_target!(|text: &str| {
    if let Ok(claimed) = text.parse::<ClaimedDigest>() {
        assert_eq!(claimed.to_string(), text);
    }
});
