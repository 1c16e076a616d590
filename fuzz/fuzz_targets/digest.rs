//! Text that claims to be a digest: what parses says the same again.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use model::digest::ClaimedDigest;

fuzz_target!(|text: &str| {
    if let Ok(claimed) = text.parse::<ClaimedDigest>() {
        assert_eq!(claimed.to_string(), text);
    }
});
