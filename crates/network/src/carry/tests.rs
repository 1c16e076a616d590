use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::thread::JoinHandle;

use model::publish::{LOOPBACK, Publish};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::*;
use crate::forwarder::Forwarder;

/// A carrier on a thread, its "container" a process that sleeps in our own namespace.
struct Carrying {
    host: SocketAddr,
    container: Child,
    thread: Option<JoinHandle<()>>,
}

impl Carrying {
    fn to(port: u16, protocol: Protocol, connections: usize) -> Self {
        let publish = Publish { address: LOOPBACK, host_port: 0, port, protocol };
        let forwarder = Forwarder::bind(&[publish]).unwrap();
        let host = forwarder.published().first().unwrap().host();
        let container = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(container.id()).unwrap()).unwrap();
        let pidfd: OwnedFd = pidfd_open(pid, PidfdFlags::empty()).unwrap();
        let capacity = Capacity { connections, open_files: 0 };
        let thread = std::thread::spawn(move || {
            Carrier::new(forwarder.into_listeners(), pidfd.as_fd(), capacity).run();
        });
        Self { host, container, thread: Some(thread) }
    }

    fn client(&self) -> TcpStream {
        let client = TcpStream::connect(self.host).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client
    }
}

impl Drop for Carrying {
    fn drop(&mut self) {
        self.container.kill().unwrap();
        self.container.wait().unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

fn server() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Answers every connection with all that it said, once it has said its last.
fn parrot(connections: usize) -> u16 {
    let (listener, port) = server();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(connections) {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut said = Vec::new();
                stream.read_to_end(&mut said).unwrap();
                stream.write_all(&said).unwrap();
            });
        }
    });
    port
}

#[test]
fn connections_fit_into_the_descriptors_that_there_are() {
    let fit = |listeners, limit| Capacity::within(listeners, limit).map(|at| (at.connections, at.open_files));
    assert_eq!(fit(1, 1 << 20), Some((MOST, 17 + 2 * 1024)));
    assert_eq!(fit(4, 1024), Some((502, 1024)));
    assert_eq!(fit(1024, 1024), None);
    assert_eq!(fit(1, u64::MAX), fit(1, 1 << 20));
}

#[test]
fn one_direction_can_end_before_the_other_and_nothing_is_lost() {
    let carrying = Carrying::to(parrot(1), Protocol::Tcp, 4);
    let client = carrying.client();
    let sent: Vec<u8> = (0..5_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let mut writer = client.try_clone().unwrap();
    let to_send = sent.clone();
    let sender = std::thread::spawn(move || {
        writer.write_all(&to_send).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut heard = Vec::new();
    (&client).read_to_end(&mut heard).unwrap();
    sender.join().unwrap();
    assert!(heard == sent, "{} of {} bytes", heard.len(), sent.len());
}

#[test]
fn a_slow_reader_is_waited_for_and_holds_up_nobody_else() {
    let (listener, port) = server();
    let flood = std::thread::spawn(move || {
        let (mut slow, _) = listener.accept().unwrap();
        let other = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"prompt").unwrap());
        slow.write_all(&vec![7; 20_000_000]).unwrap();
        other.join().unwrap();
    });
    let carrying = Carrying::to(port, Protocol::Tcp, 4);
    let (slow, other) = (carrying.client(), carrying.client());
    let mut said = String::new();
    (&other).read_to_string(&mut said).unwrap();
    assert_eq!(said, "prompt");
    let mut count = 0;
    let mut piece = vec![0; 1 << 20];
    while let Ok(length @ 1..) = (&slow).read(&mut piece) {
        count += length;
    }
    assert_eq!(count, 20_000_000);
    flood.join().unwrap();
}

#[test]
fn where_nobody_listens_the_client_is_let_go() {
    let (listener, port) = server();
    drop(listener);
    let carrying = Carrying::to(port, Protocol::Tcp, 4);
    let mut said = Vec::new();
    // An end or a reset, whichever the kernel makes of it.
    let _reset = carrying.client().read_to_end(&mut said);
    assert!(said.is_empty());
}

#[test]
fn more_connections_than_there_is_room_for_wait_their_turn() {
    let carrying = Carrying::to(parrot(12), Protocol::Tcp, 2);
    let clients: Vec<TcpStream> = (0..12).map(|_| carrying.client()).collect();
    for (number, client) in (0_u8..).zip(&clients) {
        (&*client).write_all(&[number]).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
    }
    for (number, client) in (0_u8..).zip(clients) {
        let mut heard = Vec::new();
        (&client).read_to_end(&mut heard).unwrap();
        assert_eq!(heard, [number]);
    }
}

#[test]
fn datagrams_find_back_to_the_peer_that_sent_them() {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = server.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut piece = vec![0; PIECE];
        while let Ok((length, from)) = server.recv_from(&mut piece) {
            server.send_to(&piece[..length], from).unwrap();
        }
    });
    // With room for two peers, the third takes the place of the one that was silent longest.
    let carrying = Carrying::to(port, Protocol::Udp, 2);
    for number in 0..6_u8 {
        let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client.connect(carrying.host).unwrap();
        for length in [1, 1400, 60_000] {
            client.send(&vec![number; length]).unwrap();
            let mut heard = vec![0; PIECE];
            let received = client.recv(&mut heard).unwrap();
            assert_eq!(heard[..received], vec![number; length]);
        }
    }
}
