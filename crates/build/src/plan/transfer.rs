//! `COPY` and `ADD`: from where, what, whereto, and whose it is then.

use model::digest::ClaimedDigest;

use super::error::{Problem, shown};
use super::reader::Scope;
use super::{Copy, Origin, Source, git, paths, text_of};
use crate::instruction::{Document, Expansion, Transfer};

/// Which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Copy,
    Add,
}

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Self::Copy => "COPY",
            Self::Add => "ADD",
        }
    }
}

/// The step, and its line of history.
pub(super) fn copy(
    verb: Verb,
    transfer: &Transfer,
    origin: Origin,
    scope: Scope<'_>,
    directory: &str,
) -> Result<(Copy, String), Problem> {
    let owner = optional(scope, transfer.owner.as_deref())?.unwrap_or_default();
    let mode = optional(scope, transfer.mode.as_deref())?;
    if let Some(mode) = mode.as_deref().filter(|mode| !is_mode(mode)) {
        return Err(Problem::Mode(shown(mode)));
    }
    if transfer.link && !is_numeric(&owner) {
        return Err(Problem::LinkOwner(shown(&owner)));
    }
    let written = scope.word(&transfer.destination)?;
    let (sources, names) = sources(verb, transfer, scope)?;
    let copy = Copy {
        origin,
        sources,
        destination: paths::destination(directory, &written),
        owner,
        mode,
        link: transfer.link,
        parents: transfer.parents,
        exclude: transfer.exclude.clone(),
        unpack: transfer.unpack.unwrap_or(verb == Verb::Add),
    };
    let line = line(verb, &copy, &names, &written);
    Ok((copy, line))
}

/// Replaced, and nothing if nothing is left.
fn optional(scope: Scope<'_>, written: Option<&str>) -> Result<Option<String>, Problem> {
    Ok(written.map(|written| scope.word(written)).transpose()?.filter(|text| !text.is_empty()))
}

/// `COPY --chown=1:1 a b /to`
fn line(verb: Verb, copy: &Copy, names: &[String], destination: &str) -> String {
    let mut line = verb.name().to_owned();
    if copy.parents {
        line.push_str(" --parents");
    }
    if !copy.owner.is_empty() {
        line.push_str(" --chown=");
        line.push_str(&copy.owner);
    }
    if let Some(mode) = &copy.mode {
        line.push_str(" --chmod=");
        line.push_str(mode);
    }
    for name in names.iter().map(String::as_str).chain([destination]) {
        line.push(' ');
        line.push_str(name);
    }
    line
}

/// What is taken, and what history calls it: documents come last.
fn sources(verb: Verb, transfer: &Transfer, scope: Scope<'_>) -> Result<(Vec<Source>, Vec<String>), Problem> {
    let (mut sources, mut names) = (Vec::new(), Vec::new());
    let checksum = optional(scope, transfer.checksum.as_deref())?;
    if checksum.is_some() && (transfer.sources.len() != 1 || !transfer.documents.is_empty()) {
        return Err(Problem::ChecksumOf);
    }
    for written in &transfer.sources {
        let written = scope.word(written)?;
        sources.push(source(verb, &written, transfer, checksum.as_deref())?);
        names.push(written);
    }
    for document in &transfer.documents {
        sources.push(text(document, scope)?);
        names.push(format!("<<{}", document.name));
    }
    Ok((sources, names))
}

fn source(verb: Verb, written: &str, transfer: &Transfer, checksum: Option<&str>) -> Result<Source, Problem> {
    let repository = git::source(written)?;
    let is_address = ["http://", "https://"].iter().any(|scheme| written.starts_with(scheme));
    if verb == Verb::Copy && (repository.is_some() || is_address) {
        return Err(Problem::CopyAddress(shown(written)));
    }
    match repository {
        Some(repository) => self::repository(repository, transfer, checksum, written),
        None if is_address => address(written, transfer, checksum),
        None if checksum.is_some() => Err(Problem::ChecksumOf),
        None => Ok(Source::Path(path(written, transfer.parents))),
    }
}

