//! One file: opened once, and shown to everybody who wants it.

use std::fs::File;

use model::inventory::Gap;
use rustix::fs::Stat;

use super::kept::Kept;
use super::sources::Sources;
use super::survey::entry;
use super::{Bounds, LockFiles};
use crate::catalog::{Candidate, Cataloger, Found, is_of_distribution};
use crate::catalogers;
use crate::content::{Content, Flaw};
use crate::facts::{
    Filed, MOST_GAPS, MOST_ODDITIES, MOST_SECRETS, Release, Source, by_line, by_path, by_place,
};
use crate::mark::{Mark, Marks};
use crate::misconfiguration::{self, Kind, Oddity};
use crate::secrets::{self, SecretFound};
use crate::system::{read_release, wants_release};
use crate::text::LONGEST_WORD;

/// Files up to this size are read whole, once for all who want them.
const SMALL: u64 = 1 << 20;

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
        let size = u64::try_from(stat.st_size).unwrap_or_default();
        let executable = stat.st_mode & 0o111 != 0;
        let candidates: Vec<Candidate<'_>> =
            paths.iter().map(|path| Candidate { path, size, executable }).collect();
        self.oddities.extend(
            paths.iter().filter_map(|path| misconfiguration::observe(&entry(path, Kind::File, stat))),
        );
        let readers = Readers::of(&candidates, bounds.lock_files);
        if readers.is_empty() {
            return;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        match content(file, size, &mut buffer) {
            Ok(content) => {
                self.show(&readers, &content);
                self.search(&readers, &content);
            }
            Err(flaw) => self.flaw(candidates.first().map_or("", |first| first.path), &flaw),
        }
        self.buffer = buffer;
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

/// Who wants to read a file, and by which of its paths.
struct Readers<'a> {
    releases: Vec<Candidate<'a>>,
    catalogers: Vec<(&'static Cataloger, Candidate<'a>)>,
    secrets: Option<Candidate<'a>>,
    lines: Option<Candidate<'a>>,
}

impl<'a> Readers<'a> {
    fn of(candidates: &[Candidate<'a>], lock_files: LockFiles) -> Self {
        let wanted = |cataloger: &'static Cataloger| {
            let candidate = candidates.iter().find(|candidate| (cataloger.wants)(candidate))?;
            Some((cataloger, *candidate))
        };
        let of_sources: &[_] = match lock_files {
            LockFiles::Ignored => &[],
            LockFiles::Counted => catalogers::OF_SOURCES,
        };
        let lists = catalogers::ALL.iter().chain(of_sources);
        Self {
            releases: candidates.iter().copied().filter(wants_release).collect(),
            catalogers: lists.copied().flatten().filter_map(wanted).collect(),
            secrets: candidates.iter().copied().find(secrets::wants),
            lines: candidates.iter().copied().find(misconfiguration::wants),
        }
    }

    fn is_empty(&self) -> bool {
        self.releases.is_empty()
            && self.catalogers.is_empty()
            && self.secrets.is_none()
            && self.lines.is_none()
    }
}

fn content<'a>(file: &'a File, size: u64, buffer: &'a mut Vec<u8>) -> Result<Content<'a>, Flaw> {
    let content = Content::File(file, size);
    let small = usize::try_from(size).ok().filter(|_| size <= SMALL);
    let Some(small) = small else { return Ok(content) };
    buffer.resize(small, 0);
    let read = content.read_at(0, buffer)?;
    buffer.truncate(read);
    Ok(Content::Bytes(buffer))
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
