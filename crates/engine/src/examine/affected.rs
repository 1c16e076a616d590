//! Which images have a vulnerability, or a package: by what is known of them, without a look at any.

use std::borrow::Cow;
use std::panic::resume_unwind;
use std::thread;

use advisories::matching::{About, Context, Matcher};
use model::finding::Vulnerability;
use model::image::Image;
use model::inventory::{Inventory, Package};

use super::ExamineError;
use crate::advice::Advice;
use crate::engine::Engine;
use crate::error::EngineError;

/// How names begin that no package has.
const VULNERABILITIES: [&str; 2] = ["CVE-", "GHSA-"];

/// Which images have something.
#[derive(Debug)]
pub struct Answer {
    /// What was asked for.
    pub by: By,
    /// Those that have it.
    pub images: Vec<Affected>,
    /// How many were looked at.
    pub examined: usize,
    /// Those that nothing is known of, because nobody has examined them.
    pub unknown: Vec<Image>,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A vulnerability that the advisories know.
    Vulnerability,
    /// A package, or the source of packages.
    Package,
}

/// An image that has it.
#[derive(Debug)]
pub struct Affected {
    /// Which.
    pub image: Image,
    /// Where in it.
    pub holders: Vec<Holder>,
}

/// A package that has it, or is it.
#[derive(Debug)]
pub struct Holder {
    /// Which.
    pub package: Package,
    /// What is wrong with it, where that was asked for.
    pub found: Option<Vulnerability>,
}

/// What is looked for in each inventory.
enum Wanted<'a> {
    Vulnerability(&'a Matcher<'a>, About<'a>),
    Package(&'a str),
}

impl Engine {
    /// Which images have a vulnerability, by any of its names, or a package, by its own or its source's.
    ///
    /// # Errors
    /// The store's; advisories that are damaged.
    pub fn affected(&self, name: &str) -> Result<Answer, EngineError> {
        let name = spelled(name);
        let name = name.as_ref();
        let images = self.store.list()?;
        let advice = self.advice()?;
        let context = Context { today: self.today() };
        let spoken_of = advice.as_ref().map(|advice| spoken_of(advice, &context, name)).transpose()?;
        if let Some((matcher, about)) = spoken_of.filter(|(_, about)| !about.is_empty()) {
            let wanted = Wanted::Vulnerability(&matcher, about);
            return Ok(self.holders(images, &wanted, By::Vulnerability)?);
        }
        if VULNERABILITIES.iter().any(|start| name.starts_with(start)) {
            return Err(ExamineError::Unheard(name.to_owned()).into());
        }
        Ok(self.holders(images, &Wanted::Package(name), By::Package)?)
    }

    /// Looks at all images, as many at a time as there are processors.
    fn holders(&self, images: Vec<Image>, wanted: &Wanted<'_>, by: By) -> Result<Answer, ExamineError> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let portion = images.len().div_ceil(threads).max(1);
        let look = |images: &[Image]| -> Result<Vec<_>, ExamineError> {
            let one =
                |image| self.kept_inventory(image).map(|inventory| wanted.among(&inventory)).transpose();
            images.iter().map(one).collect()
        };
        let found = thread::scope(|scope| {
            let look = &look;
            let parts: Vec<_> = images.chunks(portion).map(|part| scope.spawn(move || look(part))).collect();
            // What one thread has to say must not be taken for what another has of other images.
            let parts =
                parts.into_iter().map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic)));
            parts.collect::<Result<Vec<_>, _>>()
        })?;
        let mut answer = Answer { by, images: Vec::new(), examined: 0, unknown: Vec::new() };
        for (image, holders) in images.into_iter().zip(found.into_iter().flatten()) {
            match holders {
                None => answer.unknown.push(image),
                Some(holders) => {
                    answer.examined += 1;
                    if !holders.is_empty() {
                        answer.images.push(Affected { image, holders });
                    }
                }
            }
        }
        Ok(answer)
    }
}

/// A name as everybody spells it, where it is one that is written in many ways: `cve-2023-38545`.
fn spelled(name: &str) -> Cow<'_, str> {
    let begins = |start: &str| name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    match name.split_once('-') {
        Some((_, number)) if begins("GHSA-") => format!("GHSA-{}", number.to_ascii_lowercase()).into(),
        Some((_, number)) if begins("CVE-") => format!("CVE-{number}").into(),
        _ => name.into(),
    }
}

/// What the advisories say by a name.
fn spoken_of<'a>(
    advice: &'a Advice,
    context: &'a Context,
    name: &str,
) -> Result<(Matcher<'a>, About<'a>), ExamineError> {
    let matcher = Matcher::new(&advice.database, context)?;
    let about = matcher.about(name)?;
    Ok((matcher, about))
}

impl Wanted<'_> {
    fn among(&self, inventory: &Inventory) -> Result<Vec<Holder>, ExamineError> {
        match self {
            Self::Package(name) => {
                let named = inventory.packages.iter().filter(|package| is_called(package, name));
                Ok(named.map(|package| Holder { package: package.clone(), found: None }).collect())
            }
            Self::Vulnerability(matcher, about) => {
                let found = matcher.match_only(inventory, about)?.vulnerabilities;
                let holder = |found: Vulnerability| {
                    let index = usize::try_from(found.package).ok()?;
                    let package = inventory.packages.get(index)?.clone();
                    Some(Holder { package, found: Some(found) })
                };
                Ok(found.into_iter().filter_map(holder).collect())
            }
        }
    }
}

fn is_called(package: &Package, name: &str) -> bool {
    package.name == name || package.source.as_ref().is_some_and(|source| source.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_vulnerabilities_are_known_in_any_case() {
        for (typed, name) in [
            ("cve-2023-38545", "CVE-2023-38545"),
            ("ghsa-JFH8-c2jp-5v3q", "GHSA-jfh8-c2jp-5v3q"),
            ("CVE-2023-38545", "CVE-2023-38545"),
            ("cve", "cve"),
            ("OpenSSL", "OpenSSL"),
            ("\u{e9}\u{e9}\u{e9}-", "\u{e9}\u{e9}\u{e9}-"),
        ] {
            assert_eq!(spelled(typed), name);
        }
    }
}
