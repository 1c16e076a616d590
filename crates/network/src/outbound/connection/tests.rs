use std::os::fd::AsFd as _;

use proptest::prelude::*;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, Shutdown, SocketFlags, SocketType, socketpair};
use sys::tun::HEADER;

use super::*;
use crate::outbound::frame::tests::{line, pair};
use crate::outbound::fuzz::{STEP, conversation};
use crate::outbound::packet::{Content, parse};

/// A container's end and a peer's, with a connection between them.
struct Talk {
    connection: Connection,
    peer: OwnedFd,
    device: OwnedFd,
    container: OwnedFd,
    now: Instant,
    room: usize,
}

/// What the container heard: flags, sequence, acknowledged, window, payload.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    flags: u8,
    sequence: u32,
    acknowledged: u32,
    window: u16,
    payload: Vec<u8>,
}

/// Our first number; near the highest, so that numbers begin again.
const OURS: u32 = u32::MAX - 10;
/// The container's.
const THEIRS: u32 = u32::MAX - 5;

fn said(flags: u8, sequence: u32, acknowledged: u32, payload: &[u8]) -> Segment<'_> {
    Segment { sequence, acknowledged, flags, window: 500, largest: Some(1000), scale: Some(2), payload }
}

impl Talk {
    /// The container has asked; the peer has not answered.
    fn asked() -> Self {
        let (device, container) = line();
        let (socket, peer) =
            socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::NONBLOCK, None).unwrap();
        let now = Instant::now();
        let connection = Connection::new(pair(false), socket, &said(flag::SYN, THEIRS, 0, b""), OURS, now);
        Self { connection, peer, device, container, now, room: 1 << 24 }
    }

    /// Everything is open.
    fn open() -> Self {
        let mut talk = Self::asked();
        talk.wakes();
        talk.says(flag::ACK, 1, 1, b"");
        let answer = talk.hears();
        assert_eq!(answer.len(), 1);
        talk
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Connection, &mut Tools<'_, '_>) -> T) -> T {
        let mut piece = vec![0; 65_535];
        let mut frames = Frames::new(self.device.as_fd());
        let mut tools = Tools { frames: &mut frames, piece: &mut piece, room: self.room, now: self.now };
        act(&mut self.connection, &mut tools)
    }

    /// The peer did something.
    fn wakes(&mut self) -> Turn {
        self.with(|connection, tools| {
            connection.wake(EventFlags::IN | EventFlags::OUT, tools);
            connection.advance(tools)
        })
    }

    /// The container says something; numbers count from the first of each side.
    fn says(&mut self, flags: u8, sequence: u32, acknowledged: u32, payload: &[u8]) {
        let segment = said(flags, THEIRS.wrapping_add(sequence), OURS.wrapping_add(acknowledged), payload);
        self.hear(&segment);
    }

    fn hear(&mut self, segment: &Segment<'_>) {
        self.with(|connection, tools| {
            connection.hear(segment, tools);
            connection.advance(tools);
        });
    }

    fn waits(&mut self, time: Duration) {
        self.now += time;
        self.with(|connection, tools| {
            connection.tend(tools);
            connection.advance(tools);
        });
    }

    fn hears(&self) -> Vec<Heard> {
        let mut packets = Vec::new();
        let mut bytes = vec![0; 70_000];
        while let Ok((length, _)) = rustix::net::recv(&self.container, &mut bytes[..], RecvFlags::empty()) {
            let packet = parse(&bytes[HEADER..length]).unwrap();
            assert_eq!((packet.pair.source, packet.pair.target), (pair(false).target, pair(false).source));
            let Content::Segment(segment) = packet.content else { panic!("no segment") };
            packets.push(Heard {
                flags: segment.flags,
                sequence: segment.sequence.wrapping_sub(OURS),
                acknowledged: segment.acknowledged.wrapping_sub(THEIRS),
                window: segment.window,
                payload: segment.payload.to_vec(),
            });
        }
        packets
    }

    fn peer_says(&mut self, bytes: &[u8]) {
        assert_eq!(rustix::net::send(&self.peer, bytes, SendFlags::empty()), Ok(bytes.len()));
        self.wakes();
    }

    fn peer_hears(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 1 << 21];
        let length =
            rustix::net::recv(&self.peer, &mut bytes[..], RecvFlags::empty()).map_or(0, |(length, _)| length);
        bytes.truncate(length);
        bytes
    }
}

