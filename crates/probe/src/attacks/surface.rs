//! Parts of the kernel that a container has no use for, and most exploits do.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::io::Errno;
use rustix::net::{AddressFamily, Protocol, SocketFlags, SocketType, ipproto, netlink, socket_with, sockopt};
use sys::attempt::{Request, push_terminal_input, set_upper_layer_protocol, splice_memory};

use crate::outcome::{Attack, Class, Options, Outcome, errno_name};

const CLASS: Class = Class::KernelSurface;

/// AF_ALG, AF_PACKET and AF_VSOCK, socket(2).
const AF_ALG: AddressFamily = AddressFamily::from_raw(38);
const AF_PACKET: AddressFamily = AddressFamily::from_raw(17);
const AF_VSOCK: AddressFamily = AddressFamily::from_raw(40);

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "keyctl",
        class: CLASS,
        tries: "use the kernel's keyrings, which no namespace separates",
        run: |_| Outcome::worst([Request::KeyringId, Request::AddKey, Request::RequestKey].map(ask)),
    },
    Attack { name: "bpf", class: CLASS, tries: "make a BPF map", run: |_| ask(Request::BpfMap) },
    Attack { name: "io-uring", class: CLASS, tries: "make an io_uring", run: |_| ask(Request::IoUring) },
    Attack {
        name: "userfaultfd",
        class: CLASS,
        tries: "handle page faults in user space",
        run: |_| ask(Request::Userfaultfd),
    },
    Attack { name: "perf", class: CLASS, tries: "open a perf event", run: |_| ask(Request::PerfEvent) },
    Attack {
        name: "memfd-secret",
        class: CLASS,
        tries: "make secret memory",
        run: |_| ask(Request::MemfdSecret),
    },
    Attack {
        name: "fanotify",
        class: CLASS,
        tries: "ask for permission events",
        run: |_| ask(Request::Fanotify),
    },
    Attack { name: "vmsplice", class: CLASS, tries: "splice memory into a pipe", run: vmsplice },
    Attack {
        name: "personality",
        class: CLASS,
        tries: "make every readable page executable",
        run: |_| ask(Request::ReadImpliesExec),
    },
    Attack {
        name: "af-alg",
        class: CLASS,
        tries: "open a kernel crypto socket (CVE-2026-31431)",
        run: |_| open_socket(AF_ALG, SocketType::SEQPACKET, None),
    },
    Attack {
        name: "af-vsock",
        class: CLASS,
        tries: "open a socket towards the hypervisor",
        run: |_| open_socket(AF_VSOCK, SocketType::STREAM, None),
    },
    Attack {
        name: "af-packet",
        class: CLASS,
        tries: "open a raw packet socket",
        run: |_| open_socket(AF_PACKET, SocketType::RAW, None),
    },
    Attack {
        name: "raw-ip",
        class: CLASS,
        tries: "open a raw IP socket",
        run: |_| open_socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP)),
    },
    Attack {
        name: "net-admin",
        class: CLASS,
        tries: "use CAP_NET_ADMIN, as two thirds of kernel exploits do",
        run: net_admin,
    },
    Attack { name: "tcp-ulp", class: CLASS, tries: "put a protocol on top of TCP", run: tcp_ulp },
    Attack {
        name: "tiocsti",
        class: CLASS,
        tries: "type into the terminal of whoever started this",
        run: tiocsti,
    },
    Attack { name: "kexec", class: CLASS, tries: "load another kernel", run: |_| ask(Request::KexecLoad) },
    Attack {
        name: "init-module",
        class: CLASS,
        tries: "load a kernel module",
        run: |_| ask(Request::InitModule),
    },
    Attack { name: "reboot", class: CLASS, tries: "reboot", run: |_| ask(Request::Reboot) },
    Attack {
        name: "accounting",
        class: CLASS,
        tries: "turn process accounting on",
        run: |_| ask(Request::Accounting),
    },
    Attack { name: "swapon", class: CLASS, tries: "add swap space", run: |_| ask(Request::Swap) },
];

/// Asks, and sees through the harmless argument.
pub(super) fn ask(request: Request) -> Outcome {
    Outcome::of_reached(request.ask(), request.reached(), "the kernel granted it")
}

fn make_socket(
    family: AddressFamily,
    kind: SocketType,
    protocol: Option<Protocol>,
) -> Result<OwnedFd, Errno> {
    socket_with(family, kind, SocketFlags::CLOEXEC, protocol)
}

fn open_socket(family: AddressFamily, kind: SocketType, protocol: Option<Protocol>) -> Outcome {
    Outcome::of(make_socket(family, kind, protocol), "opened the socket")
}

fn vmsplice(_: &Options) -> Outcome {
    match rustix::pipe::pipe() {
        Ok((_reader, writer)) => Outcome::of(splice_memory(writer.as_fd()), "spliced memory"),
        Err(errno) => Outcome::not_applicable(errno_name(errno)),
    }
}

/// A receive buffer beyond the limit, on a socket of our own, needs CAP_NET_ADMIN over its namespace; and
/// so does nearly everything that can be said to nftables.
fn net_admin(_: &Options) -> Outcome {
    let forced = make_socket(AddressFamily::INET, SocketType::DGRAM, None)
        .and_then(|socket| sockopt::set_socket_recv_buffer_size_force(&socket, 1 << 16));
    let netfilter = make_socket(AddressFamily::NETLINK, SocketType::RAW, Some(netlink::NETFILTER));
    match (forced, netfilter) {
        (Ok(()), Ok(_)) => Outcome::succeeded("has CAP_NET_ADMIN, and nftables answers"),
        (Ok(()), Err(_)) => Outcome::succeeded("has CAP_NET_ADMIN"),
        (Err(errno), _) => Outcome::stopped(errno_name(errno)),
    }
}

fn tcp_ulp(_: &Options) -> Outcome {
    let asked = make_socket(AddressFamily::INET, SocketType::STREAM, None)
        .and_then(|socket| set_upper_layer_protocol(socket.as_fd()));
    Outcome::of_reached(asked, &[Errno::NOENT], "the kernel looked for the protocol")
}

fn tiocsti(_: &Options) -> Outcome {
    let answer = push_terminal_input(rustix::stdio::stdin());
    match answer {
        Err(Errno::NOTTY) => Outcome::not_applicable("standard input is no terminal"),
        _ => Outcome::of_reached(answer, &[Errno::FAULT], "only the address was refused"),
    }
}
