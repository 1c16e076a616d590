//! What an image has to run on, and which of several does.

use std::fmt;
use std::str::FromStr;

use model::image::Image;
use model::oci::{Descriptor, Platform};

/// A platform that somebody wants: `linux/arm64/v8`, as Docker and OCI spell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Wanted {
    /// What this machine runs.
    #[must_use]
    pub fn host() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "x86" => "386",
            "aarch64" => "arm64",
            "powerpc64" => "ppc64le",
            other => other,
        };
        Self { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: None }
    }

    /// Operating system and processor.
    pub(crate) fn into_words(self) -> (String, String) {
        (self.os, self.architecture)
    }

    /// Variants that run there, the best first. What says none is what everybody can run.
    fn variants(&self) -> &'static [&'static str] {
        match (self.architecture.as_str(), self.variant.as_deref()) {
            ("arm", None | Some("v7")) => &["v7", "v6", "v5", ""],
            ("arm", Some("v6")) => &["v6", "v5", ""],
            ("arm64", None | Some("v8")) => &["v8", ""],
            ("amd64", None | Some("v1")) => &["", "v1"],
            ("amd64", Some("v2")) => &["v2", "", "v1"],
            ("amd64", Some("v3")) => &["v3", "v2", "", "v1"],
            ("amd64", Some("v4")) => &["v4", "v3", "v2", "", "v1"],
            _ => &[],
        }
    }

    /// How far from the best; `None` where it does not run at all.
    fn rank(&self, offered: &Platform) -> Option<usize> {
        if offered.os != self.os || offered.architecture != self.architecture {
            return None;
        }
        let variant = offered.variant.as_deref().unwrap_or_default();
        match self.variants() {
            [] => (self.variant.as_deref().unwrap_or_default() == variant).then_some(0),
            known => known.iter().position(|known| *known == variant),
        }
    }

    /// Whether an image runs there.
    #[must_use]
    pub fn fits(&self, image: &Image) -> bool {
        let (os, architecture) = (image.config.os.clone(), image.config.architecture.clone());
        self.accepts(&Platform { architecture, os, variant: None, os_version: None })
    }

    /// Whether an image of this platform runs there. One that does not say what it is made for may.
    pub(crate) fn accepts(&self, offered: &Platform) -> bool {
        offered.architecture.is_empty() || self.rank(offered).is_some()
    }

    /// The best of a list; what names no platform only where it is alone.
    pub(crate) fn choose<'a>(&self, offered: &'a [Descriptor]) -> Option<&'a Descriptor> {
        if let [only] = offered
            && only.platform.is_none()
        {
            return Some(only);
        }
        let ranked = offered.iter().filter_map(|one| Some((self.rank(one.platform.as_ref()?)?, one)));
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, one)| one)
    }
}

/// Every platform of a list once; what is for none, such as attestations, is left out.
pub(crate) fn offered(list: &[Descriptor]) -> Vec<String> {
    let platforms = list.iter().filter_map(|one| one.platform.as_ref());
    let known = platforms.filter(|platform| platform.os != "unknown");
    let mut texts: Vec<String> = known.map(text).collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// `linux/arm64/v8`
pub(crate) fn text(platform: &Platform) -> String {
    let variant = platform.variant.as_ref().map_or_else(String::new, |variant| format!("/{variant}"));
    format!("{}/{}{variant}", platform.os, platform.architecture)
}

/// Why a text is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no platform, such as linux/amd64 or linux/arm64/v8")]
pub struct WantedSyntax(String);

impl FromStr for Wanted {
    type Err = WantedSyntax;

    fn from_str(typed: &str) -> Result<Self, WantedSyntax> {
        let wrong = || WantedSyntax(typed.chars().take(100).collect());
        let is_word = |word: &&str| {
            !word.is_empty()
                && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        let words: Vec<&str> = typed.split('/').collect();
        let (os, architecture, variant) = match words.as_slice() {
            [os, architecture] => (*os, *architecture, None),
            [os, architecture, variant] => (*os, *architecture, Some(*variant)),
            _ => return Err(wrong()),
        };
        if ![Some(os), Some(architecture), variant].iter().flatten().all(is_word) {
            return Err(wrong());
        }
        let (architecture, variant) = (usual(architecture), variant.map(str::to_owned));
        Ok(Self { os: os.to_owned(), architecture: architecture.to_owned(), variant })
    }
}

/// What `uname -m` says, as Go calls it.
fn usual(architecture: &str) -> &str {
    match architecture {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(platforms: &[&str]) -> Vec<Descriptor> {
        let digest = |number: usize| format!("sha256:{number:064x}").parse().unwrap();
        let one = |(number, text): (usize, &&str)| {
            let mut words = text.split('/').map(str::to_owned);
            let platform = Platform {
                os: words.next().unwrap(),
                architecture: words.next().unwrap(),
                variant: words.next(),
                os_version: None,
            };
            Descriptor { platform: Some(platform), ..Descriptor::new("m", digest(number), 1) }
        };
        platforms.iter().enumerate().map(one).collect()
    }

    #[test]
    fn the_best_variant_that_runs_is_chosen() {
        let check = |wanted: &str, offers: &[&str], expected: Option<&str>| {
            let list = list(offers);
            let wanted: Wanted = wanted.parse().unwrap();
            let chosen = wanted.choose(&list).map(|one| text(one.platform.as_ref().unwrap()));
            assert_eq!(chosen.as_deref(), expected, "{wanted} of {offers:?}");
        };
        check("linux/amd64", &["linux/arm64/v8", "linux/amd64"], Some("linux/amd64"));
        check("linux/amd64", &["linux/amd64/v3", "linux/amd64"], Some("linux/amd64"));
        check("linux/amd64/v3", &["linux/amd64", "linux/amd64/v2"], Some("linux/amd64/v2"));
        check("linux/amd64", &["linux/amd64/v3"], None);
        check("linux/arm", &["linux/arm/v5", "linux/arm/v7", "linux/arm/v6"], Some("linux/arm/v7"));
        check("linux/arm/v6", &["linux/arm/v7", "linux/arm/v5"], Some("linux/arm/v5"));
        check("linux/aarch64", &["linux/arm64/v8"], Some("linux/arm64/v8"));
        check("linux/amd64", &["windows/amd64", "unknown/unknown"], None);
        check("linux/s390x", &["linux/s390x"], Some("linux/s390x"));
    }

    #[test]
    fn a_list_of_one_needs_no_platform() {
        let mut alone = list(&["linux/amd64"]);
        alone[0].platform = None;
        assert!(Wanted::host().choose(&alone).is_some());
        let two = [alone[0].clone(), alone[0].clone()];
        assert!(Wanted::host().choose(&two).is_none());
    }

    #[test]
    fn what_is_offered_is_said_once_and_without_attestations() {
        let list = list(&["linux/arm64/v8", "linux/amd64", "unknown/unknown", "linux/amd64"]);
        assert_eq!(offered(&list), ["linux/amd64", "linux/arm64/v8"]);
    }

    #[test]
    fn a_platform_is_two_or_three_words() {
        for text in ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/am d64", "linux//v8"] {
            assert!(text.parse::<Wanted>().is_err(), "{text}");
        }
        assert_eq!("linux/arm64/v8".parse::<Wanted>().unwrap().to_string(), "linux/arm64/v8");
    }
}