fn address(url: &str, transfer: &Transfer, checksum: Option<&str>) -> Result<Source, Problem> {
    let claimed =
        checksum.map(|text| text.parse::<ClaimedDigest>().map_err(|_| Problem::Checksum(shown(text))));
    Ok(Source::Address {
        url: url.to_owned(),
        checksum: claimed.transpose()?.map(|claimed| claimed.to_string()),
        unpack: transfer.unpack.unwrap_or(false),
    })
}

/// What the flags say goes for a repository that does not say so itself.
fn repository(
    source: Source,
    transfer: &Transfer,
    flag: Option<&str>,
    written: &str,
) -> Result<Source, Problem> {
    let Source::Git { remote, reference, subdirectory, keep_git_dir, checksum, submodules } = source else {
        return Ok(source);
    };
    if checksum.is_some() && flag.is_some() && checksum.as_deref() != flag {
        let reason = "it and `--checksum` name different commits".to_owned();
        return Err(Problem::Git { address: shown(written), reason });
    }
    let checksum = checksum.or_else(|| flag.map(str::to_owned));
    if let Some(wrong) = checksum.as_deref().filter(|checksum| !git::is_commit(checksum)) {
        return Err(Problem::Checksum(shown(wrong)));
    }
    let keep_git_dir = keep_git_dir || transfer.keep_git_dir;
    Ok(Source::Git { remote, reference, subdirectory, keep_git_dir, checksum, submodules })
}

/// Below the origin. With `--parents` what stands behind `/./` is made again at the destination.
fn path(written: &str, parents: bool) -> String {
    match written.split_once("/./").filter(|_| parents) {
        Some((before, after)) => format!("{}/./{}", paths::within(before), paths::within(after)),
        None => paths::within(written),
    }
}

fn text(document: &Document, scope: Scope<'_>) -> Result<Source, Problem> {
    if !paths::is_file_name(&document.name) {
        return Err(Problem::DocumentName(shown(&document.name)));
    }
    let content = text_of(document);
    let content = match document.expansion {
        Expansion::Done => scope.document(&content)?,
        Expansion::Never => content,
    };
    Ok(Source::Text { name: document.name.clone(), content })
}

/// `1000`, `1000:1000`, or nothing.
fn is_numeric(owner: &str) -> bool {
    owner.is_empty() || owner.split(':').all(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
}

/// `644`, `0755`, `u=rwX,go=rX`.
fn is_mode(mode: &str) -> bool {
    let is_octal = mode.bytes().all(|b| matches!(b, b'0'..=b'7'));
    if is_octal {
        return u32::from_str_radix(mode, 8).is_ok_and(|mode| mode <= 0o7777);
    }
    mode.split(',').all(is_clause)
}

/// `go+rX`, `u=rw-x`: who, and then operators with what they set.
fn is_clause(clause: &str) -> bool {
    let actions = clause.trim_start_matches(['u', 'g', 'o', 'a']);
    actions.starts_with(['+', '-', '='])
        && actions
            .chars()
            .all(|c| matches!(c, '+' | '-' | '=' | 'r' | 'w' | 'x' | 'X' | 's' | 't' | 'u' | 'g' | 'o'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal_or_symbolic() {
        for right in ["0", "644", "0755", "7777", "u=rwX,go=rX", "a+x", "+x", "g-w", "u=g", "ug+rw-x"] {
            assert!(is_mode(right), "{right}");
        }
        for wrong in ["8", "10000", "rwx", "u", "u=rwz", "u=r,", "0o755", "-0755", "77777777777777"] {
            assert!(!is_mode(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_pivot_parts_a_path_only_with_parents() {
        assert_eq!(path("./a/./b/../c/", true), "a/./c");
        assert_eq!(path("/a/./b", false), "a/b");
        assert_eq!(path("../../etc", true), "etc");
    }

    #[test]
    fn owners_of_links_are_numbers() {
        assert!(is_numeric("") && is_numeric("0") && is_numeric("1:2"));
        assert!(!is_numeric("www") && !is_numeric("1:") && !is_numeric("1:users"));
    }
}
