//! Packets for a container: headers that are written anew for each, payloads that stay where they are.

use std::io::IoSlice;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use sys::tun::{HEADER, NEEDS_CHECKSUM};

use super::device::{MTU, octets};
use super::packet::{Pair, TCP, UDP, flag};

/// Bytes of the headers of IP, and of the plain one of TCP.
const FOUR: usize = 20;
const SIX: usize = 40;
const SEGMENT: usize = 20;

/// What a router gives a packet at its start.
const HOPS: u8 = 64;

/// By how many bits our windows are shifted.
pub(super) const SCALE: u8 = 7;

/// Most bytes of a packet that an ICMP error shows (RFC 4443, section 3.1; RFC 1812, section 4.3.2.3).
const QUOTED: usize = 500;

/// The largest payload of a segment to or from that address.
pub(super) fn largest(address: IpAddr) -> u16 {
    room(address).saturating_sub(20)
}

/// Bytes of a packet beyond its IP header.
fn room(address: IpAddr) -> u16 {
    MTU.saturating_sub(if address.is_ipv4() { 20 } else { 40 })
}

/// What a segment says besides its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Says {
    pub(super) sequence: u32,
    pub(super) acknowledged: u32,
    pub(super) flags: u8,
    pub(super) window: u16,
}

/// Writes packets to the container's device. What the kernel has no room for is lost, as packets are.
#[derive(Debug)]
pub(super) struct Frames<'a> {
    device: BorrowedFd<'a>,
    /// The headers of the one that is being written.
    header: Vec<u8>,
}

impl<'a> Frames<'a> {
    pub(super) fn new(device: BorrowedFd<'a>) -> Self {
        Self { device, header: Vec::with_capacity(HEADER + SIX + SEGMENT + 8) }
    }

    /// A segment from the target to the source of `pair`; a SYN has our options.
    pub(super) fn segment(&mut self, pair: Pair, says: Says, payload: [&[u8]; 2]) {
        let options = match says.flags & flag::SYN {
            0 => Vec::new(),
            _ => {
                let [high, low] = largest(pair.source.ip()).to_be_bytes();
                vec![2, 4, high, low, 1, 3, 3, SCALE]
            }
        };
        let length = SEGMENT + options.len() + payload.iter().map(|part| part.len()).sum::<usize>();
        let sum = self.envelope(pair, TCP, length, Some(16));
        self.ports(pair);
        self.header.extend_from_slice(&says.sequence.to_be_bytes());
        self.header.extend_from_slice(&says.acknowledged.to_be_bytes());
        let words = u8::try_from((SEGMENT + options.len()) / 4).unwrap_or_default();
        self.header.extend_from_slice(&[words << 4, says.flags]);
        self.header.extend_from_slice(&says.window.to_be_bytes());
        self.header.extend_from_slice(&sum.to_be_bytes());
        self.header.extend_from_slice(&[0, 0]);
        self.header.extend_from_slice(&options);
        self.send(payload);
    }

    /// A datagram from the target to the source of `pair`. What is larger than a packet is dropped.
    pub(super) fn datagram(&mut self, pair: Pair, payload: &[u8]) {
        let length = 8 + payload.len();
        let Some(short) = u16::try_from(length).ok().filter(|short| *short <= room(pair.source.ip())) else {
            return;
        };
        let sum = self.envelope(pair, UDP, length, Some(6));
        self.ports(pair);
        self.header.extend_from_slice(&short.to_be_bytes());
        self.header.extend_from_slice(&sum.to_be_bytes());
        self.send([payload, &[]]);
    }

    /// Says that a packet cannot be delivered: nobody has its port.
    pub(super) fn unreachable(&mut self, pair: Pair, packet: &[u8]) {
        let quoted = packet.get(..QUOTED).unwrap_or(packet);
        let (protocol, kind) = if pair.source.is_ipv4() { (1, [3, 3]) } else { (58, [1, 4]) };
        let pseudo = self.envelope(pair, protocol, 8 + quoted.len(), None);
        // ICMP for IPv4 has no pseudo header.
        let pseudo = if pair.source.is_ipv4() { 0 } else { u32::from(pseudo) };
        let sum = !folded(added(added(pseudo, &kind), quoted));
        self.header.extend_from_slice(&kind);
        self.header.extend_from_slice(&sum.to_be_bytes());
        self.header.extend_from_slice(&[0; 4]);
        self.send([quoted, &[]]);
    }

    /// Begins a packet of `length` bytes beyond its IP header, and returns the sum of its pseudo header. The
    /// kernel takes a checksum for right that begins behind the IP header and belongs at `checksum` there.
    fn envelope(&mut self, pair: Pair, protocol: u8, length: usize, checksum: Option<u16>) -> u16 {
        let header = &mut self.header;
        header.clear();
        let start = if pair.source.is_ipv4() { FOUR } else { SIX };
        let start = u16::try_from(start).unwrap_or_default();
        let (flags, start, offset) = checksum.map_or((0, 0, 0), |offset| (NEEDS_CHECKSUM, start, offset));
        let [start, offset] = [start, offset].map(u16::to_ne_bytes);
        header.extend_from_slice(&[flags, 0, 0, 0, 0, 0]);
        header.extend_from_slice(&start);
        header.extend_from_slice(&offset);
        let (from, to) = (octets(pair.target.ip()), octets(pair.source.ip()));
        let short = |length: usize| u16::try_from(length).unwrap_or_default().to_be_bytes();
        if pair.source.is_ipv4() {
            let [high, low] = short(length + FOUR);
            let fixed = [0x45, 0, high, low, 0, 0, 0x40, 0, HOPS, protocol];
            let sum = !folded(added(added(added(0, &fixed), &from), &to));
            header.extend_from_slice(&fixed);
            header.extend_from_slice(&sum.to_be_bytes());
        } else {
            let [high, low] = short(length);
            header.extend_from_slice(&[0x60, 0, 0, 0, high, low, protocol, HOPS]);
        }
        header.extend_from_slice(&from);
        header.extend_from_slice(&to);
        let length = u32::try_from(length).unwrap_or_default() + u32::from(protocol);
        folded(added(added(length, &from), &to))
    }

