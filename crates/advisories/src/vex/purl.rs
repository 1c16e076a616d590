//! Package URLs as far as VEX needs them: whether one that somebody wrote means a package.

use std::borrow::Cow;
use std::collections::BTreeSet;

/// A package URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Purl<'a> {
    /// Type, namespace and name.
    path: Cow<'a, str>,
    version: Option<Cow<'a, str>>,
    qualifiers: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Purl<'a> {
    /// Nothing if the text is none.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let rest = text.trim().strip_prefix("pkg:")?.trim_start_matches('/');
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        // A scope of npm begins with an `@` that not everybody encodes.
        let name = rest.rfind('/').map_or(0, |at| at + 1);
        let version = rest.rfind('@').filter(|at| *at > name);
        let (path, version) = match version {
            Some(at) => (rest.get(..at)?, rest.get(at + 1..)),
            None => (rest, None),
        };
        let pair = |pair: &'a str| pair.split_once('=').map(|(key, value)| (key, decoded(value)));
        let qualifiers: Vec<_> = qualifiers.split('&').filter_map(pair).collect();
        // What is said twice may be said in two ways.
        let keys: BTreeSet<&str> = qualifiers.iter().map(|(key, _)| *key).collect();
        if keys.len() < qualifiers.len() {
            return None;
        }
        let version = version.filter(|version| !version.is_empty()).map(decoded);
        path.contains('/').then(|| Self { path: decoded(path), version, qualifiers })
    }

    /// Whether the package is one of those meant: what this one does not say may be anything.
    pub(super) fn means(&self, package: &Purl<'_>) -> bool {
        let has = |(key, value): &(&str, Cow<'_, str>)| {
            // Where something can be had is nothing about what it is.
            let place = ["repository_url", "download_url", "vcs_url"].contains(key);
            let mut known = package.qualifiers.iter().filter(|(other, _)| other == key);
            place || known.all(|(_, other)| other == value)
        };
        let version = self.version.is_none() || self.version == package.version;
        self.path == package.path && version && self.qualifiers.iter().all(has)
    }
}

/// With each `%XX` replaced; what is no encoding stays.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let byte = after.first_chunk::<2>().filter(|_| *first == b'%').and_then(|digits| {
            let digits = str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            u8::from_str_radix(digits, 16).ok()
        });
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_purl_does_not_say_may_be_anything() {
        let package = "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u4?arch=amd64&distro=debian-12";
        for (written, means) in [
            ("pkg:deb/debian/curl", true),
            ("pkg:deb/debian/curl@7.88.1-10+deb12u4", true),
            ("pkg:deb/debian/curl@7.88.1-10%2Bdeb12u4?arch=amd64", true),
            ("pkg:deb/debian/curl?repository_url=x", true),
            ("pkg:deb/debian/curl?epoch=1", true),
            ("pkg:deb/debian/curl?arch=arm64", false),
            ("pkg:deb/debian/curl@7", false),
            ("pkg:deb/ubuntu/curl", false),
            ("pkg:deb/debian/libcurl", false),
        ] {
            let package = Purl::parse(package).unwrap();
            assert_eq!(Purl::parse(written).unwrap().means(&package), means, "{written}");
        }
    }

    #[test]
    fn a_scope_is_no_version() {
        let package = Purl::parse("pkg:npm/%40angular/core@1.0.0").unwrap();
        assert!(Purl::parse("pkg:npm/@angular/core").unwrap().means(&package));
        assert!(Purl::parse("pkg:npm/@angular/core@1.0.0").unwrap().means(&package));
        assert!(!Purl::parse("pkg:npm/%40angular/core@2.0.0").unwrap().means(&package));
        assert_eq!((Purl::parse("curl"), Purl::parse("pkg:curl")), (None, None));
        assert_eq!(Purl::parse("pkg:deb/debian/curl?arch=amd64&arch=arm64"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_purl_or_none(text in "(pkg:)?[a-z/@%?=&#+0-9é]{0,30}") {
            if let Some(purl) = Purl::parse(&text) {
                prop_assert!(purl.means(&purl));
            }
        }
    }
}
