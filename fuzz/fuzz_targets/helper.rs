//! Answers of credential helpers: no credentials without a secret.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use registry::config::fuzz::answer;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Some(credentials)) = answer(bytes) {
        assert!(!credentials.secret().reveal().is_empty());
    }
});
