//! One file: opened once, and shown to everybody who wants it.

use std::fs::File;

use model::inventory::Gap;
use rustix::fs::Stat;

use super::Bounds;
use super::kept::Kept;
use super::readers::Readers;
use super::sources::Sources;
use super::survey::entry;
use crate::catalog::{Candidate, Cataloger, Found, is_of_distribution};
use crate::content::{Content, Flaw};
use crate::facts::{
    Filed, MOST_GAPS, MOST_ODDITIES, MOST_SECRETS, Release, Source, by_line, by_path, by_place,
};
use crate::mark::{Mark, Marks};
use crate::misconfiguration::{self, Kind, Oddity};
use crate::scope::Scope;
use crate::secrets::{self, SecretFound};
use crate::system::read_release;
use crate::text::LONGEST_WORD;

/// Files up to this size are read whole, once for all who want them.
const SMALL: u64 = 1 << 20;

/// What has a zero among its first bytes is no text, and those who want it look at parts of it.
const BEGINNING: usize = 16 << 10;

/// What the files that one worker has seen say.
#[derive(Debug)]
pub(super) struct Learned {
    pub(super) sources: Sources,
    pub(super) releases: Vec<Release>,
    pub(super) secrets: Kept<SecretFound>,
    pub(super) oddities: Kept<Oddity>,
    pub(super) gaps: Kept<Gap>,
    buffer: Vec<u8>,
}

impl Learned {
    pub(super) fn within(bounds: &Bounds) -> Self {
        Self {
            sources: Sources::within(bounds),
            releases: Vec::new(),
            secrets: Kept::first(MOST_SECRETS, by_line),
            oddities: Kept::first(MOST_ODDITIES, by_path),
            gaps: Kept::first(MOST_GAPS, by_place),
            buffer: Vec::new(),
        }
    }

    /// Looks at a file that has these paths: more than one if it is hard-linked.
    pub(super) fn file(&mut self, paths: &[String], file: &File, stat: &Stat, bounds: &Bounds) {
        let candidates: Vec<Candidate<'_>> = paths.iter().map(|path| candidate(path, stat)).collect();
        let size = candidates.first().map_or(0, |first| first.size);
        if bounds.scope == Scope::Everything {
            paths.iter().for_each(|path| self.glance(path, stat));
        }
        let readers = Readers::of(&candidates, bounds);
        if readers.is_empty() {
            return;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        match content(file, size, &readers, &mut buffer) {
            Ok(content) => {
                self.show(&readers, &content);
                self.search(&readers, &content);
            }
            Err(flaw) => self.flaw(candidates.first().map_or("", |first| first.path), &flaw),
        }
        self.buffer = buffer;
    }

    /// What a file's name and mode say, which is all that there is to know of one that nobody wants.
    pub(super) fn glance(&mut self, path: &str, stat: &Stat) {
        self.oddities.extend(misconfiguration::observe(&entry(path, Kind::File, stat)));
    }

    fn show(&mut self, readers: &Readers<'_>, content: &Content<'_>) {
        for candidate in &readers.releases {
            match read_release(candidate, content) {
                Ok(distribution) => self.releases.extend(
                    distribution
                        .map(|distribution| Release { path: candidate.path.to_owned(), distribution }),
                ),
                Err(flaw) => self.flaw(candidate.path, &flaw),
            }
        }
        for (cataloger, candidate) in &readers.catalogers {
            let mut found = Vec::new();
            if let Err(flaw) = (cataloger.read)(candidate, content, &mut found) {
                self.gap(candidate.path, format!("{}: {flaw}", cataloger.name));
            }
            self.file_under(candidate.path, cataloger, found);
        }
    }

    fn file_under(&mut self, path: &str, cataloger: &Cataloger, mut found: Vec<Found>) {
        let all = found.len();
        found.retain_mut(Found::is_sound);
        if found.len() < all {
            let flaw = Flaw::Malformed { what: "list of packages", reason: "a name is no word".into() };
            self.gap(path, format!("{}: {flaw}", cataloger.name));
        }
        let packages: Vec<Filed> = found.into_iter().map(filed).collect();
        if !packages.is_empty() {
            self.gaps.extend(self.sources.push(Source { path: path.to_owned(), packages }));
        }
    }

    /// Secrets, and lines that should be otherwise.
    fn search(&mut self, readers: &Readers<'_>, content: &Content<'_>) {
        if let Some(candidate) = &readers.secrets {
            let mut found = Vec::new();
            if let Err(flaw) = secrets::search(candidate, content, &mut found) {
                self.gap(candidate.path, format!("secrets: {flaw}"));
            }
            self.secrets.extend(found);
        }
        if let (Some(candidate), Content::Bytes(bytes)) = (&readers.lines, content) {
            let mut found = Vec::new();
            misconfiguration::inspect(candidate, bytes, &mut found);
            self.oddities.extend(found);
        }
    }

    pub(super) fn flaw(&mut self, path: &str, flaw: &Flaw) {
        self.gap(path, flaw.to_string());
    }

    /// A reason may have words of the file in it.
    fn gap(&mut self, path: &str, reason: String) {
        let reason = reason.chars().filter(|letter| !letter.is_control()).take(LONGEST_WORD).collect();
        self.gaps.push(Gap { location: path.to_owned(), reason });
    }
}

fn content<'a>(
    file: &'a File,
    size: u64,
    readers: &Readers<'_>,
    buffer: &'a mut Vec<u8>,
) -> Result<Content<'a>, Flaw> {
    let content = Content::File(file, size);
    let small = usize::try_from(size).ok().filter(|_| size <= SMALL);
    let Some(small) = small else { return Ok(content) };
    let beginning = small.min(BEGINNING);
    buffer.resize(beginning, 0);
    let mut read = content.read_at(0, buffer)?;
    if small > beginning {
        if readers.lines.is_none() && buffer.contains(&0) {
            return Ok(content);
        }
        buffer.resize(small, 0);
        read += content.read_at(beginning as u64, buffer.get_mut(beginning..).unwrap_or_default())?;
    }
    buffer.truncate(read);
    Ok(Content::Bytes(buffer))
}

/// A file as catalogers are asked about it.
pub(super) fn candidate<'a>(path: &'a str, stat: &Stat) -> Candidate<'a> {
    let size = u64::try_from(stat.st_size).unwrap_or_default();
    Candidate { path, size, executable: stat.st_mode & 0o111 != 0 }
}

/// Which files belong to whom matters for packages of the distribution only.
fn filed(mut found: Found) -> Filed {
    let files = std::mem::take(&mut found.files);
    let files = if is_of_distribution(found.kind) {
        files.iter().map(|path| Mark::of(path)).collect()
    } else {
        Marks::default()
    };
    Filed { found, files }
}
