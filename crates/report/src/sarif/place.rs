//! Where something is, as SARIF's locations.

use model::finding::Place;
use serde_json::{Value, json};

use super::text::address;

/// What stands for an image's configuration, which is no file in it.
const CONFIGURATION: &str = "image-configuration.json";

/// A file; `outer.jar!inner.jar` is in `outer.jar`.
pub(super) fn file(location: &str, line: u32) -> Value {
    let (file, within) = location.split_once('!').unwrap_or((location, ""));
    let physical = json!({
        "artifactLocation": {"uri": address(file)},
        "region": {"startLine": line.max(1)},
    });
    if within.is_empty() {
        json!({"physicalLocation": physical})
    } else {
        json!({"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": within}]})
    }
}

/// Any place in an image.
pub(super) fn place(place: &Place) -> Value {
    let part = match place {
        Place::File { path, line, .. } => return file(path, *line),
        Place::Environment(name) => format!("config.Env.{name}"),
        Place::Label(name) => format!("config.Labels.{name}"),
        Place::History(number) => format!("history[{number}]"),
        Place::Configuration => "config".to_owned(),
    };
    json!({
        "physicalLocation": {"artifactLocation": {"uri": CONFIGURATION}, "region": {"startLine": 1}},
        "logicalLocations": [{"fullyQualifiedName": part}],
    })
}
