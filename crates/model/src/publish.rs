//! Ports of a container that can be reached from its host.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::usecase::Exposure;

/// Where a port is published if nobody says: only this machine's own processes reach it.
pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// `-p [ADDRESS:][HOST_PORT:]PORT[/PROTOCOL]`: one port, where it is reached and where that leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Publish {
    /// Address of the host.
    pub address: IpAddr,
    /// Port of the host; 0 leaves the choice to the kernel.
    pub host_port: u16,
    /// Port in the container.
    pub port: u16,
    /// TCP or UDP.
    #[serde(default)]
    pub protocol: Protocol,
}

/// What travels through a port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Connections.
    #[default]
    Tcp,
    /// Datagrams.
    Udp,
}

/// A port in a container: `80/tcp`; without a protocol it is TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerPort {
    /// From 1.
    pub port: u16,
    /// TCP or UDP.
    pub protocol: Protocol,
}

/// A text that names no port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no port: a number from 1 to 65535, with `/tcp` or `/udp`")]
pub struct PortSyntax(pub String);

impl Publish {
    /// Where it is reached on the host.
    #[must_use]
    pub fn host(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.host_port)
    }

    /// The option that asks for it.
    #[must_use]
    pub fn option(&self) -> String {
        format!("-p {}:{}{}", self.host(), self.port, self.protocol.suffix())
    }

    /// The least that can reach it. Every address but loopback is at least the organisation's own networks.
    #[must_use]
    pub fn least_exposure(&self) -> Exposure {
        if self.address.is_loopback() { Exposure::None } else { Exposure::Internal }
    }

    /// Who can reach it where nobody says: everybody, unless the address is one that routers of the
    /// internet do not carry (RFC 1918, 6598, 3927 and 4193).
    #[must_use]
    pub fn likely_exposure(&self) -> Exposure {
        let private = match self.address {
            IpAddr::V4(address) => {
                let [first, second, ..] = address.octets();
                let shared = first == 100 && (64..128).contains(&second);
                address.is_private() || address.is_link_local() || shared
            }
            IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
        };
        match self.least_exposure() {
            Exposure::Internal if !private => Exposure::Internet,
            least => least,
        }
    }
}

impl Protocol {
    /// `tcp` or `udp`
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// TCP goes without saying.
    fn suffix(self) -> &'static str {
        match self {
            Self::Tcp => "",
            Self::Udp => "/udp",
        }
    }
}

/// `127.0.0.1:8080->80`, `[::1]:5300->53/udp`
impl fmt::Display for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}->{}{}", self.host(), self.port, self.protocol.suffix())
    }
}

/// `80/tcp`
impl fmt::Display for ContainerPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.port, self.protocol.as_str())
    }
}

impl std::str::FromStr for Protocol {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            _ => Err(()),
        }
    }
}

impl std::str::FromStr for ContainerPort {
    type Err = PortSyntax;

    fn from_str(text: &str) -> Result<Self, PortSyntax> {
        let wrong = || PortSyntax(text.chars().take(40).collect());
        let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let protocol = protocol.parse().map_err(|()| wrong())?;
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|port| digits && *port > 0).ok_or_else(wrong)?;
        Ok(Self { port, protocol })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Publish {
        let address = address.parse().unwrap();
        Publish { address, host_port: 8080, port: 80, protocol: Protocol::Tcp }
    }

    #[test]
    fn a_port_is_shown_as_it_is_reached() {
        assert_eq!(at("127.0.0.1").to_string(), "127.0.0.1:8080->80");
        let dns = Publish { protocol: Protocol::Udp, ..at("::1") };
        assert_eq!(
            (dns.to_string(), dns.option()),
            ("[::1]:8080->80/udp".into(), "-p [::1]:8080:80/udp".into())
        );
    }

    #[test]
    fn an_address_says_who_can_reach_it() {
        for (address, exposure) in [
            ("127.0.0.1", Exposure::None),
            ("127.9.9.9", Exposure::None),
            ("::1", Exposure::None),
            ("10.0.0.1", Exposure::Internal),
            ("100.64.0.1", Exposure::Internal),
            ("100.128.0.1", Exposure::Internet),
            ("fd00::1", Exposure::Internal),
            ("fe80::1", Exposure::Internal),
            ("0.0.0.0", Exposure::Internet),
            ("::", Exposure::Internet),
            ("::ffff:127.0.0.1", Exposure::Internet),
            ("203.0.113.7", Exposure::Internet),
        ] {
            assert_eq!(at(address).likely_exposure(), exposure, "{address}");
            assert!(at(address).least_exposure() <= exposure, "{address}");
        }
    }

    #[test]
    fn a_container_s_port_is_a_number_and_a_protocol() {
        for (text, shown) in [("80", "80/tcp"), ("53/udp", "53/udp"), ("65535/tcp", "65535/tcp")] {
            assert_eq!(text.parse::<ContainerPort>().unwrap().to_string(), shown);
        }
        for text in ["", "0", "65536", "+80", "80/sctp", "80/", "80-90/tcp", "http"] {
            assert!(text.parse::<ContainerPort>().is_err(), "{text}");
        }
    }
}
