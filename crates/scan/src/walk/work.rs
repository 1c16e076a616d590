//! The files of a tree, shared out among threads.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustix::fs::{AtFlags, FileType, Stat, fstat, statat};
use rustix::io::{Errno, Result};

use super::examine::{Learned, candidate};
use super::kept::Kept;
use super::readers::{Need, is_wanted};
use super::sources::Sources;
use super::survey::{Directory, Survey};
use super::{Bounds, place};
use crate::content::Flaw;
use crate::facts::{LayerFacts, MOST_SECRETS, by_line};
use crate::mark::Mark;
use crate::scope::Scope;
use crate::text;

/// Files that a thread takes at once.
const PORTION: usize = 64;

/// Which file something is, whatever its names.
type Identity = (u64, u64);

/// What one thread has to say in the end.
struct Share {
    learned: Learned,
    leaves: Vec<Mark>,
    /// Files of several names, which are looked at once all of them are known.
    linked: Vec<(Identity, Vec<u8>)>,
}

/// Looks at every file of a surveyed tree. What comes back does not depend on how many threads there were.
///
/// Nothing comes back if a thread has panicked.
pub(crate) fn learn(
    root: BorrowedFd<'_>,
    survey: Survey,
    bounds: &Bounds,
    threads: usize,
) -> Option<LayerFacts> {
    let portions: Vec<(&Directory, &[Box<[u8]>])> = survey
        .directories
        .iter()
        .flat_map(|directory| directory.files.chunks(PORTION).map(move |files| (directory, files)))
        .collect();
    let share = || Share { learned: Learned::within(bounds), leaves: Vec::new(), linked: Vec::new() };
    let mut shares = shared(threads, share, &portions, |share, (directory, files)| {
        share.portion(root, directory, files, bounds);
    })?;
    let groups: Vec<Vec<Vec<u8>>> = grouped(&mut shares);
    shares.extend(shared(threads, share, &groups, |share, paths| share.group(root, paths, bounds))?);
    Some(gathered(survey, shares, bounds))
}

/// Has threads take one piece of work after the other until none is left.
fn shared<T: Sync>(
    threads: usize,
    start: impl Fn() -> Share + Sync,
    pieces: &[T],
    work: impl Fn(&mut Share, &T) + Sync,
) -> Option<Vec<Share>> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut share = start();
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(&mut share, piece);
        }
        share
    };
    thread::scope(|scope| {
        let others = threads.min(pieces.len()).saturating_sub(1);
        // A thread that the machine refuses leaves its work to the others.
        let others: Vec<_> =
            (0..others).filter_map(|_| thread::Builder::new().spawn_scoped(scope, run).ok()).collect();
        let mut shares = vec![run()];
        for other in others {
            shares.push(other.join().ok()?);
        }
        Some(shares)
    })
}

