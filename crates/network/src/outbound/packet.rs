//! Packets of a container, read without trusting a length. Checksums are not looked at: nothing lies between
//! the container and us that could have changed a bit.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Between whom something flows, as the container sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    /// In the container.
    pub(super) source: SocketAddr,
    /// Outside.
    pub(super) target: SocketAddr,
}

/// A packet that somebody may want to go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// From whom to whom.
    pub(super) pair: Pair,
    /// What it carries.
    pub(super) content: Content<'a>,
    /// All of it, from its IP header on.
    pub(super) whole: &'a [u8],
}

/// What a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content<'a> {
    /// TCP.
    Segment(Segment<'a>),
    /// UDP.
    Datagram(&'a [u8]),
}

/// A segment of TCP (RFC 9293, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) sequence: u32,
    pub(super) acknowledged: u32,
    pub(super) flags: u8,
    pub(super) window: u16,
    /// Largest segment that the container takes; with SYN only.
    pub(super) largest: Option<u16>,
    /// By how many bits its windows are shifted; with SYN only.
    pub(super) scale: Option<u8>,
    pub(super) payload: &'a [u8],
}

/// Flags of a segment.
pub(super) mod flag {
    pub(in super::super) const FIN: u8 = 0x01;
    pub(in super::super) const SYN: u8 = 0x02;
    pub(in super::super) const RST: u8 = 0x04;
    pub(in super::super) const PSH: u8 = 0x08;
    pub(in super::super) const ACK: u8 = 0x10;
}

impl Segment<'_> {
    /// Whether it has the flag.
    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Protocol numbers.
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;

/// Highest shift of a window (RFC 7323, section 2.3).
const MAX_SCALE: u8 = 14;

/// Reads a packet; `None` for what is malformed, a fragment, or of another protocol.
pub(super) fn parse(bytes: &[u8]) -> Option<Packet<'_>> {
    let envelope = match bytes.first()? >> 4 {
        4 => four(bytes)?,
        6 => six(bytes)?,
        _ => return None,
    };
    let ports = |body| Some((short(body, 0)?, short(body, 2)?));
    let (from, to) = ports(envelope.body)?;
    let content = match envelope.protocol {
        TCP => Content::Segment(segment(envelope.body)?),
        UDP => Content::Datagram(datagram(envelope.body)?),
        _ => return None,
    };
    let pair =
        Pair { source: SocketAddr::new(envelope.source, from), target: SocketAddr::new(envelope.target, to) };
    // Port 0 is nobody's.
    (from != 0 && to != 0).then_some(Packet { pair, content, whole: envelope.whole })
}

/// What both kinds of IP say.
struct Envelope<'a> {
    source: IpAddr,
    target: IpAddr,
    protocol: u8,
    body: &'a [u8],
    whole: &'a [u8],
}

/// RFC 791, section 3.1.
fn four(bytes: &[u8]) -> Option<Envelope<'_>> {
    let header = usize::from(bytes.first()? & 0xf) * 4;
    let whole = bytes.get(..usize::from(short(bytes, 2)?))?;
    let fragment = short(bytes, 6)? & 0x3fff;
    if header < 20 || fragment != 0 {
        return None;
    }
    let address = |place| Some(Ipv4Addr::from_bits(number(whole, place)?).into());
    let (source, target) = (address(12)?, address(16)?);
    Some(Envelope { source, target, protocol: *whole.get(9)?, body: whole.get(header..)?, whole })
}

/// RFC 8200, section 3. What has further headers is not for us.
fn six(bytes: &[u8]) -> Option<Envelope<'_>> {
    let whole = bytes.get(..usize::from(short(bytes, 4)?) + 40)?;
    let address = |place: usize| {
        let octets: [u8; 16] = whole.get(place..place + 16)?.try_into().ok()?;
        Some(Ipv6Addr::from(octets).into())
    };
    let (source, target) = (address(8)?, address(24)?);
    Some(Envelope { source, target, protocol: *whole.get(6)?, body: whole.get(40..)?, whole })
}

fn segment(body: &[u8]) -> Option<Segment<'_>> {
    let header = usize::from(*body.get(12)? >> 4) * 4;
    let options = body.get(20..header)?;
    let (largest, scale) = options_of(options);
    Some(Segment {
        sequence: number(body, 4)?,
        acknowledged: number(body, 8)?,
        flags: *body.get(13)?,
        window: short(body, 14)?,
        largest,
        scale,
        payload: body.get(header..)?,
    })
}

