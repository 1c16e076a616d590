//! `NO_PROXY`: hosts that are reached without a proxy, by the rules of Go's `httpproxy`.

use std::net::IpAddr;

/// More rules than anybody writes.
const MAX_RULES: usize = 4096;

/// The variable's rules.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoProxy(Vec<Rule>);

#[derive(Debug, PartialEq, Eq)]
struct Rule {
    hosts: Hosts,
    /// The only port that is meant, if one is.
    port: Option<u16>,
}

#[derive(Debug, PartialEq, Eq)]
enum Hosts {
    /// `*`
    All,
    /// `10.0.0.0/8`
    Network { base: IpAddr, bits: u32 },
    /// `10.1.2.3`
    Address(IpAddr),
    /// `example.com`: the domain and what is below it.
    Domain(String),
    /// `.example.com`, `*.example.com`: what is below it.
    Below(String),
}

impl NoProxy {
    /// Rules are separated by commas or blanks; what is no rule covers nothing.
    pub(super) fn parse(text: &str) -> Self {
        let words = text.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty());
        Self(words.take(MAX_RULES).filter_map(|word| Rule::parse(&word.to_ascii_lowercase())).collect())
    }

    /// Whether `host[:port]` is reached without a proxy. This machine itself always is.
    pub(super) fn covers(&self, host: &str, default_port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        let (host, port) = split_port(&host);
        let address = host.parse::<IpAddr>().ok();
        let here = host == "localhost" || address.is_some_and(|address| address.is_loopback());
        let port = port.unwrap_or(default_port);
        here || self.0.iter().any(|rule| rule.covers(host, address, port))
    }
}

impl Rule {
    fn parse(word: &str) -> Option<Self> {
        if word == "*" {
            return Some(Self { hosts: Hosts::All, port: None });
        }
        if let Some((base, bits)) = word.split_once('/') {
            let (base, bits) = (base.parse::<IpAddr>().ok()?, bits.parse::<u32>().ok()?);
            let hosts = Hosts::Network { base, bits };
            return (bits <= width(base)).then_some(Self { hosts, port: None });
        }
        let (host, port) = split_port(word);
        if let Ok(address) = host.parse() {
            return Some(Self { hosts: Hosts::Address(address), port });
        }
        let below = host.strip_prefix("*.").or_else(|| host.strip_prefix('.'));
        let named = !below.unwrap_or(host).is_empty();
        let hosts = match below {
            Some(domain) => Hosts::Below(format!(".{domain}")),
            None => Hosts::Domain(host.to_owned()),
        };
        named.then_some(Self { hosts, port })
    }

    fn covers(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        let named = match &self.hosts {
            Hosts::All => true,
            Hosts::Network { base, bits } => address.is_some_and(|address| within(address, *base, *bits)),
            Hosts::Address(one) => address == Some(*one),
            Hosts::Domain(domain) => {
                host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Hosts::Below(end) => host.ends_with(end.as_str()),
        };
        named && self.port.is_none_or(|only| only == port)
    }
}

/// `host`, `host:port`, `[v6]:port` and a bare v6 address.
fn split_port(text: &str) -> (&str, Option<u16>) {
    if text.parse::<IpAddr>().is_ok() {
        return (text, None);
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
        _ => (text, None),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    (bare.unwrap_or(host), port)
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn within(address: IpAddr, base: IpAddr, bits: u32) -> bool {
    let number = |address: IpAddr| match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let free = width(base).saturating_sub(bits);
    let prefix = |address| number(address).checked_shr(free).unwrap_or(0);
    address.is_ipv4() == base.is_ipv4() && prefix(address) == prefix(base)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn covers(rules: &str, host: &str) -> bool {
        NoProxy::parse(rules).covers(host, 443)
    }

    #[test]
    fn a_domain_covers_itself_and_what_is_below() {
        for host in ["example.com", "reg.example.com", "REG.example.com:5000"] {
            assert!(covers("example.com", host), "{host}");
        }
        assert!(!covers("example.com", "badexample.com"));
        assert!(!covers("example.com", "example.com.evil"));
    }

    #[test]
    fn a_leading_dot_covers_only_what_is_below() {
        for rules in [".example.com", "*.example.com"] {
            assert!(covers(rules, "reg.example.com"), "{rules}");
            assert!(!covers(rules, "example.com"), "{rules}");
        }
    }

    #[test]
    fn a_port_in_a_rule_is_the_only_one_meant() {
        assert!(covers("example.com:5000", "example.com:5000"));
        assert!(!covers("example.com:5000", "example.com"));
        assert!(covers("example.com:443", "example.com"));
    }

    #[test]
    fn addresses_and_networks() {
        assert!(covers("10.0.0.0/8", "10.1.2.3:5000"));
        assert!(!covers("10.0.0.0/8", "11.1.2.3"));
        assert!(covers("0.0.0.0/0", "8.8.8.8"));
        assert!(covers("fd00::/8", "[fd00::1]:5000"));
        assert!(!covers("::/0", "8.8.8.8"));
        assert!(covers("10.1.2.3", "10.1.2.3") && !covers("10.1.2.3", "110.1.2.3"));
        assert!(!covers("10.0.0.0/33, 10.0.0.0/x", "10.0.0.1"));
    }

    #[test]
    fn all_of_them_and_this_machine() {
        assert!(covers("a.example *", "reg.example"));
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.8.9.1", "[::1]:5000"] {
            assert!(covers("", host), "{host}");
        }
        assert!(!covers("", "reg.example") && !covers(",. ,*.", "reg.example"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(rules in ".{0,80}", host in ".{0,40}") {
            covers(&rules, &host);
        }

        #[test]
        fn a_host_covers_itself(host in "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}") {
            prop_assert!(covers(&host, &host));
            let below = format!("x.{host}");
            prop_assert!(covers(&host, &below));
        }
    }
}
