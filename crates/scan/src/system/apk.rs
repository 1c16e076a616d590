//! apk's database: records of fields of one letter (apk-tools, "installed database").

use model::inventory::{PackageKind, SourcePackage};

use crate::catalog::{Candidate, Cataloger, Found, MOST_PACKAGES, Room};
use crate::content::{Content, Flaw};
use crate::text;

/// The most bytes of the database. A thousand packages have ten million.
const MOST_BYTES: u64 = 128 << 20;

/// Where it is; apk-tools 3 has moved it.
const PLACES: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];

/// All packages of a system, with their files.
pub(super) const INSTALLED: Cataloger = Cataloger { name: "apk", wants, read };

fn wants(candidate: &Candidate<'_>) -> bool {
    PLACES.contains(&candidate.path)
}

fn read(_: &Candidate<'_>, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let bytes = content.whole(MOST_BYTES)?;
    let (mut record, mut room) = (Record::default(), Room::default());
    for line in text::lines(&bytes) {
        if line.is_empty() {
            std::mem::take(&mut record).finish(found)?;
        } else {
            record.line(line, &mut room)?;
        }
    }
    record.finish(found)?;
    room.sufficed()
}

/// What the lines so far say of one package.
#[derive(Default)]
struct Record {
    name: String,
    version: String,
    architecture: String,
    origin: String,
    licences: Vec<String>,
    directory: String,
    files: Vec<String>,
}

impl Record {
    fn line(&mut self, line: &[u8], room: &mut Room) -> Result<(), Flaw> {
        let [letter, b':', value @ ..] = line else {
            let reason = "a line has no field".into();
            return Err(Flaw::Malformed { what: "package database", reason });
        };
        match letter {
            b'P' => self.name = text::word(value),
            b'V' => self.version = text::word(value),
            b'A' => self.architecture = text::word(value),
            b'o' => self.origin = text::word(value),
            b'L' => self.licences = [text::word(value)].into_iter().filter(|word| !word.is_empty()).collect(),
            b'F' => self.directory = text::path(value),
            b'R' if room.has(self.directory.len() + value.len()) => self.files.push(self.path(value)),
            // Sums, sizes, dependencies, scripts' names.
            _ => {}
        }
        Ok(())
    }

    fn path(&self, name: &[u8]) -> String {
        let name = text::path(name);
        if self.directory.is_empty() { name } else { format!("{}/{name}", self.directory) }
    }

    fn finish(self, found: &mut Vec<Found>) -> Result<(), Flaw> {
        if self.name.is_empty() || self.version.is_empty() {
            return Ok(());
        }
        if found.len() >= MOST_PACKAGES {
            return Err(Flaw::TooMany { what: "packages", limit: MOST_PACKAGES });
        }
        // A package and the one that it was built with have one version.
        let origin = Some(self.origin).filter(|origin| !origin.is_empty() && *origin != self.name);
        let source = origin.map(|name| SourcePackage { name, version: self.version.clone() });
        let package = Found::new(PackageKind::Apk, self.name, self.version);
        let (architecture, licences, files) = (self.architecture, self.licences, self.files);
        found.push(Found { source, architecture, licences, files, ..package });
        Ok(())
    }
}
