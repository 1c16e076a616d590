//! Why a registry says no: distribution specification, "Error Codes", and what token servers answer.

use serde::Deserialize;

use super::plain::plain;

/// Most bytes of an error's document that are read.
pub(crate) const LONGEST: u64 = 16 * 1024;

/// Most errors of a document that are shown.
const SHOWN: usize = 3;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    errors: Vec<Entry>,
    /// RFC 6749, section 5.2.
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    error_description: Option<String>,
    /// Docker Hub's token server.
    #[serde(default)]
    details: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// What it says, in one plain line; empty if nothing that is for people.
pub fn said(body: &[u8]) -> String {
    if let Ok(document) = serde_json::from_slice::<Document>(body) {
        return plain(&document.text());
    }
    match std::str::from_utf8(body) {
        // A proxy's page says nothing in one line.
        Ok(text) if !text.trim_start().starts_with(['<', '{', '[']) => plain(text),
        _ => String::new(),
    }
}

impl Document {
    fn text(&self) -> String {
        if self.errors.is_empty() {
            let parts = [&self.error, &self.error_description, &self.details];
            return parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
        }
        self.errors.iter().take(SHOWN).map(Entry::text).collect::<Vec<_>>().join("; ")
    }
}

impl Entry {
    fn text(&self) -> String {
        match (self.message.as_str(), self.code.as_str()) {
            ("", code) => code.to_owned(),
            (message, "") => message.to_owned(),
            (message, code) => format!("{message} ({code})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_plain_text_are_understood_and_pages_are_not() {
        let check = |body: &str, expected: &str| assert_eq!(said(body.as_bytes()), expected, "{body}");
        check(r#"{"errors":[{"code":"DENIED","message":"no","detail":{"x":[1]}}]}"#, "no (DENIED)");
        check(r#"{"errors":[{"code":"DENIED"},{"message":"b"}]}"#, "DENIED; b");
        check(r#"{"error":"invalid_scope","error_description":"not yours"}"#, "invalid_scope, not yours");
        check(r#"{"details":"incorrect username or password"}"#, "incorrect username or password");
        check("404 page not found\n", "404 page not found");
        check("<html><h1>502</h1>", "");
        check(r#"{"errors":7}"#, "");
    }

    proptest::proptest! {
        #[test]
        fn no_document_is_too_odd(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200), text in ".*") {
            said(&body);
            let entry = serde_json::json!({ "errors": [{ "code": "X", "message": text }] }).to_string();
            proptest::prop_assert!(!said(entry.as_bytes()).chars().any(char::is_control));
        }
    }
}
