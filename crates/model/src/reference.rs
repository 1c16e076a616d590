//! What a person types to name an image: one parser for all of it.
//!
//! Syntax: containers-transports(5) for `TRANSPORT:DETAILS`, the distribution specification's
//! grammar for names, tags and digests.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::digest::ClaimedDigest;

/// Longest reference accepted, in bytes; the distribution grammar allows 255 for a name and 128 for a tag.
const MAX_LENGTH: usize = 4096;

/// A parsed reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A name in the store (or, one day, in a registry), or an id prefix: which one, the store knows.
    Name(ImageName),
    /// `docker://NAME`: a name in a registry, whatever the store has.
    Remote(ImageName),
    /// Something on disk.
    Archive(ArchiveSource),
    /// The image that the binary itself carries: `demo:`.
    Embedded,
}

/// An image on disk: its transport, where it is, and which image of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveSource {
    /// How the bytes are laid out; `None` is "look and see".
    pub transport: Option<Transport>,
    /// File or directory.
    pub path: PathBuf,
    /// Tag or name within, where the transport can hold several images.
    pub selector: Option<String>,
}

/// How an image lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// `docker save` output.
    DockerArchive,
    /// An OCI image layout in a tar file.
    OciArchive,
    /// An OCI image layout directory.
    Oci,
    /// containers-transports' `dir:`: manifest.json, version and blobs flat in one directory.
    Dir,
    /// A root filesystem, as a tarball or as a directory: one layer, an empty configuration.
    Rootfs,
}

impl Transport {
    const ALL: [(&'static str, Self); 5] = [
        ("docker-archive", Self::DockerArchive),
        ("oci-archive", Self::OciArchive),
        ("oci", Self::Oci),
        ("dir", Self::Dir),
        ("rootfs", Self::Rootfs),
    ];

    /// The prefix that a person types.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DockerArchive => "docker-archive",
            Self::OciArchive => "oci-archive",
            Self::Oci => "oci",
            Self::Dir => "dir",
            Self::Rootfs => "rootfs",
        }
    }
}

/// `[registry/]repository[:tag][@digest]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageName {
    /// Registry host and path as typed, without tag and digest.
    pub repository: String,
    /// The tag, if one was typed.
    pub tag: Option<String>,
    /// The digest, if one was typed.
    pub digest: Option<ClaimedDigest>,
}

impl ImageName {
    /// `repository:tag`, with `latest` where no tag was typed.
    #[must_use]
    pub fn tagged(&self) -> String {
        format!("{}:{}", self.repository, self.tag.as_deref().unwrap_or("latest"))
    }

    /// Whether the text could also be the start of an id: only hex digits, no tag, no digest.
    #[must_use]
    pub fn may_be_id(&self) -> bool {
        self.tag.is_none()
            && self.digest.is_none()
            && self.repository.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    }
}

/// Where an image's name leads when no configuration says otherwise.
pub const DOCKER_HUB: &str = "docker.io";

/// A repository in a registry: an image's name, made whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    /// Host, and port if one was typed; `docker.io` for Docker Hub.
    pub registry: String,
    /// The name there: `library/nginx`.
    pub path: String,
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl ImageName {
    /// The name for whoever is elsewhere: with its registry, and with `latest` where neither tag nor digest was typed.
    #[must_use]
    pub fn whole(&self) -> String {
        let repository = self.located();
        let tag = match (&self.tag, &self.digest) {
            (Some(tag), _) => format!(":{tag}"),
            (None, Some(_)) => String::new(),
            (None, None) => ":latest".to_owned(),
        };
        let digest = self.digest.map(|digest| format!("@{digest}")).unwrap_or_default();
        format!("{repository}{tag}{digest}")
    }

    /// Whether the first component is a registry's host: it has a dot, a port or a capital, or is `localhost`.
    #[must_use]
    pub fn names_registry(&self) -> bool {
        self.repository.split_once('/').is_some_and(|(first, _)| {
            first == "localhost"
                || first.contains(['.', ':'])
                || first.bytes().any(|b| b.is_ascii_uppercase())
        })
    }

    /// The repository that is meant: Docker Hub where no registry is named, and its `library/` for one word.
    #[must_use]
    pub fn located(&self) -> Repository {
        let (registry, path) = match self.repository.split_once('/') {
            Some((first, rest)) if self.names_registry() => (first, rest),
            _ => (DOCKER_HUB, self.repository.as_str()),
        };
        let registry = if registry == "index.docker.io" { DOCKER_HUB } else { registry };
        let official = registry == DOCKER_HUB && !path.contains('/');
        let path = if official { format!("library/{path}") } else { path.to_owned() };
        Repository { registry: registry.to_owned(), path }
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ArchiveSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(transport) = self.transport {
            write!(f, "{}:", transport.as_str())?;
        }
        write!(f, "{}", self.path.display())?;
        self.selector.as_ref().map_or(Ok(()), |selector| write!(f, ":{selector}"))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Remote(name) => write!(f, "docker://{name}"),
            Self::Archive(source) => source.fmt(f),
            Self::Embedded => f.write_str("demo:"),
        }
    }
}