/// The names of each file that has several, in order, the files in the order of their first names.
fn grouped(shares: &mut [Share]) -> Vec<Vec<Vec<u8>>> {
    let mut groups: BTreeMap<Identity, Vec<Vec<u8>>> = BTreeMap::new();
    for (identity, path) in shares.iter_mut().flat_map(|share| std::mem::take(&mut share.linked)) {
        groups.entry(identity).or_default().push(path);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.iter_mut().for_each(|paths| paths.sort_unstable());
    groups.sort_unstable();
    groups
}

fn gathered(survey: Survey, shares: Vec<Share>, bounds: &Bounds) -> LayerFacts {
    let (mut gaps, mut oddities) = (survey.gaps, survey.oddities);
    let mut secrets = Kept::first(MOST_SECRETS, by_line);
    let (mut facts, mut sources) = (LayerFacts::default(), Sources::within(bounds));
    facts.scope = bounds.scope;
    let mut leaves = survey.others;
    for share in shares {
        share.learned.sources.into_list().into_iter().for_each(|source| gaps.extend(sources.push(source)));
        facts.releases.extend(share.learned.releases);
        secrets.extend(share.learned.secrets.into_list());
        oddities.extend(share.learned.oddities.into_list());
        gaps.extend(share.learned.gaps.into_list());
        leaves.extend(share.leaves);
    }
    let (fitting, others) = sources.fitted();
    gaps.extend(others);
    facts.sources = fitting;
    (facts.gaps, facts.secrets, facts.oddities) =
        (gaps.into_list(), secrets.into_list(), oddities.into_list());
    facts.documents = survey.documents.into_list();
    facts.leaves = leaves.into_iter().collect();
    facts.directories = survey.below.into_iter().collect();
    facts.opaque = survey.opaque.into_iter().collect();
    facts.settle();
    facts
}

impl Share {
    fn portion(&mut self, root: BorrowedFd<'_>, directory: &Directory, files: &[Box<[u8]>], bounds: &Bounds) {
        let mut seen = Vec::new();
        for name in files {
            let path = place::join(&directory.path, name);
            let text = text::path(&path);
            self.leaves.push(Mark::of(&text));
            let need = Need::of(&text, bounds);
            if need != Need::Nothing {
                seen.push((name, path, text, need));
            }
        }
        if seen.is_empty() {
            return;
        }
        let opened = match place::enter(root, &directory.path) {
            Ok(opened) => opened,
            Err(errno) => return self.unreadable(&directory.path, errno),
        };
        for (name, path, text, need) in seen {
            if let Err(errno) = self.one(&opened, name, (&path, text), need, bounds) {
                self.unreadable(&path, errno);
            }
        }
    }

    /// Looks at as much of a file as its path asks for.
    fn one(
        &mut self,
        directory: &OwnedFd,
        name: &[u8],
        (path, text): (&[u8], String),
        need: Need,
        bounds: &Bounds,
    ) -> Result<()> {
        let is_wanted = need == Need::Content || self.is_wanted_by_mode(directory, name, &text, bounds)?;
        match if is_wanted { open(directory, name)? } else { None } {
            Some((_, stat)) if stat.st_nlink > 1 => {
                self.linked.push(((stat.st_dev, stat.st_ino), path.to_vec()));
            }
            Some((file, stat)) => self.learned.file(&[text], &file, &stat, bounds),
            None => {}
        }
        Ok(())
    }

    /// Whether somebody wants a file because of its mode; of others that is all there is to see.
    fn is_wanted_by_mode(
        &mut self,
        directory: &OwnedFd,
        name: &[u8],
        path: &str,
        bounds: &Bounds,
    ) -> Result<bool> {
        let stat = match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(false),
            stat => stat?,
        };
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok(false);
        }
        let is_wanted = is_wanted(&candidate(path, &stat), bounds);
        if !is_wanted && bounds.scope == Scope::Everything {
            self.learned.glance(path, &stat);
        }
        Ok(is_wanted)
    }

    /// Looks at a file once for all its names.
    fn group(&mut self, root: BorrowedFd<'_>, paths: &[Vec<u8>], bounds: &Bounds) {
        let Some(first) = paths.first() else { return };
        match open(root, first) {
            Ok(Some((file, stat))) => {
                let paths: Vec<String> = paths.iter().map(|path| text::path(path)).collect();
                self.learned.file(&paths, &file, &stat, bounds);
            }
            Ok(None) => {}
            Err(errno) => self.unreadable(first, errno),
        }
    }

    fn unreadable(&mut self, path: &[u8], errno: Errno) {
        self.learned.flaw(&text::path(path), &Flaw::Unreadable(errno.into()));
    }
}

/// Opens a file; nothing if it has become something else, or has gone: the tree of a container that runs.
pub(super) fn open(place: impl std::os::fd::AsFd, path: &[u8]) -> Result<Option<(File, Stat)>> {
    let file = match place::file(place, path) {
        Err(Errno::NOENT | Errno::LOOP) => return Ok(None),
        file => file?,
    };
    let stat = fstat(&file)?;
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    Ok(is_file.then_some((File::from(file), stat)))
}
