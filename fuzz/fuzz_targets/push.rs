//! What a hostile client sends: paths, queries, ranges, and manifests.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use registry::server::depot::Document;
use registry::server::http::fuzz::{part, request};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(document) = Document::read(bytes, None) {
        assert!(document.blobs.is_empty() || document.manifests.is_empty(), "it is one kind of thing");
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    if let Some((name, _)) = request(path, query) {
        assert!(!name.split('/').any(|part| part.is_empty() || part.starts_with('.')), "no path leads out");
    }
    assert!(part(text, 1000).is_none_or(|range| range.start < range.end && range.end <= 1000));
});
