//! Answers of credential helpers: no credentials without a secret.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::config::fuzz::answer;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Some(credentials)) = answer(bytes) {
        assert!(!credentials.secret().reveal().is_empty());
    }
});
