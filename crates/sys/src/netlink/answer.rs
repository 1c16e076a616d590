//! Messages from the kernel, read without trusting a length.

/// One message of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Which request it answers.
    pub sequence: u32,
    /// What it says.
    pub answer: Answer<'a>,
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// A thing: its kind, and what follows the header.
    Thing(u16, &'a [u8]),
    /// How the request ended: an errno, or zero.
    Ended(i32),
    /// The last of many.
    Done,
}

/// `NLMSG_NOOP`.
const NOTHING: u16 = 1;
/// `NLMSG_ERROR`.
const ERROR: u16 = 2;
/// `NLMSG_DONE`.
const DONE: u16 = 3;
/// `NLMSG_OVERRUN`.
const OVERRUN: u16 = 4;

/// struct nlmsghdr.
const HEADER: usize = 16;

/// The messages of a packet, up to the first that is not one, for which there is a `None`.
pub fn messages(packet: &[u8]) -> impl Iterator<Item = Option<Message<'_>>> {
    let mut rest = Some(packet).filter(|packet| !packet.is_empty());
    std::iter::from_fn(move || {
        let packet = rest.take()?;
        let Some((message, after)) = split(packet) else { return Some(None) };
        rest = Some(after).filter(|after| !after.is_empty());
        Some(Some(message))
    })
}

fn split(packet: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let length = usize::try_from(number(packet, 0)?).ok()?;
    let body = packet.get(HEADER..length)?;
    let sequence = number(packet, 8)?;
    let answer = match short(packet, 4)? {
        ERROR => Answer::Ended(i32::try_from(number(body, 0)?.cast_signed().unsigned_abs()).ok()?),
        // A dump that failed says so in its last message.
        DONE => match number(body, 0).map_or(0, u32::cast_signed) {
            0.. => Answer::Done,
            failed => Answer::Ended(i32::try_from(failed.unsigned_abs()).ok()?),
        },
        OVERRUN => return None,
        kind => Answer::Thing(kind, body),
    };
    Some((Message { sequence, answer }, packet.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

impl Message<'_> {
    /// Whether it only fills space.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self.answer, Answer::Thing(NOTHING, _))
    }
}

/// The attributes behind a fixed part, up to the first that is not one. The two highest bits of a kind only
/// say how its value is written.
pub fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(short(rest, 0)?);
        let kind = short(rest, 2)? & 0x3fff;
        let value = rest.get(4..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// Four bytes from `place` on.
pub fn number(bytes: &[u8], place: usize) -> Option<u32> {
    let four = bytes.get(place..place.checked_add(4)?)?;
    four.try_into().ok().map(u32::from_ne_bytes)
}

fn short(bytes: &[u8], place: usize) -> Option<u16> {
    let two = bytes.get(place..place.checked_add(2)?)?;
    two.try_into().ok().map(u16::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::super::Request;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read() {
        let request = Request::dump(18, &[1, 2, 3]).name(3, "eth0").attribute(7, &[9; 5]);
        let packet = [request.bytes(42), request.bytes(43)].concat();
        let read: Vec<_> = messages(&packet).map(Option::unwrap).collect();
        assert_eq!((read.len(), read[0].sequence, read[1].sequence), (2, 42, 43));
        let Answer::Thing(18, body) = read[0].answer else { panic!("{read:?}") };
        let found: Vec<_> = attributes(&body[4..]).collect();
        assert_eq!(found, [(3, &b"eth0\0"[..]), (7, &[9; 5][..])]);
    }

    #[test]
    fn an_error_is_an_errno_and_zero_is_none() {
        let message = |kind, code: i32| Request::change(kind, &code.to_ne_bytes()).bytes(1);
        for (kind, code, answer) in [
            (ERROR, -19, Answer::Ended(19)),
            (ERROR, 0, Answer::Ended(0)),
            (DONE, 0, Answer::Done),
            (DONE, -4, Answer::Ended(4)),
        ] {
            let packet = message(kind, code);
            assert_eq!(messages(&packet).next(), Some(Some(Message { sequence: 1, answer })));
        }
    }

    #[test]
    fn a_length_that_lies_ends_the_reading() {
        let whole = Request::dump(18, &[0; 16]).bytes(1);
        for length in [0_u32, 15, 100, u32::MAX] {
            let mut packet = whole.clone();
            packet[..4].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(messages(&packet).collect::<Vec<_>>(), [None], "{length}");
        }
        assert_eq!(attributes(&[3, 0, 1, 0]).count(), 0);
        assert_eq!(attributes(&[200, 0, 1, 0, 7]).count(), 0);
    }

    proptest! {
        #[test]
        fn no_packet_is_read_beyond_its_end(packet in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut bytes = 0;
            for message in messages(&packet).flatten() {
                if let Answer::Thing(_, body) = message.answer {
                    bytes += HEADER + body.len();
                    let inside: usize = attributes(body).map(|(_, value)| value.len() + 4).sum();
                    prop_assert!(inside <= body.len());
                }
            }
            prop_assert!(bytes <= packet.len());
        }
    }
}
