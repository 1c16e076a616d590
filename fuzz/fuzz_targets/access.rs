//! What a hostile client shows at the door: headers, tokens, scopes, requests for tokens; and settings.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use registry::server::access::fuzz::{asks_for_token, is_signed, scope, shows_credentials};
use registry::server::settings::Settings;

fuzz_target!(|bytes: &[u8]| {
    let _either = shows_credentials(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert!(!is_signed(text), "nobody has the key");
    if let Some(written) = scope(text) {
        assert_eq!(scope(&written), Some(written), "a scope means what it says");
    }
    let (query, form) = asks_for_token(text);
    assert!(query || !form, "a form is a query with a password in it");
    let _either = Settings::parse(text);
});
