//! Build contexts: a directory of the host, or what was fetched or unpacked into one of ours.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use build::Limits;
use build::ignore::Ignore;
use build::plan::StepId;
use build::provenance::Dependency;
use model::image::Layer;
use rustix::fs::{FileType, OFlags};
use store::Scratch;

use super::error::{BuildError, FilesError};
use super::fetch::{Fetched, content};
use super::git::GitSource;
use super::tree::{Tree, open_in, resolve};
use crate::engine::Engine;
use crate::foreground::Interruptions;

/// Where the rules are about what is left out.
pub(super) const IGNORE: &str = ".dockerignore";
/// Bytes that tell what a stream is: a block of a tar archive.
const PEEK: u64 = 512;

/// A build context: files, and which of them are left out.
#[derive(Debug)]
pub struct Context {
    pub(super) tree: Tree,
    /// Under which name what its files hold is remembered.
    pub(super) label: Option<Vec<u8>>,
    pub(super) ignore: Ignore,
    /// What it is, if it was fetched.
    pub(super) fetched: Option<Box<Dependency>>,
    /// Where it is, if it is ours.
    _scratch: Option<Scratch>,
}

/// What a stream turns out to be.
#[derive(Debug)]
pub enum Incoming {
    /// An archive, unpacked.
    Files(Context),
    /// A Dockerfile, which needs no files.
    Dockerfile(Vec<u8>),
}

/// Where the files of a build come from.
#[derive(Debug, Default)]
pub struct Origins<'a> {
    /// By name; the one without is the build's own.
    pub contexts: BTreeMap<Option<String>, &'a Context>,
    /// What steps have made, bottom layer first.
    pub roots: BTreeMap<StepId, &'a [Layer]>,
    /// Who is asked to end meanwhile: reading large files takes its time.
    pub interruptions: Option<&'a Interruptions>,
}

impl Context {
    /// Opens a directory of the host.
    ///
    /// # Errors
    /// [`FilesError::Read`].
    pub fn open(path: &Path, ignore: &Ignore) -> Result<Self, BuildError> {
        let failed = FilesError::read(path.as_os_str().as_bytes());
        let opened = path.canonicalize().and_then(|real| {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let directory = rustix::fs::open(&real, flags, rustix::fs::Mode::empty())?;
            Ok((real.as_os_str().as_bytes().to_owned(), directory))
        });
        let (label, directory) = opened.map_err(failed)?;
        let (tree, label, ignore) = (Tree::of(directory), Some(label), ignore.clone());
        Ok(Self { tree, label, ignore, fetched: None, _scratch: None })
    }

    /// A context without any file.
    pub(super) fn empty(store: &store::Store) -> Result<Self, BuildError> {
        let scratch = store.scratch()?;
        let (_, directory) = content(&scratch)?;
        Ok(Self::ours(directory, scratch, Ignore::default()))
    }

    pub(super) fn ours(directory: OwnedFd, scratch: Scratch, ignore: Ignore) -> Self {
        Self { tree: Tree::of(directory), label: None, ignore, fetched: None, _scratch: Some(scratch) }
    }

    /// Reads what a Dockerfile's own `.dockerignore` says, or the context's, and leaves out what it names.
    ///
    /// # Errors
    /// A file that cannot be read or understood.
    pub fn obey_ignore_file(&mut self, dockerfile: &str) -> Result<(), BuildError> {
        let limits = Limits::default();
        let own = format!("{dockerfile}{IGNORE}");
        for name in [own.as_str(), IGNORE] {
            let Some(text) = self.read(name, limits.file_bytes as u64 + 1)? else { continue };
            return self.obey(name, &text);
        }
        Ok(())
    }

    /// Leaves out what these rules name, which stand in the file `name`.
    pub(super) fn obey(&mut self, name: &str, text: &[u8]) -> Result<(), BuildError> {
        let rules = Ignore::parse(text, &Limits::default());
        self.ignore = rules.map_err(|source| FilesError::Pattern { pattern: name.to_owned(), source })?;
        Ok(())
    }

    /// Reads at most `limit` bytes of a file, whatever is left out; `None` if there is no such file.
    ///
    /// # Errors
    /// [`FilesError::Read`].
    pub fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, BuildError> {
        let failed = || FilesError::read(path.as_bytes());
        let real = resolve(path.as_bytes(), |path| self.tree.look(path)).map_err(failed())?;
        let found = self.tree.find(&real).map_err(failed())?;
        let Some(found) = found.filter(|found| found.kind() == FileType::RegularFile) else {
            return Ok(None);
        };
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = open_in(self.tree.layers(), found.layer, &real, flags).map_err(failed())?;
        let mut bytes = Vec::new();
        std::fs::File::from(file).take(limit).read_to_end(&mut bytes).map_err(failed())?;
        Ok(Some(bytes))
    }
}

impl Engine {
    /// A context from a stream, which may be a Dockerfile instead. `label` is for errors.
    ///
    /// # Errors
    /// The store's, about an archive; [`FilesError`].
    pub fn incoming(&self, stream: impl Read + Send, label: &str) -> Result<Incoming, BuildError> {
        Ok(self.received(stream, label)?)
    }

    /// The same for what is at an address.
    ///
    /// # Errors
    /// Everything that can go wrong on a network.
    pub fn incoming_at(&self, url: &str) -> Result<Incoming, BuildError> {
        let (fetched, name) = self.fetched(url, None)?;
        let file = open_in(std::slice::from_ref(&fetched.directory), 0, name.as_bytes(), OFlags::RDONLY);
        let file = file.map_err(FilesError::read(url.as_bytes()))?;
        Ok(match self.received(std::fs::File::from(file), url)? {
            Incoming::Files(context) => {
                Incoming::Files(Context { fetched: Some(Box::new(fetched.what)), ..context })
            }
            text => text,
        })
    }

    /// A context from a git repository.
    ///
    /// # Errors
    /// [`FilesError::Git`].
    pub fn context_of_git(&self, source: &GitSource) -> Result<Context, BuildError> {
        let (Fetched { scratch, directory, what }, ignore) = self.cloned(source)?;
        Ok(Context { fetched: Some(Box::new(what)), ..Context::ours(directory, scratch, ignore) })
    }

    fn received(&self, mut stream: impl Read + Send, label: &str) -> Result<Incoming, FilesError> {
        let failed = FilesError::read(label.as_bytes());
        let mut start = Vec::new();
        Read::by_ref(&mut stream).take(PEEK).read_to_end(&mut start).map_err(failed)?;
        let is_archive = store::is_archive(&start);
        let whole = io::Cursor::new(start).chain(stream);
        if !is_archive {
            let limit = Limits::default().file_bytes as u64;
            let mut text = Vec::new();
            let read = whole.take(limit + 1).read_to_end(&mut text);
            read.map_err(FilesError::read(label.as_bytes()))?;
            if text.len() as u64 > limit {
                let (what, limit, allowed) = (label.to_owned(), "bytes, and is no archive", limit);
                return Err(FilesError::Limit { what, limit, allowed });
            }
            return Ok(Incoming::Dockerfile(text));
        }
        let scratch = self.store.scratch()?;
        let (path, directory) = content(&scratch)?;
        self.store.extract_archive(whole, &path, label)?;
        Ok(Incoming::Files(Context::ours(directory, scratch, Ignore::default())))
    }
}
