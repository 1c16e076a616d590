//! Licences: the words in which packages declare them, as SPDX expressions, and what each asks of whoever passes
//! the package on.

mod table;
mod gnu;
mod expression;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use self::table::{COMPOUNDS, EXCEPTIONS, LICENCES};

/// Longest declaration that is understood, in bytes.
const LONGEST: usize = 2048;

/// What a licence asks of whoever passes its work on, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// To name the authors, at most.
    Permissive,
    /// To give the source of the work itself.
    WeakCopyleft,
    /// To give the source of whatever it is built into.
    StrongCopyleft,
    /// To give that source also to those who only use it over a network.
    NetworkCopyleft,
    /// Something that a free licence does not ask: to pay, or to keep away from some use.
    Proprietary,
    /// Nobody can say without reading it.
    Unknown,
}

/// A declared licence, as far as it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// The SPDX expression that it means; absent where a part of it is not understood.
    pub expression: Option<String>,
    /// What it asks: of alternatives the least, of what holds together the most.
    pub category: Category,
}

/// What a package's declaration means.
#[must_use]
pub fn understood(declared: &str) -> Licence {
    let read = || one(declared).or_else(|| expression::read(compound(declared).unwrap_or(declared)));
    let known = if declared.len() <= LONGEST { read() } else { None };
    match known {
        Some((expression, category)) => Licence { expression: Some(expression), category },
        None => Licence { expression: None, category: Category::Unknown },
    }
}

/// The expression that a declaration without the form of one means.
fn compound(declared: &str) -> Option<&'static str> {
    let known = COMPOUNDS.iter().find(|(words, _)| words.eq_ignore_ascii_case(declared.trim()));
    known.map(|(_, expression)| *expression)
}

/// A single licence by any of its names.
fn one(name: &str) -> Option<(String, Category)> {
    static NAMES: LazyLock<BTreeMap<String, (&str, Category)>> = LazyLock::new(|| {
        let names = LICENCES.iter().flat_map(|row| {
            let all = [row.id].into_iter().chain(row.names.iter().copied());
            all.map(|name| (folded(name), (row.id, row.category)))
        });
        names.collect()
    });
    let name = folded(name);
    let known = NAMES.get(&name).map(|(id, category)| ((*id).to_owned(), *category));
    known.or_else(|| gnu::read(&name))
}

/// An exception to a licence by its name, and what is left to ask.
fn exception(name: &str) -> Option<(&'static str, Category)> {
    let name = folded(name);
    let row =
        EXCEPTIONS.iter().find(|row| folded(row.id) == name || row.names.iter().any(|other| *other == name));
    row.map(|row| (row.id, row.category))
}

/// A name as it is compared: small letters, words joined by hyphens, and none that every licence has.
fn folded(name: &str) -> String {
    const NOISE: &[&str] =
        &["a", "agreement", "licence", "license", "licensed", "software", "the", "under", "version"];
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '.' | '+'));
    let words = words.map(|word| match word.strip_prefix('v') {
        Some(number) if number.starts_with(|letter: char| letter.is_ascii_digit()) => number,
        _ => word.trim_end_matches('.'),
    });
    let words: Vec<&str> =
        words.filter(|word| !word.is_empty() && NOISE.binary_search(word).is_err()).collect();
    words.join("-")
}

#[cfg(test)]
mod tests;
