//! JSON that is larger than what is wanted of it: each part is taken up as it comes by, nothing is kept of the rest,
//! and what is of another kind than it should be counts as absent.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::collect::Collector;
use crate::scalars::scalars_count_as;

/// The most parts of a package that are looked at: its licences, its properties.
const MOST_PARTS: usize = 256;

/// Something that an object stands for.
pub(super) trait Taker: Default {
    /// Takes up a member, or leaves it.
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Member<'_, A>,
        collector: &mut Collector,
    ) -> Result<(), A::Error>;

    /// Hands over what the object said, once it has been read.
    fn done(self, _: &mut Collector) {}
}

/// The value of a member, which has to be read as something or left.
pub(super) struct Member<'a, A>(&'a mut A);

impl<'de, A: MapAccess<'de>> Member<'_, A> {
    pub(super) fn leave(self) -> Result<(), A::Error> {
        self.0.next_value::<IgnoredAny>().map(drop)
    }

    pub(super) fn text(self) -> Result<String, A::Error> {
        self.0.next_value::<Text>().map(|text| text.0)
    }

    /// An object.
    pub(super) fn object<T: Taker>(self, taker: &mut T, collector: &mut Collector) -> Result<(), A::Error> {
        self.0.next_value_seed(Object(taker, collector))
    }

    /// A list of objects, of which each hands over what it said.
    pub(super) fn each<T: Taker>(self, collector: &mut Collector) -> Result<(), A::Error> {
        self.0.next_value_seed(List::new(collector, |taker: T, collector: &mut Collector| {
            taker.done(collector)
        }))
    }

    /// A list of objects, the first of which are kept.
    pub(super) fn list<T: Taker>(self, collector: &mut Collector) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        let keep = |taker: T, _: &mut Collector| {
            if list.len() < MOST_PARTS {
                list.push(taker);
            }
        };
        self.0.next_value_seed(List::new(collector, keep))?;
        Ok(list)
    }
}

/// Reads a document.
pub(super) fn document<T: Taker>(
    bytes: &[u8],
    taker: &mut T,
    collector: &mut Collector,
) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    Object(taker, collector).deserialize(&mut deserializer)?;
    deserializer.end()
}

/// An object of which some texts are wanted.
macro_rules! takes_texts {
    ($type:ty, $($name:literal => $field:ident),+) => {
        impl Taker for $type {
            fn member<'de, A: MapAccess<'de>>(
                &mut self,
                name: &str,
                value: Member<'_, A>,
                _: &mut Collector,
            ) -> Result<(), A::Error> {
                match name {
                    $($name => self.$field = value.text()?,)+
                    _ => value.leave()?,
                }
                Ok(())
            }
        }
    };
}
pub(super) use takes_texts;

#[derive(Default)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    scalars_count_as!(Text::default());

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<Text, A::Error> {
        IgnoredAny.visit_seq(access).map(|_| Text::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Text, A::Error> {
        IgnoredAny.visit_map(access).map(|_| Text::default())
    }
}

struct Object<'a, T>(&'a mut T, &'a mut Collector);

impl<'de, T: Taker> DeserializeSeed<'de> for Object<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Taker> Visitor<'de> for Object<'_, T> {
    type Value = ();

    scalars_count_as!(());

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        IgnoredAny.visit_seq(access).map(drop)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some(name) = access.next_key::<Cow<'de, str>>()? {
            self.0.member(&name, Member(&mut access), self.1)?;
        }
        Ok(())
    }
}

/// What is made of each object of a list.
struct List<'a, T, F> {
    finish: F,
    collector: &'a mut Collector,
    of: PhantomData<T>,
}

impl<'a, T: Taker, F: FnMut(T, &mut Collector)> List<'a, T, F> {
    fn new(collector: &'a mut Collector, finish: F) -> Self {
        Self { finish, collector, of: PhantomData }
    }
}

impl<'de, T: Taker, F: FnMut(T, &mut Collector)> DeserializeSeed<'de> for List<'_, T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Taker, F: FnMut(T, &mut Collector)> Visitor<'de> for List<'_, T, F> {
    type Value = ();

    scalars_count_as!(());

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        IgnoredAny.visit_map(access).map(drop)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<(), A::Error> {
        loop {
            let mut taker = T::default();
            if access.next_element_seed(Object(&mut taker, self.collector))?.is_none() {
                return Ok(());
            }
            (self.finish)(taker, self.collector);
        }
    }
}
