//! Where something is, in words.

use model::finding::Place;

/// A place in words.
pub(crate) fn words(place: &Place) -> String {
    match place {
        Place::File { path, layer, removed: false, .. } => format!("{path} (layer {layer})"),
        Place::File { path, layer, removed: true, .. } => {
            format!("{path} (layer {layer}, for whoever has it: a later layer only hides the file)")
        }
        Place::Environment(name) => format!("the variable {name}"),
        Place::Label(name) => format!("the label {name}"),
        Place::History(number) => format!("step {number} of the history"),
        Place::Configuration => "the configuration".to_owned(),
    }
}
