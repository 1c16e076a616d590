//! JSON by hand: members that say nothing are left out.

use serde_json::{Map, Value};

/// An object of the members that have a value.
pub(crate) fn object<const COUNT: usize>(members: [(&str, Value); COUNT]) -> Value {
    let members = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

/// A text, or nothing where it is empty.
pub(crate) fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::from(text) }
}

/// A list, or nothing where it is empty.
pub(crate) fn list(values: impl IntoIterator<Item = Value>) -> Value {
    let values: Vec<Value> = values.into_iter().collect();
    if values.is_empty() { Value::Null } else { Value::Array(values) }
}

/// A document as text, ended as text files end.
pub(crate) fn document(value: &Value) -> String {
    format!("{value:#}\n")
}
