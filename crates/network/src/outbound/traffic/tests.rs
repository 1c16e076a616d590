use std::os::fd::AsFd as _;
use std::process::{Child, Command};

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::*;
use crate::outbound::frame::tests::{datagram_of, line, segment_of};
use crate::outbound::outside::Outside;

/// A "container" that sleeps, and the end of its device that is not ours.
struct Place {
    container: Child,
    pidfd: OwnedFd,
    device: OwnedFd,
    line: OwnedFd,
}

impl Place {
    fn new() -> Self {
        let container = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(container.id()).unwrap()).unwrap();
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).unwrap();
        let (device, line) = line();
        Self { container, pidfd, device, line }
    }

    fn traffic(&self, most: usize) -> Traffic<'_> {
        let reach = Reach::new(Outside::read("nameserver 127.0.0.1\n", "")).unwrap();
        Traffic::new(self.pidfd.as_fd(), self.device.as_fd(), reach, most).unwrap()
    }

    /// Everything that the container has heard: protocol, and the byte that says what it is.
    fn heard(&self) -> Vec<(u8, u8)> {
        let mut bytes = vec![0; 70_000];
        let mut heard = Vec::new();
        while let Ok(length) = rustix::io::read(&self.line, &mut bytes[..]) {
            let packet = &bytes[HEADER..length];
            heard.push((packet[9], if packet[9] == 6 { packet[33] } else { packet[20] }));
        }
        heard
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.container.kill().unwrap();
        self.container.wait().unwrap();
    }
}

fn pair(source: &str, target: &str) -> Pair {
    Pair { source: source.parse().unwrap(), target: target.parse().unwrap() }
}

const REFUSED: (u8, u8) = (6, flag::RST | flag::ACK);
const UNREACHABLE: (u8, u8) = (1, 3);

#[test]
fn who_may_not_be_reached_is_refused_at_once() {
    let place = Place::new();
    let mut traffic = place.traffic(4);
    for target in ["127.0.0.1:80", "169.254.169.254:80", "192.0.0.1:22", "192.0.0.3:80"] {
        let pair = pair("192.0.0.2:40000", target);
        traffic.take(&segment_of(pair, 1, 0, flag::SYN, b""), Instant::now());
        traffic.take(&datagram_of(pair, b"x"), Instant::now());
        assert_eq!(place.heard(), [REFUSED, UNREACHABLE], "{target}");
    }
    // Who speaks to everybody is not answered, and neither is who is not the container.
    traffic.take(&datagram_of(pair("192.0.0.2:40000", "224.0.0.251:5353"), b"x"), Instant::now());
    traffic.take(&datagram_of(pair("10.0.0.1:40000", "127.0.0.1:80"), b"x"), Instant::now());
    traffic.take(&segment_of(pair("10.0.0.1:40000", "127.0.0.1:80"), 1, 0, flag::SYN, b""), Instant::now());
    assert_eq!((place.heard(), traffic.table.len()), (vec![], 0));
}

#[test]
fn what_belongs_to_no_connection_is_refused_and_a_refusal_is_not_answered() {
    let place = Place::new();
    let mut traffic = place.traffic(4);
    let pair = pair("192.0.0.2:40000", "198.51.100.1:80");
    traffic.take(&segment_of(pair, 1, 7, flag::ACK, b"lost"), Instant::now());
    assert_eq!(place.heard(), [(6, flag::RST)]);
    traffic.take(&segment_of(pair, 1, 7, flag::RST, b""), Instant::now());
    assert_eq!(place.heard(), []);
}

#[test]
fn there_are_only_so_many_flows_and_the_silent_make_room() {
    let place = Place::new();
    let mut traffic = place.traffic(3);
    let start = Instant::now();
    let ask = |traffic: &mut Traffic<'_>, port: u16, after: u64| {
        let pair = pair(&format!("192.0.0.2:{port}"), "192.0.0.3:53");
        traffic.take(&datagram_of(pair, b""), start + Duration::from_secs(after));
    };
    for port in 1..=3 {
        ask(&mut traffic, port, u64::from(port));
    }
    ask(&mut traffic, 1, 10);
    ask(&mut traffic, 4, 11);
    let has = |traffic: &Traffic<'_>, port: u16| {
        traffic.table.find(Kind::Flow, pair(&format!("192.0.0.2:{port}"), "192.0.0.3:53")).is_some()
    };
    assert_eq!([1, 2, 3, 4].map(|port| has(&traffic, port)), [true, false, true, true]);
    assert_eq!(traffic.table.len(), 3);
    // Silence ends a flow by itself.
    traffic.tend(start + Duration::from_secs(65));
    assert_eq!([1, 3, 4].map(|port| has(&traffic, port)), [true, false, true]);
}

#[test]
fn a_name_that_was_given_up_finds_nothing() {
    let place = Place::new();
    let mut traffic = place.traffic(3);
    let pair = pair("192.0.0.2:40000", "192.0.0.3:53");
    traffic.take(&datagram_of(pair, b""), Instant::now());
    let name = traffic.table.find(Kind::Flow, pair).unwrap();
    assert_eq!(Name::from_number(name.to_number()), name);
    traffic.close(name);
    traffic.take(&datagram_of(pair, b""), Instant::now());
    assert!(traffic.table.get_mut(name).is_none());
    traffic.close(name);
    assert_eq!(traffic.table.len(), 1);
}

#[test]
fn it_ends_with_its_container() {
    let mut place = Place::new();
    place.container.kill().unwrap();
    place.container.wait().unwrap();
    place.container = Command::new("sleep").arg("60").spawn().unwrap();
    place.traffic(3).run();
}
