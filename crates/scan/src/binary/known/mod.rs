//! Well-known software that was unpacked or compiled rather than installed: known by the name of a file, with the
//! version that the file itself tells. Files that belong to a package are found here, too; the merge knows whose
//! they are.

mod rules;
mod servers;
mod languages;
mod libraries;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use model::inventory::PackageKind;
use regex::bytes::Regex;

use self::rules::{Evidence, Rule, captured};
use crate::catalog::{Candidate, Found};
use crate::content::{Content, Flaw};

/// The largest file that is searched, in bytes; browsers, the largest programs known, have half of it.
const MAX_FILE: u64 = 512 << 20;
/// How much of a file is searched at once, and how much of that again with what follows it: no pattern is longer.
const WINDOW: usize = 1 << 20;
const OVERLAP: usize = 4096;

const TABLES: [&[Rule]; 3] = [servers::RULES, languages::RULES, libraries::RULES];

/// The longest version.
const MAX_VERSION: usize = 64;

/// The rules by the first letters of the files that they know: every file of an image is asked for its own.
static BY_LETTER: LazyLock<Vec<Vec<&'static Rule>>> = LazyLock::new(|| {
    let begins = |rule: &Rule, letter| {
        rule.files.iter().any(|name| file_name(name).as_bytes().first() == Some(&letter))
    };
    let of = |letter| TABLES.into_iter().flatten().filter(|rule| begins(rule, letter)).collect();
    (0..=u8::MAX).map(of).collect()
});

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The rules that a file's name fits, each with what the `*` of the name stands for.
fn fitting<'a>(file: &Candidate<'a>) -> impl Iterator<Item = (&'static Rule, &'a str)> + use<'a> {
    let path = file.path;
    let letter = file.name().as_bytes().first();
    let rules = letter.and_then(|letter| BY_LETTER.get(usize::from(*letter)));
    rules.into_iter().flatten().filter_map(move |rule| {
        let place = rule.files.iter().find_map(|name| captured(name, path))?;
        let is_fit = match rule.evidence {
            Evidence::Name => is_number(place),
            Evidence::Text(pattern) => !pattern.contains("{}") || is_minor(place),
        };
        is_fit.then_some((*rule, place))
    })
}

/// Whether a rule knows a file of that name.
pub(super) fn wants(file: &Candidate<'_>) -> bool {
    file.size > 0 && fitting(file).next().is_some()
}

/// Adds what the first rule that finds a version says. Others may fit a name, too: those of what replaced a
/// program under its old one.
pub(super) fn read(file: &Candidate<'_>, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    for (rule, place) in fitting(file) {
        let version = match rule.evidence {
            Evidence::Name => Some(place.to_owned()),
            Evidence::Text(pattern) => search(content, pattern, place)?,
        };
        if let Some(version) = version {
            found.push(Found::new(PackageKind::Generic, rule.name, (rule.spelling)(&version)));
            return Ok(());
        }
    }
    Ok(())
}

/// `9.14`, and not what debuggers and links have at the end.
fn is_number(place: &str) -> bool {
    place.contains('.') && place.split('.').all(|part| part.parse::<u32>().is_ok())
}

/// `11`, or `7m` as Python names some builds, and not what scripts and manual pages have at the end.
fn is_minor(place: &str) -> bool {
    let digits = place.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    !digits.is_empty()
        && digits.len() < 3
        && place.len() - digits.len() < 3
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The first match's first group that took part. `{}` in a pattern stands for the digits that the name's `*` does.
fn search(content: &Content<'_>, pattern: &str, place: &str) -> Result<Option<String>, Flaw> {
    if content.size() > MAX_FILE {
        return Err(Flaw::TooLarge { size: content.size(), limit: MAX_FILE });
    }
    let digits: String = place.chars().take_while(char::is_ascii_digit).collect();
    let regex = compiled(pattern.replace("{}", &digits))?;
    let (mut offset, step) = (0, (WINDOW - OVERLAP) as u64);
    while offset < content.size() {
        let (window, is_last) = window(content, offset)?;
        // A match at the very end may be cut short; the next window has all of it.
        let end = |end: usize| is_last || end < window.len();
        let captures = regex.captures(&window).filter(|all| all.get(0).is_some_and(|all| end(all.end())));
        let version = captures
            .and_then(|all| all.iter().skip(1).flatten().next().map(|group| group.as_bytes().to_vec()));
        if let Some(version) = version.filter(|version| version.len() <= MAX_VERSION) {
            return Ok(Some(String::from_utf8_lossy(&version).into_owned()));
        }
        offset = if is_last { content.size() } else { offset + step };
    }
    Ok(None)
}

/// Every expression is compiled once; there are a few dozen, with the minor versions of some.
fn compiled(pattern: String) -> Result<Regex, Flaw> {
    static COMPILED: Mutex<BTreeMap<String, Regex>> = Mutex::new(BTreeMap::new());
    // A thread that panicked in between has left a whole one.
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = compiled.get(&pattern) {
        return Ok(regex.clone());
    }
    let regex = Regex::new(&format!("(?-u){pattern}"));
    let regex = regex.map_err(|error| Flaw::Malformed { what: "rule", reason: error.to_string().into() })?;
    compiled.insert(pattern, regex.clone());
    Ok(regex)
}

/// A piece of the file, and whether it is the last.
fn window<'a>(content: &Content<'a>, offset: u64) -> Result<(Cow<'a, [u8]>, bool), Flaw> {
    if content.size() <= WINDOW as u64 {
        return Ok((content.whole(WINDOW as u64)?, true));
    }
    let mut bytes = vec![0; WINDOW];
    let read = content.read_at(offset, &mut bytes)?;
    bytes.truncate(read);
    Ok((Cow::Owned(bytes), read < WINDOW || offset + WINDOW as u64 >= content.size()))
}

#[cfg(test)]
mod tests;