fn flags(heard: &[Heard]) -> Vec<u8> {
    heard.iter().map(|heard| heard.flags).collect()
}

#[test]
fn the_container_is_answered_when_the_peer_has() {
    let mut talk = Talk::asked();
    talk.says(flag::SYN, 0, 0, b"");
    assert_eq!(talk.hears(), []);
    talk.wakes();
    let answer = Heard {
        flags: flag::SYN | flag::ACK,
        sequence: 0,
        acknowledged: 1,
        window: u16::MAX,
        payload: vec![],
    };
    assert_eq!(talk.hears(), [answer]);
    // An answer that was lost is given again: to whoever asks, and by itself.
    talk.says(flag::SYN, 0, 0, b"");
    assert_eq!(flags(&talk.hears()), [flag::SYN | flag::ACK]);
    talk.waits(RETRY);
    assert_eq!(flags(&talk.hears()), [flag::SYN | flag::ACK]);
    talk.says(flag::ACK, 1, 1, b"");
    talk.waits(RETRY * 4);
    assert_eq!(talk.hears(), []);
}

#[test]
fn what_is_said_arrives_both_ways_and_is_confirmed() {
    let mut talk = Talk::open();
    talk.says(flag::ACK, 1, 1, b"question");
    assert_eq!(talk.peer_hears(), b"question");
    let heard = talk.hears();
    assert_eq!((heard[0].flags, heard[0].acknowledged, heard.len()), (flag::ACK, 9, 1));
    talk.peer_says(b"answer");
    let heard = talk.hears();
    assert_eq!((heard[0].sequence, heard[0].payload.as_slice()), (1, &b"answer"[..]));
    assert_eq!(talk.connection.held(), 6);
    talk.says(flag::ACK, 9, 7, b"");
    assert_eq!((talk.connection.held(), talk.hears().len()), (0, 0));
}

#[test]
fn what_comes_twice_or_too_early_is_taken_once_and_in_order() {
    let mut talk = Talk::open();
    talk.says(flag::ACK, 4, 1, b"def");
    assert_eq!(talk.peer_hears(), b"");
    assert_eq!(talk.hears()[0].acknowledged, 1);
    talk.says(flag::ACK, 1, 1, b"abc");
    talk.says(flag::ACK, 2, 1, b"bcdef");
    talk.says(flag::ACK, 1, 1, b"abc");
    assert_eq!(talk.peer_hears(), b"abcdef");
    assert_eq!(talk.hears().iter().map(|heard| heard.acknowledged).collect::<Vec<_>>(), [4, 7, 7]);
    // Nothing that was never sent can be confirmed.
    talk.peer_says(b"x");
    talk.says(flag::ACK, 7, 100, b"");
    assert_eq!(talk.connection.held(), 1);
}

#[test]
fn what_is_not_confirmed_is_said_again_and_at_last_given_up() {
    let mut talk = Talk::open();
    talk.peer_says(&[5; 1500]);
    let first: Vec<_> = talk.hears();
    assert_eq!(first.iter().map(|heard| heard.payload.len()).collect::<Vec<_>>(), [1000, 500]);
    talk.says(flag::ACK, 1, 1001, b"");
    talk.waits(RETRY);
    let again = talk.hears();
    assert_eq!((again.len(), again[0].sequence, again[0].payload.len()), (1, 1001, 500));
    for _ in 0..TRIES {
        assert!(!talk.connection.is_over());
        talk.waits(RETRY * 64);
    }
    assert!(talk.connection.is_over());
    assert_eq!(talk.hears().last().unwrap().flags, flag::RST | flag::ACK);
}

#[test]
fn a_container_that_takes_nothing_is_asked_until_it_does() {
    let mut talk = Talk::open();
    let closed = Segment { window: 0, ..said(flag::ACK, THEIRS.wrapping_add(1), OURS.wrapping_add(1), b"") };
    talk.hear(&closed);
    talk.peer_says(b"later");
    assert_eq!(talk.hears(), []);
    assert!(talk.connection.is_restless());
    for _ in 0..3 * TRIES {
        talk.waits(PROBE);
        let probe = talk.hears();
        assert_eq!((probe.len(), probe[0].sequence, probe[0].payload.len()), (1, 0, 0));
        talk.hear(&closed);
    }
    talk.says(flag::ACK, 1, 1, b"");
    assert_eq!(talk.hears()[0].payload, b"later");
}

