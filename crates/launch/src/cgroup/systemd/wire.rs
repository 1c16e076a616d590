//! Messages of D-Bus as bytes: the little of its specification that systemd needs of us.

use super::{Property, Value};

/// A longer message is not read: systemd's answers to us are a few hundred bytes.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// The fixed part of a header, which says how long the rest is.
pub(super) const FIXED: usize = 16;

const VERSION: u8 = 1;
const LITTLE: u8 = b'l';
const CALL: u8 = 1;

/// Header fields ("Header Fields" in the specification).
mod field {
    pub(super) const PATH: u8 = 1;
    pub(super) const INTERFACE: u8 = 2;
    pub(super) const MEMBER: u8 = 3;
    pub(super) const ERROR: u8 = 4;
    pub(super) const REPLY_TO: u8 = 5;
    pub(super) const DESTINATION: u8 = 6;
    pub(super) const SIGNATURE: u8 = 8;
}

/// Arguments of a call: bytes, and what they are.
#[derive(Debug, Default)]
pub(super) struct Body {
    bytes: Vec<u8>,
    signature: String,
}

/// A call of a method.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// Absent where there is no bus between.
    pub(super) destination: Option<&'a str>,
    pub(super) path: &'a str,
    pub(super) interface: &'a str,
    pub(super) member: &'a str,
    pub(super) body: Body,
}

impl Body {
    pub(super) fn with(mut self, value: &Value) -> Self {
        self.signature.push_str(value.signature());
        value.write(&mut self.bytes);
        self
    }

    pub(super) fn text(self, text: &str) -> Self {
        self.with(&Value::Text(text.to_owned()))
    }

    /// `a(sv)`
    pub(super) fn properties(mut self, properties: &[Property]) -> Self {
        self.signature.push_str("a(sv)");
        array(&mut self.bytes, 8, |bytes| {
            for (name, value) in properties {
                align(bytes, 8);
                text(bytes, name);
                variant(bytes, value);
            }
        });
        self
    }

    /// `a(sa(sv))`, with nothing in it.
    pub(super) fn no_other_units(mut self) -> Self {
        self.signature.push_str("a(sa(sv))");
        array(&mut self.bytes, 8, |_| {});
        self
    }
}

impl Call<'_> {
    pub(super) fn encode(&self, serial: u32) -> Vec<u8> {
        let mut bytes = vec![LITTLE, CALL, 0, VERSION];
        number(&mut bytes, self.body.bytes.len() as u32);
        number(&mut bytes, serial);
        array(&mut bytes, 8, |bytes| {
            let texts = [
                (field::PATH, "o", Some(self.path)),
                (field::INTERFACE, "s", Some(self.interface)),
                (field::MEMBER, "s", Some(self.member)),
                (field::DESTINATION, "s", self.destination),
            ];
            for (code, kind, value) in texts {
                let Some(value) = value else { continue };
                align(bytes, 8);
                bytes.push(code);
                signature(bytes, kind);
                text(bytes, value);
            }
            if !self.body.signature.is_empty() {
                align(bytes, 8);
                bytes.push(field::SIGNATURE);
                signature(bytes, "g");
                signature(bytes, &self.body.signature);
            }
        });
        align(&mut bytes, 8);
        bytes.extend(&self.body.bytes);
        bytes
    }
}

pub(super) fn align(bytes: &mut Vec<u8>, to: usize) {
    bytes.resize(bytes.len().next_multiple_of(to), 0);
}

pub(super) fn number(bytes: &mut Vec<u8>, number: u32) {
    align(bytes, 4);
    bytes.extend(number.to_le_bytes());
}

pub(super) fn text(bytes: &mut Vec<u8>, text: &str) {
    number(bytes, text.len() as u32);
    bytes.extend(text.as_bytes());
    bytes.push(0);
}

fn signature(bytes: &mut Vec<u8>, signature: &str) {
    bytes.push(signature.len() as u8);
    bytes.extend(signature.as_bytes());
    bytes.push(0);
}

fn variant(bytes: &mut Vec<u8>, value: &Value) {
    signature(bytes, value.signature());
    value.write(bytes);
}

