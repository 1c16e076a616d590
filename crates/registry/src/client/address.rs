//! Where a request goes, and where an answer may send it.

use std::fmt;
use std::net::IpAddr;

use http::Uri;

use crate::config::Scheme;

/// Longest address that an answer may name.
const LONGEST: usize = 8 * 1024;

/// An absolute address, without user and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: Scheme,
    /// Host in lower case, and the port unless it is the scheme's own.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) target: String,
}

impl Address {
    pub(crate) fn new(scheme: Scheme, authority: &str, target: &str) -> Self {
        let authority = authority.to_ascii_lowercase();
        let usual = if scheme == Scheme::Https { ":443" } else { ":80" };
        let authority = authority.strip_suffix(usual).unwrap_or(&authority).to_owned();
        Self { scheme, authority, target: target.to_owned() }
    }

    /// An absolute address as somebody else wrote it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = (text.len() <= LONGEST).then(|| text.parse().ok())??;
        let scheme = match uri.scheme_str()? {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return None,
        };
        let authority = uri.authority()?.as_str();
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let sound = !authority.contains('@') && !uri.host()?.is_empty() && target.starts_with('/');
        sound.then(|| Self::new(scheme, authority, target))
    }

    /// RFC 3986, section 5.2, as far as answers need it: what `location` means in an answer from here.
    pub(crate) fn join(&self, location: &str) -> Option<Self> {
        let location = location.split('#').next().unwrap_or_default();
        if location.contains("://") && !location.starts_with(['/', '?']) {
            return Self::parse(location);
        }
        let scheme = self.scheme.as_str();
        if location.starts_with("//") {
            return Self::parse(&format!("{scheme}:{location}"));
        }
        let path = self.target.split('?').next().unwrap_or_default();
        let target = match location.chars().next()? {
            '/' => location.to_owned(),
            '?' => format!("{path}{location}"),
            _ => format!("{}/{location}", path.rsplit_once('/').map_or("", |(above, _)| above)),
        };
        Self::parse(&format!("{scheme}://{}{target}", self.authority))
    }

    /// The same with one more parameter in its query.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let join = if self.target.contains('?') { '&' } else { '?' };
        let target = format!("{}{join}{name}={}", self.target, escaped(value));
        Self { target, ..self.clone() }
    }

    /// Whether what is secret to the one is no secret to the other.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.authority == other.authority
    }

    /// The rule of [`super::ClientError::Redirect`] that forbids to go from here to there.
    pub(crate) fn forbids(&self, to: &Self) -> Option<&'static str> {
        if to.scheme < self.scheme {
            return Some("it would leave TLS");
        }
        let inward = is_inward(&to.authority) && !is_inward(&self.authority);
        inward.then_some("it leads from outside to this machine or its link")
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}{}", self.scheme.as_str(), self.authority, self.target)
    }
}

/// Scheme and host: what comes after them may hold a signature that lets anybody in.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority)
    }
}

/// RFC 3986, section 2: everything but unreserved characters, in hex.
pub(crate) fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Whether the host is this machine whatever the network says: `localhost`, 127.0.0.0/8 and ::1.
pub(crate) fn is_loopback(authority: &str) -> bool {
    let host = host(authority);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether the host may be this machine or its link, however that is written: what listens there trusts whoever
/// reaches it.
fn is_inward(authority: &str) -> bool {
    let host = host(authority).to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    // An interface may follow.
    let literal = host.split('%').next().unwrap_or_default();
    let last = host.rsplit('.').next().unwrap_or_default();
    match literal.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(at)) => at.is_loopback() || at.is_link_local() || at.is_unspecified(),
        Ok(IpAddr::V6(at)) => at.is_loopback() || at.is_unicast_link_local() || at.is_unspecified(),
        // The system takes `127.1`, `0x7f000001` and `2130706433` for addresses as well; no domain ends so.
        Err(_) => {
            last == "localhost" || last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit())
        }
    }
}

/// The host without its port, and without brackets.
fn host(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => authority.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn a_location_means_what_it_means_to_everybody() {
        let base = at("https://a.example:443/v2/x/blobs/uploads/?n=1");
        let check = |location: &str, expected: &str| {
            assert_eq!(base.join(location).map(|to| to.url()).as_deref(), Some(expected), "{location}");
        };
        check("/v2/y", "https://a.example/v2/y");
        check("https://B.example:8443/z?s=1#f", "https://b.example:8443/z?s=1");
        check("//c.example/q", "https://c.example/q");
        check("id?_state=x", "https://a.example/v2/x/blobs/uploads/id?_state=x");
        check("?last=b", "https://a.example/v2/x/blobs/uploads/?last=b");
        check("/q?to=http://d.example/", "https://a.example/q?to=http://d.example/");
        for bad in ["", "ftp://a/b", "https://user:pw@a/b", "http:///x", "https://a b/"] {
            assert_eq!(base.join(bad), None, "{bad}");
        }
    }

    #[test]
    fn another_port_or_scheme_is_another_origin_and_tls_is_not_left() {
        let base = at("https://a/x");
        assert!(base.same_origin(&at("https://A:443/y")));
        for other in ["https://a:444/x", "http://a/x", "https://b/x", "https://a.b/x"] {
            assert!(!base.same_origin(&at(other)), "{other}");
        }
        assert!(base.forbids(&at("http://a/x")).is_some());
        assert!(at("http://a/x").forbids(&base).is_none());
    }

    #[test]
    fn loopback_is_an_address_and_not_a_beginning() {
        for yes in ["localhost", "LOCALHOST:5000", "127.0.0.1", "127.3.2.1:80", "[::1]:5000"] {
            assert!(is_loopback(yes), "{yes}");
        }
        for no in ["localhost.example", "127.0.0.1.example:5000", "10.0.0.1", "[::2]", "", "128.0.0.1"] {
            assert!(!is_loopback(no), "{no}");
        }
    }

    #[test]
    fn nobody_from_outside_leads_to_this_machine() {
        let (outside, inside) = (at("https://reg.example/"), at("https://127.0.0.1:5000/"));
        for here in [
            "localhost",
            "LOCALHOST:5000",
            "a.localhost.",
            "127.0.0.1",
            "127.9.9.9:80",
            "0.0.0.0",
            "127.1",
            "0x7f000001",
            "2130706433",
            "127.0.0.1.",
            "169.254.169.254",
            "[::1]:5000",
            "[::]",
            "[fe80::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:169.254.0.1]",
        ] {
            let here = at(&format!("https://{here}/x"));
            assert!(outside.forbids(&here).is_some(), "{here}");
            assert_eq!(inside.forbids(&here), None, "{here}");
        }
        for there in [
            "cdn.example",
            "localhost.example",
            "10.0.0.1:5000",
            "192.168.1.1",
            "[fd00::1]",
            "8.8.8.8",
            "7zip:80",
        ] {
            assert_eq!(outside.forbids(&at(&format!("https://{there}/x"))), None, "{there}");
        }
    }

    #[test]
    fn a_digest_is_escaped() {
        assert_eq!(at("http://a/u?_s=1").with("digest", "sha256:0f").target, "/u?_s=1&digest=sha256%3A0f");
    }

    proptest::proptest! {
        #[test]
        fn no_location_leads_to_a_user_or_another_scheme(location in ".*") {
            if let Some(to) = at("https://a/b/c").join(&location) {
                proptest::prop_assert!(!to.authority.contains('@'));
                proptest::prop_assert!(to.target.starts_with('/'));
            }
        }
    }
}
