//! What a hostile registry answers: headers, error documents, manifests.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use registry::client::fuzz::{document, headers, location, said};

fuzz_target!(|bytes: &[u8]| {
    assert!(!said(bytes).contains(char::is_control), "people see one plain line");
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _understood = headers(text);
    let leads_on = location(text);
    assert!(leads_on.is_none_or(|to| to.starts_with("https://") || to.starts_with("http://")));
    let (called, body) = text.split_once('\n').unwrap_or(("", text));
    let (kind, _) = document(body.as_bytes(), called);
    assert!(kind.is_none_or(|kind| kind.starts_with("application/vnd.")));
});
