//! Which distribution this is: os-release(5), and the one line of those that are older than it.

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

/// Whether a file names a distribution.
pub(crate) fn wants(candidate: &Candidate<'_>) -> bool {
    PLACES.contains(&candidate.path)
}

/// The distribution that a file names; none where it names none.
///
/// # Errors
/// A file that cannot be read or is too large.
pub(crate) fn read(candidate: &Candidate<'_>, content: &Content<'_>) -> Result<Option<Distribution>, Flaw> {
    let bytes = content.whole(MOST_BYTES)?;
    let distribution = if candidate.name() == "os-release" { variables(&bytes) } else { one_line(&bytes) };
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
