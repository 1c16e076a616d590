//! Debian's copyright files: the licences of a package, where they are written for machines or name a common one.

use std::collections::BTreeSet;

use model::inventory::PackageKind;

use super::control::paragraphs;
use crate::catalog::{Candidate, Cataloger, Found};
use crate::content::{Content, Flaw};
use crate::text;

/// The most bytes of such a file. That of a browser has two million.
const MOST_BYTES: u64 = 8 << 20;

/// The most licences of one package.
const MOST_LICENCES: usize = 100;

/// Where texts of licences are that many packages refer to.
const COMMON: &[u8] = b"/usr/share/common-licenses/";

/// The licences of one package.
pub(super) const COPYRIGHT: Cataloger = Cataloger { name: "dpkg-copyright", wants, read };

fn wants(candidate: &Candidate<'_>) -> bool {
    package(candidate).is_some()
}

fn package<'a>(candidate: &Candidate<'a>) -> Option<&'a str> {
    let name = candidate.path.strip_prefix("usr/share/doc/")?.strip_suffix("/copyright")?;
    (!name.contains('/')).then_some(name)
}

fn read(candidate: &Candidate<'_>, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let Some(name) = package(candidate) else { return Ok(()) };
    let bytes = content.whole(MOST_BYTES)?;
    let licences = if is_for_machines(&bytes) { declared(&bytes) } else { referred(&bytes) };
    if !licences.is_empty() {
        let licences = licences.into_iter().collect();
        found.push(Found { licences, ..Found::new(PackageKind::Dpkg, name, "") });
    }
    Ok(())
}

/// copyright-format 1.0, "File syntax": the first paragraph has the field `Format`. Before the format was final,
/// it had other names.
fn is_for_machines(bytes: &[u8]) -> bool {
    paragraphs(bytes)
        .next()
        .is_some_and(|header| header.field("Format").or(header.field("Format-Specification")).is_some())
}

/// copyright-format 1.0, "License": the first line is a short name or an expression of such.
fn declared(bytes: &[u8]) -> BTreeSet<String> {
    let fields = paragraphs(bytes).flat_map(|paragraph| paragraph.fields("License"));
    gather(fields.map(text::word))
}

/// The names of the common licences that a text for people refers to.
fn referred(bytes: &[u8]) -> BTreeSet<String> {
    let mut rest = bytes;
    gather(std::iter::from_fn(|| {
        let at = rest.windows(COMMON.len()).position(|window| window == COMMON)?;
        rest = rest.get(at + COMMON.len()..)?;
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-.+".contains(byte);
        let length = rest.iter().take_while(is_part).count();
        Some(text::word(rest.get(..length)?).trim_end_matches('.').to_owned())
    }))
}

fn gather(words: impl Iterator<Item = String>) -> BTreeSet<String> {
    let mut licences = BTreeSet::new();
    for word in words.filter(|word| !word.is_empty()) {
        if licences.len() >= MOST_LICENCES {
            break;
        }
        licences.insert(word);
    }
    licences
}
