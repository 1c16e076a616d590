//! `-p [address:][port:]port[/protocol]`: ports of the container on this host.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::RangeInclusive;

use model::publish::{LOOPBACK, Protocol, Publish};

use super::ValueError;

/// Most ports that one option may publish.
const MOST: u16 = 1024;

/// One for each port of a range.
pub(crate) fn parse(text: &str) -> Result<Vec<Publish>, ValueError> {
    let (ports, protocol) = text.rsplit_once('/').unwrap_or((text, "tcp"));
    let protocol: Protocol = protocol
        .parse()
        .map_err(|()| wrong(format!("`{protocol}` is not a protocol that can be published")))?;
    let (host, inside) = ports.rsplit_once(':').map_or((None, ports), |(host, inside)| (Some(host), inside));
    let (address, host) = host.map_or(Ok((LOOPBACK, "")), address)?;
    let inside = range(inside)?;
    let host = if host.is_empty() { None } else { Some(range(host)?) };
    if inside.len() > usize::from(MOST) {
        return Err(wrong(format!("it is more than {MOST} ports")));
    }
    if host.as_ref().is_some_and(|host| host.len() != inside.len()) {
        return Err(wrong("the two ranges are not equally long"));
    }
    let first = host.map(|host| *host.start());
    let port = |(step, port)| {
        // The kernel chooses where nobody did.
        let host_port = first.map_or(0, |first| first + step);
        Publish { address, host_port, port, protocol }
    };
    Ok((0..).zip(inside).map(port).collect())
}

/// What stands before the container's port: a port of the host, or an address and perhaps a port.
fn address(text: &str) -> Result<(IpAddr, &str), ValueError> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or_else(|| wrong("the `[` has no `]`"))?;
        let address: Ipv6Addr =
            address.parse().map_err(|_| wrong(format!("`{address}` is no IPv6 address")))?;
        let port = port.strip_prefix(':').ok_or_else(|| wrong("the address is not followed by a port"))?;
        return Ok((address.into(), port));
    }
    let Some((address, port)) = text.rsplit_once(':') else { return Ok((LOOPBACK, text)) };
    if address.contains(':') {
        return Err(wrong("an IPv6 address stands in brackets"));
    }
    let address = address.parse().map_err(|_| wrong(format!("`{address}` is no IP address")))?;
    Ok((address, port))
}

/// `80` or `80-90`
fn range(text: &str) -> Result<RangeInclusive<u16>, ValueError> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    if first > last { Err(wrong(format!("the range `{text}` is empty"))) } else { Ok(first..=last) }
}

fn number(text: &str) -> Result<u16, ValueError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|port| digits && *port > 0);
    number.ok_or_else(|| wrong(format!("`{text}` is no port")))
}

fn wrong(wrong: impl Into<String>) -> ValueError {
    ValueError::new(wrong, "[ADDRESS:][HOST_PORT:]PORT[/tcp|udp], such as 8080:80 or 127.0.0.1:5353:53/udp")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> Vec<String> {
        parse(text).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn loopback_is_meant_unless_another_address_is_given() {
        for (text, port) in [
            ("80", "127.0.0.1:0->80"),
            (":80", "127.0.0.1:0->80"),
            ("8080:80", "127.0.0.1:8080->80"),
            ("8080:80/tcp", "127.0.0.1:8080->80"),
            ("0.0.0.0:8080:80", "0.0.0.0:8080->80"),
            ("10.0.0.1::80", "10.0.0.1:0->80"),
            ("127.0.0.1:5353:53/udp", "127.0.0.1:5353->53/udp"),
            ("[::1]:8080:80", "[::1]:8080->80"),
            ("[::]::80", "[::]:0->80"),
        ] {
            assert_eq!(shown(text), [port], "{text}");
        }
    }

    #[test]
    fn ranges_are_as_long_as_each_other() {
        let ports = ["127.0.0.1:8000->80/udp", "127.0.0.1:8001->81/udp", "127.0.0.1:8002->82/udp"];
        assert_eq!(shown("8000-8002:80-82/udp"), ports);
        assert_eq!(shown("80-81"), ["127.0.0.1:0->80", "127.0.0.1:0->81"]);
        assert_eq!(parse("64512-65535:1-1024").unwrap().len(), 1024);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("", "`` is no port"),
            ("0", "`0` is no port"),
            ("65536", "`65536` is no port"),
            ("8080:", "`` is no port"),
            ("+80", "`+80` is no port"),
            ("80/sctp", "`sctp` is not a protocol that can be published"),
            ("::1:80:80", "an IPv6 address stands in brackets"),
            ("[::1:80", "the `[` has no `]`"),
            ("[::1]80:80", "the address is not followed by a port"),
            ("localhost:80:80", "`localhost` is no IP address"),
            ("8000-8010:80", "the two ranges are not equally long"),
            ("90-80", "the range `90-80` is empty"),
            ("1-2000", "it is more than 1024 ports"),
        ] {
            assert_eq!(parse(text).unwrap_err().wrong, said, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_ports_or_an_error(text in r"[0-9a-f:./\[\]-]{0,24}(/[a-z]{0,4})?") {
            for port in parse(&text).unwrap_or_default() {
                let option = port.option();
                let again = if port.host_port == 0 { option.replace(":0:", "::") } else { option };
                prop_assert_eq!(parse(again.trim_start_matches("-p ")), Ok(vec![port]));
            }
        }
    }
}
