//! The `Authorization` header: RFC 7617 (Basic) and RFC 6750 (Bearer), read strictly.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::password::LONGEST;
use crate::config::Secret;

/// The longest header that is read: a token with many scopes.
const HEADER: usize = 16 * 1024;

/// What a client shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    /// A name and a password.
    Basic(String, Secret),
    /// A token, of whichever kind.
    Bearer(Secret),
}

impl Credentials {
    /// Reads a header's value. Nothing for what is not understood: it proves nothing.
    pub(super) fn parse(header: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(header).ok().filter(|text| text.len() <= HEADER)?;
        let (scheme, rest) = text.split_once(' ')?;
        let rest = rest.trim_start_matches(' ');
        match scheme {
            scheme if scheme.eq_ignore_ascii_case("basic") => Self::basic(rest),
            scheme if scheme.eq_ignore_ascii_case("bearer") && is_token(rest) => {
                Some(Self::Bearer(Secret::new(rest.to_owned())))
            }
            _ => None,
        }
    }

    fn basic(encoded: &str) -> Option<Self> {
        let decoded = Zeroizing::new(STANDARD.decode(encoded).ok()?);
        let text = std::str::from_utf8(&decoded).ok()?;
        let (name, password) = text.split_once(':')?;
        Self::named(name, password)
    }

    /// A name and a password, if they can be somebody's.
    pub(super) fn named(name: &str, password: &str) -> Option<Self> {
        let fits = (1..=64).contains(&name.len()) && password.len() <= LONGEST;
        let plain = !name.chars().chain(password.chars()).any(char::is_control);
        (fits && plain).then(|| Self::Basic(name.to_owned(), Secret::new(password.to_owned())))
    }
}

/// `token68` of RFC 7235.
fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && body.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn basic(text: &str) -> Option<Credentials> {
        Credentials::parse(format!("Basic {}", STANDARD.encode(text)).as_bytes())
    }

    #[test]
    fn headers_are_read_as_the_standards_write_them() {
        let anna = Credentials::named("anna", "pass:word").unwrap();
        assert_eq!(basic("anna:pass:word"), Some(anna.clone()));
        assert_eq!(Credentials::parse(b"basic  YW5uYTpwYXNzOndvcmQ="), Some(anna));
        let bearer = Credentials::parse(b"Bearer a.b-c_d").unwrap();
        assert_eq!(bearer, Credentials::Bearer(Secret::new("a.b-c_d".into())));
    }

    #[test]
    fn what_is_not_understood_proves_nothing() {
        for nothing in [
            "",
            "Basic",
            "Basic ",
            "Basic ???",
            "Basic YQ",
            "Bearer ",
            "Bearer a b",
            "Bearer ä",
            "Bearer a,Basic b",
            "Digest a",
            "Bearer =",
            "BasicYW5uYTpw",
        ] {
            assert_eq!(Credentials::parse(nothing.as_bytes()), None, "{nothing}");
        }
        for nothing in ["anna", ":password", "an\nna:password", "anna:pass\0word"] {
            assert_eq!(basic(nothing), None, "{nothing:?}");
        }
        assert_eq!(basic(&format!("anna:{}", "a".repeat(257))), None);
        assert_eq!(Credentials::parse(format!("Bearer {}", "a".repeat(HEADER)).as_bytes()), None);
        assert_eq!(Credentials::parse(b"Basic \xff"), None);
    }

    proptest! {
        #[test]
        fn every_name_and_password_comes_through(name in "[a-z]{1,64}", password in "[ -~]{0,256}") {
            prop_assert_eq!(basic(&format!("{name}:{password}")), Credentials::named(&name, &password));
        }

        #[test]
        fn no_header_is_too_strange(header in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Credentials::parse(&header);
        }
    }
}
