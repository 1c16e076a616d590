//! What the container looks like from inside, as one value.

pub(crate) mod identity;
pub(crate) mod namespaces;
pub(crate) mod mounts;
pub(crate) mod masks;
pub(crate) mod surroundings;
pub(crate) mod limits;

use crate::json::Json;

/// Everything, section by section.
pub(crate) fn collect() -> Json {
    Json::Object(vec![
        ("identity", identity::section()),
        ("namespaces", namespaces::section()),
        ("mounts", mounts::section()),
        ("masks", masks::section()),
        ("surroundings", surroundings::section()),
        ("limits", limits::section()),
    ])
}
