//! Sockets, once they are made: which families can be made at all is decided by argument.

use super::{Group, allow};

/// Sending, receiving and listening.
pub(super) const SOCKETS: Group = Group {
    purpose: "listen, connect, send and receive",
    lines: &[
        allow("accept", "servers accept connections"),
        allow("accept4", "servers accept connections"),
        allow("bind", "servers choose their address"),
        allow("connect", "clients connect"),
        allow("getpeername", "servers ask who is there"),
        allow("getsockname", "programs ask for their own address"),
        allow("getsockopt", "programs ask for errors and buffer sizes"),
        allow("listen", "servers listen"),
        allow("recvfrom", "programs receive"),
        allow("recvmmsg", "name servers receive many packets at once"),
        allow("recvmsg", "programs receive, with descriptors and credentials"),
        allow("sendmmsg", "libc asks for IPv4 and IPv6 addresses at once"),
        allow("sendmsg", "programs send, with descriptors and credentials"),
        allow("sendto", "programs send"),
        allow("shutdown", "programs end one direction of a connection"),
    ],
};
