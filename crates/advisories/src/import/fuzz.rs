//! What fuzz targets and property tests call: hostile bytes in, nothing but an answer out.

use super::open::Input;
use super::output::Output;
use super::{Count, Format, Limits, import_stream, read};

/// Small enough that a fuzzer meets them.
const LIMITS: Limits =
    Limits { documents: 1000, bytes: 8 << 20, document: 1 << 20, record: 1 << 20, depth: 4 };

/// Reads `bytes` as whatever they look like, an archive too; returns how many records they hold.
#[must_use]
pub fn anything(name: &str, mut bytes: &[u8]) -> u64 {
    let imported = import_stream(name, &mut bytes, &LIMITS, &mut |_| {}).unwrap_or_default();
    imported.formats.values().map(|count| count.records).sum()
}

/// Reads `bytes` as a document of `format`, whatever they look like; returns what came of them.
#[must_use]
pub fn document(format: Format, mut bytes: &[u8]) -> Count {
    let mut count = Count::default();
    let mut each = |_| {};
    let mut output = Output::new("fuzz", &mut count, &mut each);
    if let Ok(mut input) = Input::new(&mut bytes) {
        let _refused = read::document(format, &mut input, &LIMITS, &mut output);
    }
    count
}
