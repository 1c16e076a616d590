use std::sync::mpsc::channel;

use super::*;
use sys::netlink::Request;

/// A thread in a network namespace of its own, which is gone with it.
fn in_a_network<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            sys::namespace::unshare(flag::NEWNET).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}

/// The network namespace of a thread that has ended; the descriptor keeps it.
fn network() -> OwnedFd {
    let (send, receive) = channel();
    in_a_network(move || {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        send.send(openat(CWD, c"/proc/thread-self/ns/net", flags, Mode::empty()).unwrap()).unwrap();
    });
    receive.recv().unwrap()
}

/// One end of a veth pair has this name, the other one `peer`.
fn veth(socket: &mut Socket, name: &str) {
    let kind = [&8_u16.to_ne_bytes()[..], &1_u16.to_ne_bytes(), b"veth"].concat();
    let request = Request::create(kind::NEW_LINK, &link(0, 0, 0)).name(attribute::LINK_NAME, name);
    socket.tell(&request.attribute(18, &kind)).unwrap();
}

fn address(family: u8, prefix: u8, scope: u8, bytes: &[u8], index: u32) -> Request {
    let [a, b, c, d] = index.to_ne_bytes();
    // IFA_F_NODAD, or the address would first be tried out.
    Request::create(kind::NEW_ADDRESS, &[family, prefix, 0x02, scope, a, b, c, d])
        .attribute(attribute::LOCAL, bytes)
        .attribute(attribute::ADDRESS, bytes)
}

const V4: [u8; 4] = [192, 0, 2, 5];
const V6: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5];

fn is_up(socket: &mut Socket, name: &str) -> bool {
    let mut flags = 0;
    let request = Request::get(kind::GET_LINK, &link(0, 0, 0)).name(attribute::LINK_NAME, name);
    socket.ask(&request, |_, body| flags = number(body, 8).unwrap()).unwrap();
    flags & UP != 0
}

#[test]
fn privileged_a_device_moves_with_its_name_and_its_addresses() {
    in_a_network(|| {
        let theirs = network();
        let (mut here, mut there) = sockets(theirs.as_fd()).unwrap();
        veth(&mut here, "coffer-a");
        let index = find(&mut here, "coffer-a").unwrap();
        here.tell(&Request::change(kind::NEW_LINK, &link(index, UP, UP))).unwrap();
        here.tell(&address(2, 24, 0, &V4, index)).unwrap();
        here.tell(&address(2, 16, 253, &[169, 254, 1, 1], index)).unwrap();
        here.tell(&address(10, 64, 0, &V6, index)).unwrap();

        move_into(theirs.as_fd(), &[("coffer-a".to_owned(), "lan0".to_owned())]).unwrap();

        assert_eq!(find(&mut here, "coffer-a"), Err(Errno::NODEV));
        assert!(is_up(&mut there, "lan0"));
        let index = find(&mut there, "lan0").unwrap();
        let mut kept: Vec<_> = addresses(&mut there, index)
            .unwrap()
            .into_iter()
            .map(|kept| (kept.family, kept.prefix, kept.attributes.into_iter().next().unwrap().1))
            .collect();
        kept.sort();
        assert_eq!(kept, [(2, 24, V4.to_vec()), (10, 64, V6.to_vec())]);
    });
}

#[test]
fn privileged_a_device_that_is_not_there_and_a_name_that_is_taken_are_named() {
    in_a_network(|| {
        let theirs = network();
        let (mut here, _) = sockets(theirs.as_fd()).unwrap();
        let pair = |name: &str, inside: &str| [(name.to_owned(), inside.to_owned())];
        let refused = |devices: &[(String, String)]| move_into(theirs.as_fd(), devices).unwrap_err();

        let missing = refused(&pair("coffer-none", "lan0"));
        assert_eq!(missing.to_string(), "could not find the network device `coffer-none`: no such device");
        assert!(missing.remedy().contains("ip link"));

        veth(&mut here, "coffer-b");
        let taken = refused(&pair("coffer-b", "lo"));
        assert_eq!(taken.to_string(), "could not move the network device `coffer-b as lo`: file exists");
        assert!(taken.remedy().contains("another name"));
        assert_eq!(find(&mut here, "coffer-b").map(drop), Ok(()), "it stays where it was");
    });
}

/// The thread that opens a socket elsewhere is at home again, whatever came of it.
#[test]
fn privileged_whoever_looks_into_a_network_comes_back() {
    in_a_network(|| {
        let here = || rustix::fs::readlinkat(CWD, c"/proc/thread-self/ns/net", Vec::new()).unwrap();
        let before = here();
        move_into(network().as_fd(), &[("coffer-none".to_owned(), "x".to_owned())]).unwrap_err();
        assert_eq!(here(), before);
    });
}
