//! Where a container may go: everywhere but to this host, and to what only this host should reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;
use sys::netlink::{Request, Socket};

use super::device::{family, octets};
use super::outside::{CONTAINER_6, DOMAIN, GATEWAY, Outside, PREFIX, PREFIX_6};

/// `RTM_GETROUTE`.
const GET_ROUTE: u16 = 26;
/// `RTA_DST`.
const DESTINATION: u16 = 1;
/// Place of `rtm_type` in struct rtmsg.
const KIND: usize = 7;
/// `RTN_UNICAST`: a way to somebody else. The host's own addresses are `RTN_LOCAL`.
const SOMEBODY_ELSE: u8 = 1;

/// Networks that are nobody's, everybody's, or the machine's own, by first address and bits.
const REFUSED: [(Ipv4Addr, u8); 7] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (GATEWAY, PREFIX),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // Reserved, and the broadcast address.
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    // Where clouds tell a machine its secrets: here Alibaba's, link-local addresses are most others'.
    (Ipv4Addr::new(100, 100, 100, 200), 32),
];

/// The same for IPv6.
const REFUSED_6: [(Ipv6Addr, u8); 7] = [
    // Unspecified, loopback, and IPv4 in its first form.
    (Ipv6Addr::UNSPECIFIED, 96),
    // IPv4 in its second form.
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96),
    (CONTAINER_6, PREFIX_6),
    // Amazon's metadata.
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

/// Azure's metadata, which is also a resolver.
const WIRE_SERVER: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// Who says where a container may go.
#[derive(Debug)]
pub(super) struct Reach {
    outside: Outside,
    routes: Socket,
}

impl Reach {
    /// Asks the kernel about the network namespace that the caller is in now.
    pub(super) fn new(outside: Outside) -> Result<Self, Errno> {
        Ok(Self { outside, routes: Socket::open()? })
    }

    /// What the host offers.
    pub(super) fn outside(&self) -> &Outside {
        &self.outside
    }

    /// What is asked.
    pub(super) fn routes(&self) -> &Socket {
        &self.routes
    }

    /// Where `target`, as the container calls it, really is; `None` where it may not go.
    pub(super) fn toward(&mut self, target: SocketAddr) -> Option<SocketAddr> {
        if target.port() == DOMAIN
            && let Some(resolver) = self.outside.resolver(target.ip())
        {
            return Some(SocketAddr::new(resolver, DOMAIN));
        }
        (!is_refused(target.ip()) && self.is_elsewhere(target.ip())).then_some(target)
    }

    /// Whether the host's routes lead to somebody else. What they do not know is nowhere.
    fn is_elsewhere(&mut self, address: IpAddr) -> bool {
        let octets = octets(address);
        let bits = u8::try_from(octets.len() * 8).unwrap_or_default();
        let request = Request::get(GET_ROUTE, &[family(address), bits, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            .attribute(DESTINATION, &octets);
        let mut kind = None;
        let asked = self.routes.ask(&request, |_, body| kind = body.get(KIND).copied());
        asked.is_ok() && kind == Some(SOMEBODY_ELSE)
    }
}

fn is_refused(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let within = |(network, bits): &(Ipv4Addr, u8)| {
                (address.to_bits() ^ network.to_bits()).leading_zeros() >= u32::from(*bits)
            };
            address == WIRE_SERVER || REFUSED.iter().any(within)
        }
        IpAddr::V6(address) => {
            let within = |(network, bits): &(Ipv6Addr, u8)| {
                (address.to_bits() ^ network.to_bits()).leading_zeros() >= u32::from(*bits)
            };
            REFUSED_6.iter().any(within) || translated(address).is_some_and(|four| is_refused(four.into()))
        }
    }
}

/// The IPv4 address that a router on the way would make of it: NAT64 (RFC 6052) and 6to4 (RFC 3056).
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let four = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(four(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_reaches_this_machine_or_what_is_only_for_it() {
        for refused in [
            "0.0.0.0",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "192.0.0.1",
            "192.0.0.7",
            "224.0.0.251",
            "255.255.255.255",
            "100.100.100.200",
            "168.63.129.16",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:93.184.216.34",
            "64:ff9b::169.254.169.254",
            "2002:7f00:1::1",
            "fdc0:ffe2:1092::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(is_refused(refused.parse().unwrap()), "{refused}");
        }
        for allowed in [
            "93.184.216.34",
            "10.0.0.1",
            "192.0.0.8",
            "192.168.1.1",
            "128.0.0.1",
            "2001:db8::1",
            "fd00::1",
            "64:ff9b::93.184.216.34",
        ] {
            assert!(!is_refused(allowed.parse().unwrap()), "{allowed}");
        }
    }

    #[test]
    fn a_resolver_is_reached_by_its_port_only_and_wherever_it_is() {
        let mut reach = Reach::new(Outside::read("nameserver 127.0.0.53\n", "")).unwrap();
        let mut toward = |text: &str| reach.toward(text.parse().unwrap()).map(|at| at.to_string());
        assert_eq!(toward("192.0.0.3:53").as_deref(), Some("127.0.0.53:53"));
        assert_eq!(toward("192.0.0.3:80"), None);
        assert_eq!(toward("192.0.0.4:53"), None);
        assert_eq!(toward("127.0.0.53:53"), None);
    }

    #[test]
    fn the_kernel_knows_which_addresses_are_its_own() {
        let mut reach = Reach::new(Outside::read("", "")).unwrap();
        // Not refused by their numbers here, but by the routes, which every machine has for its loopback.
        assert!(!reach.is_elsewhere("127.0.0.1".parse().unwrap()));
        assert!(!reach.is_elsewhere("127.1.2.3".parse().unwrap()));
    }
}