/// Why a text is not a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceSyntax {
    /// Nothing was typed, or nothing after the transport.
    #[error("`{0}` names no image")]
    Empty(String),
    /// Longer than any valid reference.
    #[error("an image reference has at most {MAX_LENGTH} bytes, this one has {0}")]
    TooLong(usize),
    /// Another protocol's address, or another engine's store.
    #[error("`{0}` is not a place that images are taken from: files, directories and registries are")]
    Elsewhere(String),
    /// The repository part breaks the grammar.
    #[error(
        "`{0}` is not a repository name: lower-case letters, digits and single `.`, `_`, `-` within, separated by `/`"
    )]
    Repository(String),
    /// The tag breaks the grammar.
    #[error("`{0}` is not a tag: up to 128 letters, digits, `_`, `.` and `-`, not starting with `.` or `-`")]
    Tag(String),
    /// The digest breaks the grammar.
    #[error(transparent)]
    Digest(#[from] crate::digest::DigestSyntax),
}

impl FromStr for Reference {
    type Err = ReferenceSyntax;

    fn from_str(text: &str) -> Result<Self, ReferenceSyntax> {
        if text.len() > MAX_LENGTH {
            return Err(ReferenceSyntax::TooLong(text.len()));
        }
        if text == "demo:" {
            return Ok(Self::Embedded);
        }
        for (prefix, transport) in Transport::ALL {
            if let Some(details) = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(':')) {
                return archive(text, transport, details).map(Self::Archive);
            }
        }
        if let Some(name) = text.strip_prefix("docker://") {
            return name.parse().map(Self::Remote);
        }
        if text.contains("://") || ELSEWHERE.iter().any(|transport| text.starts_with(transport)) {
            return Err(ReferenceSyntax::Elsewhere(text.to_owned()));
        }
        text.parse().map(Self::Name)
    }
}

/// Transports of containers-transports(5) that lead to another engine's store.
const ELSEWHERE: [&str; 3] = ["docker-daemon:", "containers-storage:", "ostree:"];

/// `path[:selector]`; a path with a colon in it needs the selector spelled out, as elsewhere.
fn archive(text: &str, transport: Transport, details: &str) -> Result<ArchiveSource, ReferenceSyntax> {
    let (path, selector) = match (transport, details.split_once(':')) {
        (Transport::Dir | Transport::Rootfs, _) | (_, None) => (details, None),
        (_, Some((path, selector))) => (path, Some(selector.to_owned())),
    };
    if path.is_empty() {
        return Err(ReferenceSyntax::Empty(text.to_owned()));
    }
    let selector = selector.filter(|selector| !selector.is_empty());
    Ok(ArchiveSource { transport: Some(transport), path: PathBuf::from(path), selector })
}

impl FromStr for ImageName {
    type Err = ReferenceSyntax;

    fn from_str(text: &str) -> Result<Self, ReferenceSyntax> {
        if text.is_empty() {
            return Err(ReferenceSyntax::Empty(String::new()));
        }
        if text.len() > MAX_LENGTH {
            return Err(ReferenceSyntax::TooLong(text.len()));
        }
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest.parse()?)),
            None => (text, None),
        };
        // A colon before the last slash belongs to the registry's port.
        let (repository, tag) = match named.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (named, None),
        };
        if !is_repository(repository) {
            return Err(ReferenceSyntax::Repository(repository.to_owned()));
        }
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(ReferenceSyntax::Tag(tag.to_owned()));
        }
        Ok(Self { repository: repository.to_owned(), tag: tag.map(str::to_owned), digest })
    }
}

/// Distribution specification, "Pulling manifests": `<name>`; the first component may be `host[:port]`.
fn is_repository(text: &str) -> bool {
    if text.len() > 255 {
        return false;
    }
    match text.split_once('/') {
        Some((first, rest)) => (is_host(first) || is_component(first)) && rest.split('/').all(is_component),
        None => is_component(text),
    }
}