#[test]
fn no_more_is_sent_than_the_window_takes() {
    let mut talk = Talk::open();
    talk.peer_says(&[5; 5000]);
    // 500 with a scale of 2.
    let sent = |heard: Vec<Heard>| heard.iter().map(|heard| heard.payload.len()).sum::<usize>();
    assert_eq!(sent(talk.hears()), 2000);
    talk.says(flag::ACK, 1, 1001, b"");
    assert_eq!(sent(talk.hears()), 1000);
    talk.says(flag::ACK, 1, 3001, b"");
    assert_eq!(sent(talk.hears()), 2000);
}

#[test]
fn a_peer_that_reads_slowly_closes_the_window_and_opens_it_again() {
    let mut talk = Talk::open();
    let piece = [7; 50_000];
    let mut sent = 0;
    let window = loop {
        talk.says(flag::ACK, 1 + sent, 1, &piece);
        let heard = talk.hears().pop().unwrap();
        let taken = heard.acknowledged - 1 - sent;
        sent += taken;
        if taken == 0 {
            break heard.window;
        }
    };
    assert_eq!(window, 0);
    assert!(sent > 1 << 20 && talk.connection.held() == 1 << 20);
    let mut read = 0;
    while read < sent as usize {
        let length = talk.peer_hears().len();
        assert!(length > 0);
        read += length;
        talk.wakes();
    }
    assert_eq!((read, talk.connection.held()), (sent as usize, 0));
    // Half of it is worth telling.
    assert!(talk.hears().last().unwrap().window >= 4096);
}

#[test]
fn nothing_is_held_where_there_is_no_room() {
    let mut talk = Talk::open();
    talk.room = 0;
    talk.peer_says(b"answer");
    assert_eq!(talk.hears(), []);
    talk.room = 1000;
    talk.waits(RETRY);
    assert_eq!(talk.hears().pop().unwrap().payload, b"answer");
}

#[test]
fn each_direction_ends_by_itself() {
    let mut talk = Talk::open();
    talk.says(flag::ACK | flag::FIN, 1, 1, b"last");
    assert_eq!(talk.hears()[0].acknowledged, 6);
    assert_eq!((talk.peer_hears(), talk.peer_hears()), (b"last".to_vec(), Vec::new()));
    // It is half of a connection still.
    talk.peer_says(b"more");
    rustix::net::shutdown(&talk.peer, Shutdown::Write).unwrap();
    talk.wakes();
    assert_eq!(flags(&talk.hears()), [flag::ACK | flag::PSH, flag::ACK | flag::FIN]);
    // An end that was lost is said again.
    talk.says(flag::ACK, 6, 5, b"");
    talk.waits(RETRY);
    let end = talk.hears();
    assert_eq!((flags(&end), end[0].sequence), (vec![flag::ACK | flag::FIN], 5));
    assert!(!talk.connection.is_over());
    talk.says(flag::ACK, 6, 6, b"");
    assert!(talk.connection.is_over());
}

#[test]
fn a_broken_end_is_told_to_the_other() {
    let mut talk = Talk::open();
    talk.says(flag::RST, 1, 0, b"");
    assert!(talk.connection.is_over());
    let mut talk = Talk::open();
    drop(std::mem::replace(&mut talk.peer, line().0));
    talk.says(flag::ACK, 1, 1, b"to nobody");
    talk.wakes();
    assert!(talk.connection.is_over());
    assert!(flags(&talk.hears()).contains(&(flag::RST | flag::ACK)));
}

#[test]
fn a_container_that_says_nothing_is_asked_whether_it_is_there() {
    let mut talk = Talk::open();
    talk.waits(IDLE);
    assert_eq!(talk.hears().len(), 1);
    talk.says(flag::ACK, 1, 1, b"");
    for _ in 0..=TRIES {
        assert!(!talk.connection.is_over());
        talk.waits(IDLE);
    }
    assert!(talk.connection.is_over());
}

proptest! {
    #[test]
    fn whatever_a_container_does_what_is_held_is_bounded(
        script in proptest::collection::vec(any::<u8>(), 0..STEP * 200),
        room in 0..5000_usize,
    ) {
        prop_assert!(conversation(&script, room).unwrap() <= room);
    }
}
