//! `linux/amd64`: what an image or a stage is for.

use std::fmt;
use std::str::FromStr;

/// No system, processor or variant has a longer name.
const LONGEST: usize = 32;

/// An operating system and a processor, as Go calls them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    /// `linux`
    pub os: String,
    /// `amd64`
    pub architecture: String,
    /// `v7` of `linux/arm/v7`; mostly empty.
    pub variant: String,
}

/// The text names no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no platform: it is a system and a processor, such as linux/amd64, linux/arm64 or linux/arm/v7"
)]
pub struct PlatformSyntax(String);

impl FromStr for Platform {
    type Err = PlatformSyntax;

    fn from_str(text: &str) -> Result<Self, PlatformSyntax> {
        let wrong = || PlatformSyntax(text.chars().take(100).collect());
        let lower = text.to_ascii_lowercase();
        let parts: Vec<&str> = lower.split('/').collect();
        let (os, architecture, variant) = match *parts.as_slice() {
            [architecture] if is_architecture(architecture) => ("linux", architecture, ""),
            [os, architecture] => (os, architecture, ""),
            [os, architecture, variant] => (os, architecture, variant),
            _ => return Err(wrong()),
        };
        let is_word = |part: &&str| {
            part.len() <= LONGEST && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
        };
        if os.is_empty() || architecture.is_empty() || ![os, architecture, variant].iter().all(is_word) {
            return Err(wrong());
        }
        let (architecture, variant) = normal(architecture, variant);
        Ok(Self { os: os.to_owned(), architecture: architecture.to_owned(), variant })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}

/// Whether a word alone is a processor, so that `--platform=arm64` needs no system.
fn is_architecture(word: &str) -> bool {
    let known = ["386", "amd64", "arm", "arm64", "loong64", "mips64le", "ppc64le", "riscv64", "s390x"];
    let other = ["i386", "x86_64", "x86-64", "aarch64", "armhf", "armel"];
    known.contains(&word) || other.contains(&word)
}

/// The names that containerd writes for what goes by several.
fn normal<'a>(architecture: &'a str, variant: &str) -> (&'a str, String) {
    match (architecture, variant) {
        ("i386", _) => ("386", String::new()),
        ("x86_64" | "x86-64" | "amd64", "" | "v1") => ("amd64", String::new()),
        ("x86_64" | "x86-64", other) => ("amd64", other.to_owned()),
        ("aarch64" | "arm64", "" | "8" | "v8") => ("arm64", String::new()),
        ("aarch64", other) => ("arm64", other.to_owned()),
        ("armhf", _) | ("arm", "" | "7") => ("arm", "v7".to_owned()),
        ("armel", _) => ("arm", "v6".to_owned()),
        ("arm", "5" | "6" | "8") => ("arm", format!("v{variant}")),
        (other, variant) => (other, variant.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_have_one_name() {
        for (text, name) in [
            ("linux/amd64", "linux/amd64"),
            ("Linux/x86_64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/amd64/v3", "linux/amd64/v3"),
            ("arm64", "linux/arm64"),
            ("linux/aarch64/v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/arm/6", "linux/arm/v6"),
            ("armel", "linux/arm/v6"),
            ("linux/i386", "linux/386"),
            ("windows/amd64", "windows/amd64"),
        ] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), name, "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["", "linux", "/", "linux/", "/amd64", "linux/amd64/v1/x", "linux/a b", "linux/$ARCH"] {
            let error = text.parse::<Platform>().unwrap_err();
            assert!(error.to_string().contains("linux/arm64"), "{text}");
        }
    }
}