    fn ports(&mut self, pair: Pair) {
        self.header.extend_from_slice(&pair.target.port().to_be_bytes());
        self.header.extend_from_slice(&pair.source.port().to_be_bytes());
    }

    fn send(&self, [first, second]: [&[u8]; 2]) {
        let parts = [IoSlice::new(&self.header), IoSlice::new(first), IoSlice::new(second)];
        while matches!(rustix::io::writev(self.device, &parts), Err(Errno::INTR)) {}
    }
}

/// Adds words of 16 bits, the last of which may be half. No sum of a header or a quotation overflows.
fn added(sum: u32, bytes: &[u8]) -> u32 {
    let word = |pair: &[u8]| match pair {
        [high, low] => u16::from_be_bytes([*high, *low]),
        [high] => u16::from_be_bytes([*high, 0]),
        _ => 0,
    };
    bytes.chunks(2).fold(sum, |sum, pair| sum.saturating_add(u32::from(word(pair))))
}

/// RFC 1071, without the complement.
fn folded(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use std::os::fd::{AsFd as _, OwnedFd};

    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;

    /// From a container to somebody else.
    pub(in super::super) fn pair(six: bool) -> Pair {
        let (source, target) = if six {
            ("[fdc0:ffe2:1092::2]:40000", "[2001:db8::1]:80")
        } else {
            ("192.0.0.2:40000", "198.51.100.1:80")
        };
        Pair { source: source.parse().unwrap(), target: target.parse().unwrap() }
    }

    /// Two ends between which packets go as they do through a device.
    pub(in super::super) fn line() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::NONBLOCK, None).unwrap()
    }

    fn back(pair: Pair) -> Pair {
        Pair { source: pair.target, target: pair.source }
    }

    fn written(write: impl FnOnce(&mut Frames<'_>)) -> Vec<u8> {
        let (ours, theirs) = line();
        write(&mut Frames::new(ours.as_fd()));
        let mut bytes = vec![0; 70_000];
        let length = rustix::io::read(&theirs, &mut bytes[..]).unwrap();
        bytes[HEADER..length].to_vec()
    }

    /// What the container would send.
    pub(in super::super) fn segment_of(
        pair: Pair,
        sequence: u32,
        acknowledged: u32,
        flags: u8,
        payload: &[u8],
    ) -> Vec<u8> {
        let says = Says { sequence, acknowledged, flags, window: 1000 };
        written(|frames| frames.segment(back(pair), says, [payload, &[]]))
    }

    pub(in super::super) fn datagram_of(pair: Pair, payload: &[u8]) -> Vec<u8> {
        written(|frames| frames.datagram(back(pair), payload))
    }

    #[test]
    fn checksums_are_those_of_the_standards() {
        // RFC 1071, section 3.
        assert_eq!(folded(added(0, &[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7])), 0xddf2);
        assert_eq!(folded(added(0, &[0xff, 0xff, 0x01])), 0x100);
        // Over a whole header it is all ones.
        let four = segment_of(pair(false), 1, 2, flag::ACK, b"");
        assert_eq!(folded(added(0, &four[..FOUR])), 0xffff);
        let error = written(|frames| frames.unreachable(pair(false), &four));
        assert_eq!((folded(added(0, &error[..FOUR])), folded(added(0, &error[FOUR..]))), (0xffff, 0xffff));
        assert_eq!(error[FOUR..FOUR + 2], [3, 3]);
        assert_eq!(error[FOUR + 8..], four);
        let six = segment_of(pair(true), 1, 2, flag::ACK, b"odd");
        let error = written(|frames| frames.unreachable(pair(true), &six));
        let pseudo = added(58 + 8 + six.len() as u32, &error[8..SIX]);
        assert_eq!(folded(added(pseudo, &error[SIX..])), 0xffff);
    }

    #[test]
    fn the_kernel_is_left_the_rest_of_a_checksum() {
        let (ours, theirs) = line();
        Frames::new(ours.as_fd()).datagram(pair(true), b"x");
        let mut bytes = [0; 200];
        let length = rustix::io::read(&theirs, &mut bytes).unwrap();
        let [start, offset] = [SIX, 6].map(|number| u16::try_from(number).unwrap().to_ne_bytes());
        assert_eq!(bytes[..HEADER], [&[1, 0, 0, 0, 0, 0][..], &start, &offset].concat());
        assert_eq!(length, HEADER + SIX + 8 + 1);
        let pseudo = folded(added(17 + 9, &bytes[HEADER + 8..HEADER + SIX]));
        assert_eq!(bytes[HEADER + SIX + 6..HEADER + SIX + 8], pseudo.to_be_bytes());
    }

    #[test]
    fn a_packet_is_never_larger_than_the_device_takes() {
        assert_eq!((largest(pair(false).source.ip()), largest(pair(true).source.ip())), (65_495, 65_475));
        let (ours, theirs) = line();
        Frames::new(ours.as_fd()).datagram(pair(false), &vec![0; 65_528]);
        assert_eq!(rustix::io::read(&theirs, &mut [0; 8]), Err(Errno::AGAIN));
    }
}
