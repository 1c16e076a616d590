//! Which distribution this is: os-release(5), the one line of those that are older than it, and of Alpine where its
//! packages come from.

use model::inventory::Distribution;

use crate::catalog::Candidate;
use crate::content::{Content, Flaw};
use crate::text;

/// The most bytes of such a file.
const MOST_BYTES: u64 = 64 << 10;

/// Where a distribution names itself, the most trustworthy first.
pub(crate) const PLACES: [&str; 5] = [
    "etc/os-release",
    "usr/lib/os-release",
    "etc/centos-release",
    "etc/oracle-release",
    "etc/redhat-release",
];

/// Where Alpine's packages come from, apk-repositories(5).
pub(crate) const REPOSITORIES: &str = "etc/apk/repositories";

/// What Alpine is called that has no release.
const EDGE: &str = "edge";

/// Whether a file names a distribution.
pub(crate) fn wants(candidate: &Candidate<'_>) -> bool {
    PLACES.contains(&candidate.path) || candidate.path == REPOSITORIES
}

/// The distribution that a file names; none where it names none.
///
/// # Errors
/// A file that cannot be read or is too large.
pub(crate) fn read(candidate: &Candidate<'_>, content: &Content<'_>) -> Result<Option<Distribution>, Flaw> {
    let bytes = content.whole(MOST_BYTES)?;
    let distribution = match candidate.name() {
        "os-release" => variables(&bytes),
        _ if candidate.path == REPOSITORIES => edge(&bytes),
        _ => one_line(&bytes),
    };
    Ok(Some(distribution).filter(|distribution| !distribution.id.is_empty()))
}

/// os-release(5): assignments as a shell reads them, without anything that a shell would do.
fn variables(bytes: &[u8]) -> Distribution {
    let mut distribution = Distribution::default();
    for line in text::lines(bytes) {
        let Some(at) = line.iter().position(|byte| *byte == b'=') else { continue };
        let (name, value) = line.split_at(at);
        let value = unquoted(value.strip_prefix(b"=").unwrap_or_default());
        match name.trim_ascii() {
            b"ID" => distribution.id = value.to_ascii_lowercase(),
            b"ID_LIKE" => distribution.like = value.split_ascii_whitespace().map(str::to_owned).collect(),
            b"VERSION_ID" => distribution.version = value,
            b"VERSION_CODENAME" => distribution.codename = value,
            b"PRETTY_NAME" => distribution.name = value,
            _ => {}
        }
    }
    distribution
}

/// Alpine without a release, if that is where its main packages come from. A line with a tag is for those packages
/// alone that are asked for by it.
fn edge(bytes: &[u8]) -> Distribution {
    let is_main = |line: &[u8]| {
        let mut parts = line.trim_ascii_end().rsplit(|byte| *byte == b'/').filter(|part| !part.is_empty());
        let ends = (parts.next(), parts.next()) == (Some(b"main"), Some(EDGE.as_bytes()));
        ends && !line.starts_with(b"@") && !line.starts_with(b"#")
    };
    let id = if text::lines(bytes).any(is_main) { "alpine" } else { "" };
    Distribution { id: id.to_owned(), codename: EDGE.to_owned(), ..Distribution::default() }
}

/// Adds what the repositories say to what a distribution says of itself: whose packages come from `edge` is not of
/// the release that it began as.
pub(crate) fn complete(distribution: &mut Distribution, repositories: Option<&Distribution>) {
    let Some(repositories) = repositories.filter(|repositories| repositories.id == distribution.id) else {
        return;
    };
    distribution.codename.clone_from(&repositories.codename);
    if !distribution.name.contains(EDGE) {
        distribution.name.push_str(", edge");
    }
}

/// A value without its quotes, and without the backslashes before what a shell would take for its own.
fn unquoted(value: &[u8]) -> String {
    let value = text::word(value);
    let inner = |quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(plain) = inner('\'') {
        return plain.to_owned();
    }
    let value = inner('"').unwrap_or(&value);
    let mut escaped = false;
    let kept = value.chars().filter(|letter| {
        escaped = *letter == '\\' && !escaped;
        !escaped
    });
    kept.collect()
}

/// `CentOS release 6.10 (Final)`.
fn one_line(bytes: &[u8]) -> Distribution {
    let name = text::word(text::lines(bytes).next().unwrap_or_default());
    let (before, after) = name.split_once(" release ").unwrap_or((&name, ""));
    let id = match before {
        "Red Hat Enterprise Linux Server" | "Red Hat Enterprise Linux" => "rhel",
        "CentOS" | "CentOS Linux" => "centos",
        "Oracle Linux Server" => "ol",
        "Fedora" => "fedora",
        _ => "",
    };
    let version = after.split_ascii_whitespace().next().unwrap_or_default().to_owned();
    Distribution { id: id.to_owned(), version, name, ..Distribution::default() }
}