/// The length comes first, and does not count what aligns the first element.
pub(super) fn array(bytes: &mut Vec<u8>, alignment: usize, write: impl FnOnce(&mut Vec<u8>)) {
    number(bytes, 0);
    let place = bytes.len() - 4;
    align(bytes, alignment);
    let start = bytes.len();
    write(bytes);
    let length = (bytes.len() - start) as u32;
    if let Some(hole) = bytes.get_mut(place..place + 4) {
        hole.copy_from_slice(&length.to_le_bytes());
    }
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Answer,
    Error,
    Signal,
    Other,
}

/// A message that has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusMessage {
    pub(super) kind: Kind,
    pub(super) reply_to: Option<u32>,
    /// The interface's or the error's name, and the member's.
    pub(super) interface: String,
    pub(super) member: String,
    pub(super) error: String,
    /// The arguments that are texts, paths or numbers, up to the first that is none.
    pub(super) words: Vec<String>,
}

impl BusMessage {
    /// How long a message is whose first bytes these are; `None` if it is none, or too long.
    pub(super) fn length(fixed: &[u8; FIXED]) -> Option<usize> {
        let mut reader = Reader { bytes: fixed, at: 0, little: *fixed.first()? == LITTLE };
        reader.at = 4;
        let body = reader.number()? as usize;
        reader.at = 12;
        let fields = reader.number()? as usize;
        if body > MOST_BYTES || fields > MOST_BYTES {
            return None;
        }
        Some((FIXED + fields).next_multiple_of(8) + body).filter(|length| *length <= MOST_BYTES)
    }

    /// Reads a whole message; `None` if it is none.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let fixed: &[u8; FIXED] = bytes.first_chunk()?;
        if Self::length(fixed)? != bytes.len()
            || !matches!(fixed.first()?, b'l' | b'B')
            || *fixed.get(3)? != VERSION
        {
            return None;
        }
        let kind = match fixed.get(1)? {
            2 => Kind::Answer,
            3 => Kind::Error,
            4 => Kind::Signal,
            _ => Kind::Other,
        };
        let mut reader = Reader { bytes, at: 4, little: *fixed.first()? == LITTLE };
        let body = reader.number()? as usize;
        let mut message = Self {
            kind,
            reply_to: None,
            interface: String::new(),
            member: String::new(),
            error: String::new(),
            words: Vec::new(),
        };
        let signature = message.fields(&mut reader)?;
        reader.at = bytes.len().checked_sub(body)?;
        // The body is aligned by itself.
        let mut reader = Reader { bytes: bytes.get(reader.at..)?, at: 0, little: reader.little };
        message.words = reader.words(&signature)?;
        Some(message)
    }

    /// The signature of the body, for the caller.
    fn fields(&mut self, reader: &mut Reader<'_>) -> Option<String> {
        reader.at = 12;
        let end = FIXED.checked_add(reader.number()? as usize)?;
        let mut signature = String::new();
        while reader.at < end {
            reader.align(8)?;
            let code = reader.byte()?;
            let kind = reader.signature()?;
            let mut words = reader.words(&kind)?;
            let word = (words.len() == kind.len()).then(|| words.pop()).flatten()?;
            match code {
                field::INTERFACE => self.interface = word,
                field::MEMBER => self.member = word,
                field::ERROR => self.error = word,
                field::REPLY_TO => self.reply_to = word.parse().ok(),
                field::SIGNATURE => signature = word,
                _ => {}
            }
        }
        (reader.at == end).then_some(signature)
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    little: bool,
}

