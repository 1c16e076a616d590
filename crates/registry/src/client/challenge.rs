//! `WWW-Authenticate`: RFC 9110, section 11.6.1, and RFC 6750, section 3.

/// Longest header that is looked at.
const LONGEST: usize = 8 * 1024;

/// What a registry wants to see before it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User and password, each time.
    Basic,
    /// A token from somebody else.
    Bearer(Bearer),
}

/// Where the token comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bearer {
    /// The token server's address.
    pub(crate) realm: String,
    /// Whom it should be for.
    pub(crate) service: String,
    /// What it should allow, by the registry's word: separated by spaces.
    pub(crate) scope: String,
}

impl Challenge {
    /// The best of the challenges: a token rather than a password that goes along each time.
    pub(crate) fn best<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let all: Vec<Self> = headers.filter(|text| text.len() <= LONGEST).flat_map(parse).collect();
        let bearer = all.iter().find(|challenge| matches!(challenge, Self::Bearer(_)));
        bearer.or(all.first()).cloned()
    }
}

/// The challenges of one header that we can meet; what is malformed ends it.
fn parse(text: &str) -> Vec<Challenge> {
    let mut rest = Rest(text);
    let mut found = Vec::new();
    while let Some(scheme) = rest.scheme() {
        let parameters = rest.parameters();
        let value = |name: &str| {
            let named = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            named.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        if scheme.eq_ignore_ascii_case("basic") {
            found.push(Challenge::Basic);
        } else if scheme.eq_ignore_ascii_case("bearer") && !value("realm").is_empty() {
            let (realm, service, scope) = (value("realm"), value("service"), value("scope"));
            found.push(Challenge::Bearer(Bearer { realm, service, scope }));
        }
    }
    found
}

/// What of a header has not been read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip(&mut self, what: &[char]) {
        self.0 = self.0.trim_start_matches(what);
    }

    /// RFC 9110, section 5.6.2: `token`.
    fn token(&mut self) -> Option<&'a str> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let end = self.0.find(|c| !is_token(c)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    /// The name of the next scheme. What follows a scheme may be a list or one `token68`, which is passed over.
    fn scheme(&mut self) -> Option<&'a str> {
        self.skip(&[' ', '\t', ',']);
        let scheme = self.token()?;
        self.skip(&[' ', '\t']);
        Some(scheme)
    }

    /// `name=value` and `name="value"`, up to something that is not: the next scheme.
    fn parameters(&mut self) -> Vec<(&'a str, String)> {
        let mut found = Vec::new();
        loop {
            let before = self.0;
            self.skip(&[' ', '\t', ',']);
            let Some(parameter) = self.parameter() else {
                self.0 = before;
                return found;
            };
            found.push(parameter);
        }
    }

    fn parameter(&mut self) -> Option<(&'a str, String)> {
        let name = self.token()?;
        self.skip(&[' ', '\t']);
        self.0 = self.0.strip_prefix('=')?;
        self.skip(&[' ', '\t']);
        let value = match self.0.strip_prefix('"') {
            Some(quoted) => {
                self.0 = quoted;
                self.quoted()?
            }
            None => self.token()?.to_owned(),
        };
        Some((name, value))
    }

    /// RFC 9110, section 5.6.4: up to the closing quote, with `\` before what is meant as it is.
    fn quoted(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut characters = self.0.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.0 = self.0.get(at + 1..)?;
                    return Some(value);
                }
                '\\' => value.push(characters.next()?.1),
                c => value.push(c),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(text: &str) -> Option<Challenge> {
        Challenge::best([text].into_iter())
    }

    fn bearer(realm: &str, service: &str, scope: &str) -> Option<Challenge> {
        let (realm, service, scope) = (realm.to_owned(), service.to_owned(), scope.to_owned());
        Some(Challenge::Bearer(Bearer { realm, service, scope }))
    }

    #[test]
    fn the_challenges_of_registries_are_understood() {
        assert_eq!(
            best(
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#
            ),
            bearer("https://auth.docker.io/token", "registry.docker.io", "repository:a/b:pull,push")
        );
        assert_eq!(best(r#"Basic realm="Registry Realm""#), Some(Challenge::Basic));
        assert_eq!(best("bearer realm=x"), bearer("x", "", ""));
        assert_eq!(best(r#"Basic realm="a", Bearer realm="b\"c" , service = d"#), bearer("b\"c", "d", ""));
        assert_eq!(best("Negotiate, Basic"), Some(Challenge::Basic));
    }

    #[test]
    fn what_cannot_be_met_is_none() {
        for text in
            ["", "Digest realm=\"x\"", "Bearer", "Bearer service=\"x\"", "Bearer realm=\"x", "=,=,\"", "é"]
        {
            assert_eq!(best(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_header_is_too_odd(text in ".*", shaped in r#"((Basic|Bearer) )?([a-z]{1,5}=("([a-z"\\]|\\.)*"|[a-z]*),? ?){0,5}"#) {
            best(&text);
            best(&shaped);
        }

        #[test]
        fn a_quoted_value_comes_back(realm in "[ -~]{1,40}") {
            let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
            proptest::prop_assert_eq!(best(&format!("Bearer realm=\"{quoted}\"")), bearer(&realm, "", ""));
        }
    }
}
