//! Whose word counts beside the advisories': VEX documents, and ignore files.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use advisories::ignore::Ignored;
use advisories::vex::Document;
use model::finding::Vulnerability;
use model::inventory::Inventory;
use model::purl::Purl;

use super::{ExamineError, Wishes};
use crate::site::Site;

/// The most bytes of a document that are read; what is longer is refused by whoever reads it.
const MOST: u64 = (64 << 20) + 1;

/// All that was said.
#[derive(Debug, Default)]
pub(crate) struct Words {
    documents: Vec<Document>,
    ignored: Vec<Ignored>,
}

impl Words {
    /// Reads what the wishes name, and what is accepted at the site.
    pub(super) fn read(wishes: &Wishes, site: &Site) -> Result<Self, ExamineError> {
        let document = |path: &std::path::PathBuf| {
            Ok::<_, ExamineError>(Document::parse(&whole(path)?, &path.display().to_string())?)
        };
        let mut words = Self::of_site(site)?;
        words.documents = wishes.vex.iter().rev().map(document).collect::<Result<_, _>>()?;
        for path in &wishes.ignore {
            words.ignored.push(ignored(path)?);
        }
        Ok(words)
    }

    /// What is accepted at the site, for everybody.
    pub(crate) fn of_site(site: &Site) -> Result<Self, ExamineError> {
        let ignored = match ignored(&site.accepted()) {
            Err(ExamineError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => vec![read?],
        };
        Ok(Self { documents: Vec::new(), ignored })
    }

    /// Dismisses what somebody says does not count; returns the rules that are past their end, in words.
    pub(crate) fn apply(
        &self,
        found: &mut [Vulnerability],
        inventory: &Inventory,
        image: &[String],
        today: &str,
    ) -> Vec<String> {
        if !self.documents.is_empty() {
            let purl = |package| Purl::of(package, inventory.distribution.as_ref());
            let purls: Vec<String> = inventory
                .packages
                .iter()
                .map(|package| purl(package).map(|purl| purl.to_string()).unwrap_or_default())
                .collect();
            self.documents.iter().for_each(|document| document.apply(found, &purls, image));
        }
        let mut expired = Vec::new();
        for ignored in &self.ignored {
            let rules = ignored.apply(found, inventory, today);
            expired.extend(rules.iter().map(|rule| {
                format!("{} was accepted until {} ({}), and counts again", rule.id, rule.until, rule.reason)
            }));
        }
        expired
    }
}

fn ignored(path: &Path) -> Result<Ignored, ExamineError> {
    let text = String::from_utf8_lossy(&whole(path)?).into_owned();
    Ok(Ignored::parse(&text, &path.display().to_string())?)
}

pub(super) fn whole(path: &Path) -> Result<Vec<u8>, ExamineError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(ExamineError::read(path))
}