impl Reader<'_> {
    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn align(&mut self, to: usize) -> Option<()> {
        let padding = self.at.next_multiple_of(to) - self.at;
        self.take(padding).map(drop)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn fixed<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        self.align(LENGTH)?;
        let little = self.little;
        let mut bytes: [u8; LENGTH] = self.take(LENGTH)?.try_into().ok()?;
        if !little {
            bytes.reverse();
        }
        Some(bytes)
    }

    fn number(&mut self) -> Option<u32> {
        self.fixed().map(u32::from_le_bytes)
    }

    /// A text of this length, and the zero behind it.
    fn text(&mut self, length: usize) -> Option<String> {
        let text = std::str::from_utf8(self.take(length)?).ok()?.to_owned();
        (self.byte()? == 0).then_some(text)
    }

    fn signature(&mut self) -> Option<String> {
        let length = self.byte()?;
        self.text(usize::from(length))
    }

    /// Values of simple types, up to the first that is none. A variant is what is in it.
    fn words(&mut self, signature: &str) -> Option<Vec<String>> {
        let mut words = Vec::new();
        for kind in signature.bytes() {
            let kind = match kind {
                b'v' => match self.signature()?.as_bytes() {
                    [inner] => *inner,
                    _ => return Some(words),
                },
                kind => kind,
            };
            words.push(match kind {
                b's' | b'o' => {
                    let length = self.number()? as usize;
                    self.text(length)?
                }
                b'g' => self.signature()?,
                b'y' => self.byte()?.to_string(),
                b'b' | b'u' => self.number()?.to_string(),
                b'i' => self.number()?.cast_signed().to_string(),
                b't' => u64::from_le_bytes(self.fixed()?).to_string(),
                b'x' => i64::from_le_bytes(self.fixed()?).to_string(),
                b'q' => u16::from_le_bytes(self.fixed()?).to_string(),
                b'n' => i16::from_le_bytes(self.fixed()?).to_string(),
                _ => return Some(words),
            });
        }
        Some(words)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A message as a bus would send it: `fields` are code, type and value.
    pub(in super::super) fn message(kind: u8, fields: &[(u8, &str, Value)], body: Body) -> Vec<u8> {
        let mut bytes = vec![LITTLE, kind, 0, VERSION];
        number(&mut bytes, body.bytes.len() as u32);
        number(&mut bytes, 7);
        array(&mut bytes, 8, |bytes| {
            for (code, kind, value) in fields {
                align(bytes, 8);
                bytes.push(*code);
                signature(bytes, kind);
                value.write(bytes);
            }
            align(bytes, 8);
            bytes.push(field::SIGNATURE);
            signature(bytes, "g");
            signature(bytes, &body.signature);
        });
        align(&mut bytes, 8);
        bytes.extend(&body.bytes);
        bytes
    }

    fn job_removed() -> Vec<u8> {
        let body = Body::default().with(&Value::U32(9)).text("/job/9").text("a.scope").text("done");
        let fields = [
            (field::INTERFACE, "s", Value::Text("org.freedesktop.systemd1.Manager".into())),
            (field::MEMBER, "s", Value::Text("JobRemoved".into())),
        ];
        message(4, &fields, body)
    }

    #[test]
    fn a_signal_is_read() {
        let signal = BusMessage::parse(&job_removed()).unwrap();
        assert_eq!((signal.kind, signal.member.as_str()), (Kind::Signal, "JobRemoved"));
        assert_eq!(signal.words, ["9", "/job/9", "a.scope", "done"]);
    }

    #[test]
    fn a_call_is_laid_out_as_the_specification_says() {
        let body = Body::default().text("x").properties(&[("Delegate".into(), Value::Bool(true))]);
        let call = Call { destination: None, path: "/o", interface: "i.f", member: "M", body };
        let bytes = call.encode(2);
        assert_eq!(&bytes[..4], b"l\x01\0\x01");
        // Read back as any other message, up to what is no simple value.
        let read = BusMessage::parse(&bytes).unwrap();
        assert_eq!((read.interface.as_str(), read.member.as_str()), ("i.f", "M"));
        assert_eq!(read.words, ["x"]);
        // `x` takes 6 bytes, the array begins at 8 with its length, and its element at 16.
        let body = &bytes[bytes.len() - 36..];
        assert_eq!(&body[..6], b"\x01\0\0\0x\0");
        assert_eq!(&body[8..12], [20, 0, 0, 0], "13 for the name, 3 for the signature, 4 for the value");
    }

    #[test]
    fn a_message_that_is_too_long_is_none() {
        let mut bytes = job_removed();
        bytes[4..8].copy_from_slice(&(MOST_BYTES as u32 + 1).to_le_bytes());
        assert_eq!(BusMessage::length(bytes.first_chunk().unwrap()), None);
        assert_eq!(BusMessage::parse(&bytes), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _message = BusMessage::parse(&bytes);
        }

        #[test]
        fn a_message_with_other_bytes_in_it_is_a_message_or_none(at in 0_usize..120, byte: u8, cut in 0_usize..200) {
            let mut bytes = job_removed();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.truncate(cut);
            let _message = BusMessage::parse(&bytes);
        }
    }
}
