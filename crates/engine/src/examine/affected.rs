//! Which images have a vulnerability, or a package: by what is known of them, without a look at any.

use std::thread;

use advisories::matching::{About, Context, Matcher};
use model::finding::Vulnerability;
use model::image::Image;
use model::inventory::{Inventory, Package};

use super::ExamineError;
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
        let images = self.store.list()?;
        let Some(advice) = self.advice()?.filter(|advice| advice.knows(name)) else {
            if VULNERABILITIES.iter().any(|start| name.starts_with(start)) {
                return Err(ExamineError::Unheard(name.to_owned()).into());
            }
            return Ok(self.holders(images, &Wanted::Package(name), By::Package)?);
        };
        let context = Context { today: self.today() };
        let matcher = Matcher::new(&advice.database, &context).map_err(ExamineError::from)?;
        let about = matcher.about(name).map_err(ExamineError::from)?;
        Ok(self.holders(images, &Wanted::Vulnerability(&matcher, about), By::Vulnerability)?)
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
            parts.into_iter().map(|part| part.join().unwrap_or_else(|_| Ok(Vec::new()))).collect::<Vec<_>>()
        });
        let found: Vec<Option<Vec<Holder>>> =
            found.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        let mut answer = Answer { by, images: Vec::new(), examined: 0, unknown: Vec::new() };
        for (image, holders) in images.into_iter().zip(found) {
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
