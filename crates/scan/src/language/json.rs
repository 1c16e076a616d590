//! JSON that others wrote: what is wanted of it, whatever else there is.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Deserializer, Map, Value};

use super::malformed;
use crate::content::Flaw;
use crate::scalars::scalars_count_as;

/// The most licences of a package.
const MOST_LICENCES: usize = 32;

/// Reads a document as a whole.
pub(super) fn document<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, Flaw> {
    serde_json::from_slice(without_mark(bytes)).map_err(|error| malformed(what, error.to_string()))
}

/// Those members of an object that are wanted. One that is given twice counts as it is given last, which is how
/// package managers read it; a reader that refuses it would let a package hide.
pub(super) fn members(
    bytes: &[u8],
    wanted: &'static [&'static str],
    what: &'static str,
) -> Result<Map<String, Value>, Flaw> {
    let mut deserializer = Deserializer::from_slice(without_mark(bytes));
    Members(wanted).deserialize(&mut deserializer).map_err(|error| malformed(what, error.to_string()))
}

/// A member's text; empty where it is none.
pub(super) fn text<'a>(members: &'a Map<String, Value>, name: &str) -> &'a str {
    members.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a member that is one or has some: licences as `package.json` and `composer.json` give them, each
/// by itself, by its `type` or by its `name`.
pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => super::licence(text),
        Value::Object(members) => super::licence(
            members.get("type").or_else(|| members.get("name")).and_then(Value::as_str).unwrap_or_default(),
        ),
        _ => None,
    };
    match value {
        Some(Value::Array(values)) => values.iter().take(MOST_LICENCES).filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The same, of a document with many packages: what is not wanted of it is not kept.
#[derive(Debug, Default)]
pub(super) struct Licences(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Licences {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Forms).map(Self)
    }
}

struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = Vec<String>;

    scalars_count_as!(Vec::new());

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("licences")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(super::licence(text).into_iter().collect())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Vec<String>, A::Error> {
        let mut licences = Vec::new();
        while licences.len() < MOST_LICENCES
            && let Some(Licences(one)) = access.next_element()?
        {
            licences.extend(one);
        }
        IgnoredAny.visit_seq(access).map(|_| licences)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Vec<String>, A::Error> {
        let mut licence = None;
        while let Some(name) = access.next_key::<Cow<'de, str>>()? {
            match name.as_ref() {
                "type" | "name" if licence.is_none() => {
                    licence = super::licence(&access.next_value::<Lenient>()?.0)
                }
                _ => access.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(licence.into_iter().collect())
    }
}

/// Text that somebody may have written as something else: then it counts as empty.
#[derive(Debug, Default)]
pub(super) struct Lenient(pub(super) String);

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Leniently)
    }
}

struct Leniently;

impl<'de> Visitor<'de> for Leniently {
    type Value = Lenient;

    scalars_count_as!(Lenient::default());

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Lenient, E> {
        Ok(Lenient(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<Lenient, A::Error> {
        IgnoredAny.visit_seq(access).map(|_| Lenient::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Lenient, A::Error> {
        IgnoredAny.visit_map(access).map(|_| Lenient::default())
    }
}

/// What some editors put before a document.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

struct Members(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Members {
    type Value = Map<String, Value>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members {
    type Value = Map<String, Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<Cow<'de, str>>()? {
            if self.0.contains(&name.as_ref()) {
                members.insert(name.into_owned(), access.next_value()?);
            } else {
                access.next_value::<IgnoredAny>()?;
            }
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_twice_counts_as_given_last() {
        let bytes = b"\xef\xbb\xbf{\"name\":\"a\",\"other\":[[{}]],\"na\\u006de\":\"b\"}";
        let members = members(bytes, &["name"], "package.json").unwrap();
        assert_eq!(text(&members, "name"), "b");
        assert_eq!(members.len(), 1);
    }

    #[test]
    fn licences_have_many_forms() {
        let of = |text: &str| texts(Some(&serde_json::from_str(text).unwrap()));
        assert_eq!(of(r#""MIT""#), ["MIT"]);
        assert_eq!(of(r#"{"type":"MIT","url":"x"}"#), ["MIT"]);
        assert_eq!(of(r#"[{"name":"MIT"},"ISC",7]"#), ["MIT", "ISC"]);
        assert!(of("{}").is_empty());
        for (text, expected) in [
            (r#""MIT""#, &["MIT"][..]),
            (r#"{"type":"MIT","url":"x"}"#, &["MIT"]),
            (r#"[{"url":[7],"name":"MIT"},"ISC",7,null,true,-1,0.5]"#, &["MIT", "ISC"]),
            ("{}", &[]),
        ] {
            assert_eq!(serde_json::from_str::<Licences>(text).unwrap().0, expected, "{text}");
        }
        let many = format!("[{}7]", "\"MIT\",".repeat(100));
        assert_eq!(serde_json::from_str::<Licences>(&many).unwrap().0.len(), MOST_LICENCES);
    }

    #[test]
    fn depth_has_a_limit() {
        let bytes = format!("{{\"name\":{}", "[".repeat(100_000));
        assert!(members(bytes.as_bytes(), &["name"], "package.json").is_err());
    }
}