fn is_host(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let host_ok = !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        && !host.starts_with(['.', '-'])
        && !host.ends_with(['.', '-']);
    host_ok && port.is_none_or(|port| !port.is_empty() && port.parse::<u16>().is_ok())
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = text.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
        && !["..", "___", "._", "_.", ".-", "-.", "_-", "-_"].iter().any(|run| text.contains(run))
}

/// Distribution specification: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
fn is_tag(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && !text.starts_with(['.', '-'])
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ImageName {
        text.parse().unwrap()
    }

    #[test]
    fn names_split_into_repository_tag_and_digest() {
        assert_eq!(name("alpine").tagged(), "alpine:latest");
        assert_eq!(name("docker.io/library/nginx:1.27").tag.as_deref(), Some("1.27"));
        let local = name("localhost:5000/team/app");
        assert_eq!((local.repository.as_str(), local.tag), ("localhost:5000/team/app", None));
        let digest = format!("app:1@sha256:{}", "0".repeat(64));
        assert_eq!(name(&digest).to_string(), digest);
    }

    #[test]
    fn what_is_on_no_disk_of_ours_is_named_as_such() {
        for text in ["ftp://alpine", "https://example.org/a.tar", "docker-daemon:alpine:3"] {
            assert!(matches!(text.parse::<Reference>(), Err(ReferenceSyntax::Elsewhere(_))), "{text}");
        }
    }

    #[test]
    fn a_name_leads_to_docker_hub_unless_it_names_a_registry() {
        let check = |text: &str, whole: &str| assert_eq!(name(text).located().to_string(), whole, "{text}");
        check("nginx:1.27", "docker.io/library/nginx");
        check("team/app", "docker.io/team/app");
        check("index.docker.io/nginx", "docker.io/library/nginx");
        check("localhost/app", "localhost/app");
        check("127.0.0.1:5000/team/app", "127.0.0.1:5000/team/app");
        assert!(matches!("docker://nginx:1".parse::<Reference>(), Ok(Reference::Remote(_))));
    }

    #[test]
    fn a_whole_name_is_the_same_elsewhere() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, whole) in [
            ("nginx", "docker.io/library/nginx:latest".to_owned()),
            ("team/app:1", "docker.io/team/app:1".to_owned()),
            (&format!("localhost/app@{digest}"), format!("localhost/app@{digest}")),
            (&format!("app:1@{digest}"), format!("docker.io/library/app:1@{digest}")),
        ] {
            assert_eq!(name(text).whole(), whole, "{text}");
        }
    }

    #[test]
    fn transports_split_into_path_and_selector() {
        let check = |text: &str, transport, path: &str, selector: Option<&str>| {
            let expected = ArchiveSource {
                transport: Some(transport),
                path: path.into(),
                selector: selector.map(str::to_owned),
            };
            assert_eq!(text.parse::<Reference>().unwrap(), Reference::Archive(expected), "{text}");
        };
        check("oci-archive:busybox.tar", Transport::OciArchive, "busybox.tar", None);
        check("oci:./layout:nginx", Transport::Oci, "./layout", Some("nginx"));
        check("docker-archive:a.tar:app:1", Transport::DockerArchive, "a.tar", Some("app:1"));
        check("dir:./odd:name", Transport::Dir, "./odd:name", None);
        assert_eq!("demo:".parse::<Reference>().unwrap(), Reference::Embedded);
    }

    #[test]
    fn what_is_not_a_name_is_refused_with_the_part_that_is_wrong() {
        for text in
            ["", "UPPER", "a//b", "-a", "a-", "a..b", "a b", "../etc", "a/../b", "/etc", "a:b:c/d:", "héllo"]
        {
            assert!(text.parse::<ImageName>().is_err(), "{text}");
        }
        assert_eq!("alpine:.x".parse::<ImageName>().unwrap_err(), ReferenceSyntax::Tag(".x".into()));
        assert_eq!("oci:".parse::<Reference>().unwrap_err(), ReferenceSyntax::Empty("oci:".into()));
    }

    #[test]
    fn only_bare_hex_may_be_an_id() {
        assert!(name("9f2c41d0aa17").may_be_id());
        assert!(name("cafe").may_be_id());
        assert!(!name("cafe:1").may_be_id());
        assert!(!name("alpine").may_be_id());
    }
}
