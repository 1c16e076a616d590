//! Proxies: which one a host is reached through, as curl and Go read the environment.

use std::collections::BTreeMap;
use std::fmt;

use super::error::{ConfigError, Result};
use super::no_proxy::NoProxy;
use super::secret::Secret;

/// What a connection speaks. The order is that of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// TLS.
    Https,
}

impl Scheme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A proxy. Its address may hold a password, so only its host is ever shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    address: Secret,
    host: String,
}

impl Proxy {
    /// `SCHEME://[USER:PASSWORD@]HOST[:PORT]`, for whoever connects.
    #[must_use]
    pub fn address(&self) -> &str {
        self.address.reveal()
    }

    /// `None` where the text is no address of a proxy.
    fn parse(text: &str) -> Option<Self> {
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let (scheme, rest) = whole.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let authority = rest.split(['/', '?', '#']).next()?;
        let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
        let plain = !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic());
        let known = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"].contains(&scheme.as_str());
        let login = user.bytes().all(|b| b.is_ascii_graphic());
        (plain && known && login)
            .then(|| Self { address: Secret::new(format!("{scheme}://{authority}")), host: host.to_owned() })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)
    }
}

/// The proxy for `host[:port]`; `variables` are those of the environment whose names end with `_proxy`, in
/// either case. As with curl the lower case comes first, and the scheme's own before the one for all.
pub(super) fn find(
    variables: &BTreeMap<String, String>,
    host: &str,
    scheme: Scheme,
) -> Result<Option<Proxy>> {
    let names = match scheme {
        Scheme::Https => ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        Scheme::Http => ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
    };
    let Some((name, text)) = first(variables, &names) else { return Ok(None) };
    let exempt = first(variables, &["no_proxy", "NO_PROXY"]).map_or("", |(_, text)| text);
    let port = if scheme == Scheme::Https { 443 } else { 80 };
    if NoProxy::parse(exempt).covers(host, port) {
        return Ok(None);
    }
    let wrong = || ConfigError::Proxy { variable: name.to_owned(), what: "it is no address" };
    Proxy::parse(text).map(Some).ok_or_else(wrong)
}

fn first<'a>(variables: &'a BTreeMap<String, String>, names: &[&'a str]) -> Option<(&'a str, &'a str)> {
    names.iter().find_map(|name| {
        let text = variables.get(*name).map(|text| text.trim())?;
        (!text.is_empty()).then_some((*name, text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn found(pairs: &[(&str, &str)], host: &str, scheme: Scheme) -> Option<String> {
        find(&set(pairs), host, scheme).unwrap().map(|proxy| proxy.address().to_owned())
    }

    #[test]
    fn each_scheme_has_its_own_proxy_and_there_may_be_one_for_all() {
        let both = [("https_proxy", "http://a:1"), ("HTTP_PROXY", "b:2"), ("ALL_PROXY", "socks5://c:3")];
        assert_eq!(found(&both, "reg.example", Scheme::Https).unwrap(), "http://a:1");
        assert_eq!(found(&both, "reg.example", Scheme::Http).unwrap(), "http://b:2");
        assert_eq!(found(&both[2..], "reg.example", Scheme::Http).unwrap(), "socks5://c:3");
        assert_eq!(found(&[], "reg.example", Scheme::Https), None);
        assert_eq!(found(&[("https_proxy", " ")], "reg.example", Scheme::Https), None);
    }

    #[test]
    fn what_is_exempt_goes_straight() {
        let all = [("https_proxy", "a:1"), ("NO_PROXY", "*")];
        assert_eq!(found(&all, "reg.example", Scheme::Https), None);
        let some = [("https_proxy", "a:1"), ("no_proxy", "example")];
        assert_eq!(found(&some, "reg.example:5000", Scheme::Https), None);
        assert!(found(&some, "reg.other", Scheme::Https).is_some());
    }

    #[test]
    fn a_password_of_a_proxy_is_shown_nowhere() {
        let proxy = Proxy::parse("http://user:hunter2@proxy.example:3128/path").unwrap();
        assert_eq!(proxy.address(), "http://user:hunter2@proxy.example:3128");
        assert_eq!(proxy.to_string(), "proxy.example:3128");
        assert!(!format!("{proxy:?}").contains("hunter2"));
        let wrong = find(&set(&[("https_proxy", "ftp://u:hunter2@x")]), "r.example", Scheme::Https);
        assert!(!format!("{:?}", wrong.unwrap_err()).contains("hunter2"));
    }

    #[test]
    fn what_is_no_address_is_an_error_and_not_a_direct_connection() {
        for text in ["ftp://a", "http://", "http://a b", "http://a\r\nX: y", "u:p@"] {
            let result = find(&set(&[("https_proxy", text)]), "reg.example", Scheme::Https);
            assert!(matches!(result, Err(ConfigError::Proxy { .. })), "{text}");
        }
    }
}
