//! Long JSON, of which one record at a time is in memory.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Deserializer, Value};

use crate::import::output::Output;
use crate::import::{ImportError, Limits};

/// Where the records are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Level {
    /// They are the document: a list of them, or an object with one in each field.
    Top,
    /// They are a list in this field.
    Field(&'static str),
}

/// What is done with each record; the first argument is the name of its field, if it is in one.
type Record<'a> = dyn FnMut(&str, Value, &mut Output<'_>) + 'a;

/// Reads a document's records one after the other.
///
/// # Errors
/// What is wrong with the stream.
pub(super) fn each(
    input: &mut dyn Read,
    level: Level,
    limits: &Limits,
    output: &mut Output<'_>,
    record: &mut Record<'_>,
) -> Result<(), ImportError> {
    let left = Cell::new(limits.record);
    let paced = Paced { input, left: &left };
    let mut json = Deserializer::from_reader(BufReader::with_capacity(64 << 10, paced));
    let records = Records { level, left: &left, most: limits.record, output, record };
    match json.deserialize_any(records) {
        Ok(()) => Ok(()),
        Err(error) if error.is_io() => {
            Err(ImportError::Read { path: output.source().to_owned(), cause: error.into() })
        }
        Err(error) => {
            output.skip("", error.to_string());
            Ok(())
        }
    }
}

/// A reader that gives up on a record that is too long to be one.
struct Paced<'a> {
    input: &'a mut dyn Read,
    left: &'a Cell<u64>,
}

impl Read for Paced<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        let left = self.left.get().checked_sub(length as u64);
        self.left.set(left.ok_or_else(|| io::Error::other("one of its records is too long"))?);
        Ok(length)
    }
}

struct Records<'a, 'o> {
    level: Level,
    left: &'a Cell<u64>,
    most: u64,
    output: &'a mut Output<'o>,
    record: &'a mut Record<'a>,
}

impl Records<'_, '_> {
    fn take(&mut self, name: &str, value: Value) {
        self.left.set(self.most);
        (self.record)(name, value, self.output);
    }
}

impl<'de> Visitor<'de> for Records<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("records")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element()? {
            self.take("", value);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match self.level {
                Level::Top => {
                    let value = map.next_value()?;
                    self.take(&name, value);
                }
                Level::Field(field) if name == field => map.next_value_seed(List(&mut self))?,
                Level::Field(_) => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The list in the field that was asked for.
struct List<'r, 'a, 'o>(&'r mut Records<'a, 'o>);

impl<'de> DeserializeSeed<'de> for List<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element()? {
            self.0.take("", value);
        }
        Ok(())
    }
}
