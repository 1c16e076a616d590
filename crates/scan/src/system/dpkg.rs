//! dpkg's database: `status`, the single files that distroless images have instead, and the lists of files.

use model::inventory::{PackageKind, SourcePackage};

use super::control::{Paragraph, paragraphs};
use crate::catalog::{Candidate, Cataloger, Found, MOST_PACKAGES, Room};
use crate::content::{Content, Flaw};
use crate::text;

/// The most bytes of the database. Two thousand packages have three million.
const MOST_STATUS: u64 = 64 << 20;

/// The most bytes of a list of files.
const MOST_LIST: u64 = 32 << 20;

/// Where the database is.
const DATABASE: &str = "var/lib/dpkg/status";

/// Where distroless images have one file for each package, and its sums beside it.
const SINGLES: &str = "var/lib/dpkg/status.d/";

/// Where dpkg says which files a package has.
const INFO: &str = "var/lib/dpkg/info/";

/// All packages of a system.
pub(super) const STATUS: Cataloger = Cataloger { name: "dpkg", wants: is_status, read: read_status };

/// One package of a distroless image.
pub(super) const SINGLE: Cataloger = Cataloger { name: "dpkg", wants: is_single, read: read_status };

/// The files of one package.
pub(super) const LIST: Cataloger = Cataloger { name: "dpkg-list", wants: is_list, read: read_list };

/// The files of one package of a distroless image.
pub(super) const SUMS: Cataloger = Cataloger { name: "dpkg-sums", wants: is_sums, read: read_sums };

fn is_status(candidate: &Candidate<'_>) -> bool {
    candidate.path == DATABASE
}

fn is_single(candidate: &Candidate<'_>) -> bool {
    below(candidate, SINGLES).is_some_and(|name| !name.ends_with(".md5sums"))
}

fn is_list(candidate: &Candidate<'_>) -> bool {
    below(candidate, INFO).is_some_and(|name| name.ends_with(".list"))
}

fn is_sums(candidate: &Candidate<'_>) -> bool {
    below(candidate, SINGLES).is_some_and(|name| name.ends_with(".md5sums"))
}

/// The name of a file that is in a directory and not deeper.
fn below<'a>(candidate: &Candidate<'a>, directory: &str) -> Option<&'a str> {
    candidate.path.strip_prefix(directory).filter(|name| !name.contains('/'))
}

fn read_status(_: &Candidate<'_>, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let bytes = content.whole(MOST_STATUS)?;
    let mut paragraphs = paragraphs(&bytes).peekable();
    if paragraphs.peek().is_some_and(|first| first.field("Package").is_none()) {
        let reason = "its first paragraph names no package".into();
        return Err(Flaw::Malformed { what: "package database", reason });
    }
    for package in paragraphs.filter_map(package) {
        if found.len() >= MOST_PACKAGES {
            return Err(Flaw::TooMany { what: "packages", limit: MOST_PACKAGES });
        }
        found.push(package);
    }
    Ok(())
}

fn package(paragraph: Paragraph<'_>) -> Option<Found> {
    if !paragraph.field("Status").is_none_or(has_files) {
        return None;
    }
    let name = text::word(paragraph.field("Package")?);
    let version = text::word(paragraph.field("Version")?);
    if name.is_empty() || version.is_empty() {
        return None;
    }
    let source = paragraph.field("Source").and_then(|source| source_package(source, &version));
    let architecture = paragraph.field("Architecture").map(text::word).unwrap_or_default();
    Some(Found { source, architecture, ..Found::new(PackageKind::Dpkg, name, version) })
}

/// The last of a status' three words (dpkg(1)). In a half-made installation the files are there already; with
/// `config-files` and `not-installed` they are gone.
fn has_files(status: &[u8]) -> bool {
    let state = status.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    let states: [&[u8]; 5] =
        [b"installed", b"triggers-pending", b"triggers-awaited", b"half-configured", b"unpacked"];
    states.contains(&state)
}

/// `glibc`, or with a version where that is another than the package's: `util-linux (2.38.1-5)`.
fn source_package(field: &[u8], version: &str) -> Option<SourcePackage> {
    let (name, rest) = match field.iter().position(|byte| *byte == b'(') {
        Some(at) => field.split_at(at),
        None => (field, b"".as_slice()),
    };
    let own = rest.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")")).map(text::word);
    let version = own.filter(|own| !own.is_empty()).unwrap_or_else(|| version.to_owned());
    let name = text::word(name);
    (!name.is_empty()).then_some(SourcePackage { name, version })
}

/// A path a line, each directory before what is in it.
fn read_list(candidate: &Candidate<'_>, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let bytes = content.whole(MOST_LIST)?;
    let mut lines = text::lines(&bytes).filter_map(|line| line.strip_prefix(b"/")).peekable();
    let (mut files, mut room) = (Vec::new(), Room::default());
    while let Some(line) = lines.next() {
        let below = lines.peek().and_then(|next| next.strip_prefix(line));
        if !below.is_some_and(|rest| rest.starts_with(b"/")) && room.has(line.len()) {
            files.push(text::path(line));
        }
    }
    remark(candidate, ".list", files, found);
    room.sufficed()
}

/// A sum of 32 digits, two blanks, and a path.
fn read_sums(candidate: &Candidate<'_>, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let bytes = content.whole(MOST_LIST)?;
    let path = |line| <[u8]>::split_at_checked(line, 34).filter(|(sum, _)| sum.ends_with(b"  "));
    let paths = text::lines(&bytes).filter_map(path).map(|(_, path)| path);
    let paths = paths.map(|path| path.strip_prefix(b"./").unwrap_or(path));
    let mut room = Room::default();
    let files = paths.filter(|path| room.has(path.len())).map(text::path).collect();
    remark(candidate, ".md5sums", files, found);
    room.sufficed()
}

/// `libc6:amd64.list`: the architecture is there where packages of several may be installed.
fn remark(candidate: &Candidate<'_>, end: &str, files: Vec<String>, found: &mut Vec<Found>) {
    let name = candidate.name();
    let name = name.strip_suffix(end).unwrap_or(name);
    let (name, architecture) = name.split_once(':').unwrap_or((name, ""));
    let architecture = architecture.to_owned();
    found.push(Found { architecture, files, ..Found::new(PackageKind::Dpkg, name, "") });
}
