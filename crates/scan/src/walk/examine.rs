//! One file: opened once, and shown to everybody who wants it.

use std::fs::File;

use model::inventory::Gap;
use rustix::fs::Stat;

use super::survey::entry;
use super::{Bounds, LockFiles};
use crate::catalog::{Candidate, Cataloger, Found, is_of_distribution};
use crate::catalogers;
use crate::content::{Content, Flaw};
use crate::facts::{Filed, Release, Source};
use crate::mark::{Mark, Marks};
use crate::misconfiguration::{self, Kind, Oddity};
use crate::secrets::{self, SecretFound};
use crate::system::{read_release, wants_release};

/// Files up to this size are read whole, once for all who want them.
const SMALL: u64 = 1 << 20;

/// What the files that one worker has seen say.
#[derive(Debug, Default)]
pub(super) struct Learned {
    pub(super) sources: Vec<Source>,
    pub(super) releases: Vec<Release>,
    pub(super) secrets: Vec<SecretFound>,
    pub(super) oddities: Vec<Oddity>,
    pub(super) gaps: Vec<Gap>,
    pub(super) packages: usize,
    buffer: Vec<u8>,
}

impl Learned {
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
                self.show(&readers, &content, bounds.packages);
                self.search(&readers, &content);
            }
            Err(flaw) => self.flaw(candidates.first().map_or("", |first| first.path), &flaw),
        }
        self.buffer = buffer;
    }

    fn show(&mut self, readers: &Readers<'_>, content: &Content<'_>, most_packages: usize) {
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
            self.packages = self.packages.saturating_add(found.len());
            if self.packages > most_packages {
                self.flaw(
                    candidate.path,
                    &Flaw::TooMany { what: "packages with others", limit: most_packages },
                );
            } else if !found.is_empty() {
                let packages = found.into_iter().map(filed).collect();
                self.sources.push(Source { path: candidate.path.to_owned(), packages });
            }
        }
    }

    /// Secrets, and lines that should be otherwise.
    fn search(&mut self, readers: &Readers<'_>, content: &Content<'_>) {
        if let Some(candidate) = &readers.secrets
            && let Err(flaw) = secrets::search(candidate, content, &mut self.secrets)
        {
            self.gap(candidate.path, format!("secrets: {flaw}"));
        }
        if let (Some(candidate), Content::Bytes(bytes)) = (&readers.lines, content) {
            misconfiguration::inspect(candidate, bytes, &mut self.oddities);
        }
    }

    pub(super) fn flaw(&mut self, path: &str, flaw: &Flaw) {
        self.gap(path, flaw.to_string());
    }

    fn gap(&mut self, path: &str, reason: String) {
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
