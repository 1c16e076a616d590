//! What the host's network offers: its resolvers, and whether it speaks IPv6. The container sees addresses of
//! its own for all of that.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The container's address. 192.0.0.0/29 is for links that end in the machine (RFC 7335): no network that
/// anybody wants to reach has these addresses.
pub(super) const CONTAINER: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 2);
/// Ours.
pub(super) const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 1);
/// Bits of the network.
pub(super) const PREFIX: u8 = 29;
/// The address that leads to each of the host's resolvers.
const RESOLVERS: [Ipv4Addr; 3] =
    [Ipv4Addr::new(192, 0, 0, 3), Ipv4Addr::new(192, 0, 0, 4), Ipv4Addr::new(192, 0, 0, 5)];

/// The container's address, of a unique local network (RFC 4193).
pub(super) const CONTAINER_6: Ipv6Addr = Ipv6Addr::new(0xfdc0, 0xffe2, 0x1092, 0, 0, 0, 0, 2);
/// Ours.
pub(super) const GATEWAY_6: Ipv6Addr = Ipv6Addr::new(0xfdc0, 0xffe2, 0x1092, 0, 0, 0, 0, 1);
/// Bits of the network.
pub(super) const PREFIX_6: u8 = 64;

/// Where resolvers are asked.
pub(super) const DOMAIN: u16 = 53;

/// Most lines of the host's `resolv.conf` that are passed on.
const LINES: usize = 32;

/// What the host offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    resolvers: Vec<IpAddr>,
    /// `search` and `options` of the host.
    manner: Vec<String>,
    /// IPv6.
    pub(super) six: Six,
}

/// Whether there is IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Six {
    /// The host has an address that others can reach.
    Spoken,
    /// It has not; a container that had would wait for connections that cannot be.
    Absent,
}

impl Outside {
    /// Reads the host's `/etc/resolv.conf` (resolv.conf(5)) and `/proc/net/if_inet6`.
    #[must_use]
    pub fn read(resolv_conf: &str, if_inet6: &str) -> Self {
        let lines = || resolv_conf.lines().map(str::split_whitespace);
        let resolver = |mut words: std::str::SplitWhitespace<'_>| {
            if words.next() == Some("nameserver") { words.next()?.parse().ok() } else { None }
        };
        let manner = |line: &&str| {
            let first = line.split_whitespace().next();
            first.is_some_and(|word| ["search", "domain", "options"].contains(&word))
        };
        Self {
            resolvers: lines().filter_map(resolver).take(RESOLVERS.len()).collect(),
            manner: resolv_conf.lines().filter(manner).take(LINES).map(str::to_owned).collect(),
            six: if if_inet6.lines().any(is_reachable) { Six::Spoken } else { Six::Absent },
        }
    }

    /// The container's `/etc/resolv.conf`.
    #[must_use]
    pub fn resolv_conf(&self) -> String {
        let mut text = String::new();
        for (address, _) in RESOLVERS.iter().zip(&self.resolvers) {
            let _memory_is_never_full = writeln!(text, "nameserver {address}");
        }
        for line in &self.manner {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// The resolver behind one of the container's addresses.
    pub(super) fn resolver(&self, address: IpAddr) -> Option<IpAddr> {
        let place = RESOLVERS.iter().position(|resolver| IpAddr::V4(*resolver) == address)?;
        self.resolvers.get(place).copied()
    }
}

/// A line of `if_inet6`: address, index, bits, scope, flags, device; scope 0 is the whole world.
fn is_reachable(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (scope, device) = (words.nth(3), words.nth(1));
    scope == Some("00") && device.is_some_and(|device| device != "lo")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_has_an_address_for_each_resolver_of_the_host() {
        let host = "# made by hand\nnameserver 127.0.0.53\nnameserver nonsense\n nameserver fd00::53\n\
                    search example.org\noptions edns0\nsortlist 10.0.0.0\n";
        let outside = Outside::read(host, "");
        assert_eq!(
            outside.resolv_conf(),
            "nameserver 192.0.0.3\nnameserver 192.0.0.4\nsearch example.org\noptions edns0\n"
        );
        let behind = |address: &str| outside.resolver(address.parse().unwrap()).map(|at| at.to_string());
        assert_eq!(behind("192.0.0.3").as_deref(), Some("127.0.0.53"));
        assert_eq!(behind("192.0.0.4").as_deref(), Some("fd00::53"));
        assert_eq!((behind("192.0.0.5"), behind("192.0.0.1"), behind("fd00::53")), (None, None, None));
        assert_eq!(Outside::read("", "").resolv_conf(), "");
    }

    #[test]
    fn ipv6_is_spoken_where_an_address_is_for_others() {
        let line = |address, scope, device| format!("{address} 02 40 {scope} 80 {device}\n");
        let local = line("00000000000000000000000000000001", "10", "lo")
            + &line("fe800000000000000000000000000001", "20", "eth0");
        assert_eq!(Outside::read("", &local).six, Six::Absent);
        let global = local + &line("fd000000000000000000000000000002", "00", "eth0");
        assert_eq!(Outside::read("", &global).six, Six::Spoken);
    }
}