/// The two options that matter, up to the first that is none (RFC 9293, section 3.2; RFC 7323, section 2.2).
fn options_of(mut options: &[u8]) -> (Option<u16>, Option<u8>) {
    let (mut largest, mut scale) = (None, None);
    loop {
        options = match options {
            [] | [0, ..] => return (largest, scale),
            [1, rest @ ..] => rest,
            [2, 4, high, low, rest @ ..] => {
                largest = Some(u16::from_be_bytes([*high, *low]));
                rest
            }
            [3, 3, shift, rest @ ..] => {
                scale = Some((*shift).min(MAX_SCALE));
                rest
            }
            [_, length, ..] if *length >= 2 => options.get(usize::from(*length)..).unwrap_or_default(),
            _ => return (largest, scale),
        };
    }
}

/// RFC 768.
fn datagram(body: &[u8]) -> Option<&[u8]> {
    body.get(8..usize::from(short(body, 4)?))
}

fn short(bytes: &[u8], place: usize) -> Option<u16> {
    let two = bytes.get(place..place + 2)?;
    two.try_into().ok().map(u16::from_be_bytes)
}

fn number(bytes: &[u8], place: usize) -> Option<u32> {
    let four = bytes.get(place..place + 4)?;
    four.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::frame::tests::{datagram_of, pair, segment_of};
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for six in [false, true] {
            let pair = pair(six);
            let bytes = segment_of(pair, 7, 9, flag::SYN | flag::ACK, b"payload");
            let Some(Packet { pair: read, content: Content::Segment(segment), whole }) = parse(&bytes) else {
                panic!("no segment")
            };
            assert_eq!((read, whole), (pair, &bytes[..]));
            assert_eq!((segment.sequence, segment.acknowledged, segment.payload), (7, 9, &b"payload"[..]));
            assert!(segment.has(flag::SYN) && segment.has(flag::ACK) && !segment.has(flag::FIN));
            assert_eq!((segment.largest, segment.scale), (Some(65_495 - 20 * u16::from(six)), Some(7)));
            let bytes = datagram_of(pair, b"question");
            assert_eq!(parse(&bytes).unwrap().content, Content::Datagram(b"question"));
        }
    }

    #[test]
    fn what_lies_about_its_length_is_a_fragment_or_another_protocol_is_nothing() {
        let whole = datagram_of(pair(false), b"question");
        assert!(parse(&whole).is_some());
        let changed = |place: usize, byte: u8| {
            let mut bytes = whole.clone();
            bytes[place] = byte;
            bytes
        };
        // Version, header length, total length, more fragments, protocol, length and port of the datagram.
        for (place, byte) in
            [(0, 0x75), (0, 0x44), (0, 0x4f), (2, 0xff), (3, 10), (6, 0x20), (9, 50), (25, 7), (25, 200)]
        {
            assert_eq!(parse(&changed(place, byte)), None, "{place} {byte}");
        }
        for length in 0..whole.len() {
            assert_eq!(parse(&whole[..length]), None, "{length}");
        }
    }

    #[test]
    fn options_end_where_they_make_no_sense() {
        assert_eq!(options_of(&[2, 4, 5, 180, 1, 3, 3, 20]), (Some(1460), Some(14)));
        assert_eq!(options_of(&[8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 2, 0]), (None, Some(2)));
        assert_eq!(options_of(&[8, 0, 3, 3, 2]), (None, None));
        assert_eq!(options_of(&[8, 200, 3, 3, 2]), (None, None));
        assert_eq!(options_of(&[3]), (None, None));
    }

    proptest! {
        #[test]
        fn nothing_is_read_beyond_a_packet(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
            version in 4..7_u8,
            protocol in prop::sample::select(vec![TCP, UDP]),
        ) {
            if let Some(first) = bytes.first_mut() {
                *first = version << 4 | 5;
            }
            let place = if version == 6 { 6 } else { 9 };
            if let Some(byte) = bytes.get_mut(place) {
                *byte = protocol;
            }
            if let Some(packet) = parse(&bytes) {
                prop_assert!(packet.whole.len() <= bytes.len());
                let payload = match packet.content {
                    Content::Segment(segment) => segment.payload,
                    Content::Datagram(payload) => payload,
                };
                prop_assert!(payload.len() + 28 <= packet.whole.len());
            }
        }
    }
}
