//! Documents out of files, directories and archives, as deep as the limits allow.

mod archive;

use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use super::{ImportError, Limits};

/// How much of a document decides what it is, in bytes.
const HEAD: u64 = 16 << 10;

/// What is done with each document.
pub(super) type Visit<'a> = dyn FnMut(&str, Input<'_>) -> Result<(), ImportError> + 'a;

/// A document, of which the beginning is known.
pub(super) struct Input<'a> {
    head: Cursor<Vec<u8>>,
    rest: &'a mut dyn Read,
}

impl<'a> Input<'a> {
    pub(super) fn new(rest: &'a mut dyn Read) -> io::Result<Self> {
        let mut head = Vec::new();
        rest.take(HEAD).read_to_end(&mut head)?;
        Ok(Self { head: Cursor::new(head), rest })
    }

    /// Its first bytes: all of it where it is short.
    pub(super) fn head(&self) -> &[u8] {
        self.head.get_ref()
    }

    /// All of it, or `None` where it is longer than `most` bytes.
    pub(super) fn whole(&mut self, most: u64) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        self.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 <= most).then_some(bytes))
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.head.read(buffer)? {
            0 => self.rest.read(buffer),
            length => Ok(length),
        }
    }
}

/// Walks through paths, and counts what it meets.
pub(super) struct Documents<'a> {
    limits: &'a Limits,
    documents: u64,
    bytes: u64,
}

impl<'a> Documents<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self { limits, documents: 0, bytes: 0 }
    }

    /// Calls `visit` with every document in `path`, in the order of names within a directory. Links within
    /// directories are not followed, and what is neither file nor directory is passed over.
    pub(super) fn each(&mut self, path: &Path, visit: &mut Visit<'_>) -> Result<(), ImportError> {
        let metadata = fs::metadata(path).map_err(|cause| unreadable(path, cause))?;
        if metadata.is_dir() { self.directory(path, 0, visit) } else { self.file(path, visit) }
    }

    fn directory(&mut self, path: &Path, depth: usize, visit: &mut Visit<'_>) -> Result<(), ImportError> {
        if depth > self.limits.depth {
            return Err(limit(
                &path.display().to_string(),
                "directories in each other",
                self.limits.depth as u64,
            ));
        }
        let read = |cause| unreadable(path, cause);
        let mut entries = fs::read_dir(path).map_err(read)?.collect::<io::Result<Vec<_>>>().map_err(read)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let kind = entry.file_type().map_err(read)?;
            if kind.is_dir() {
                self.directory(&entry.path(), depth + 1, visit)?;
            } else if kind.is_file() {
                self.file(&entry.path(), visit)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, visit: &mut Visit<'_>) -> Result<(), ImportError> {
        let mut file = File::open(path).map_err(|cause| unreadable(path, cause))?;
        let name = path.display().to_string();
        if archive::is_zip(&mut file).map_err(|cause| unreadable(path, cause))? {
            return self.zip(&name, file, visit);
        }
        self.stream(&name, &mut BufReader::with_capacity(128 << 10, file), 0, visit)
    }

    /// A document that passed every archive around it.
    fn document(&mut self, name: &str, input: Input<'_>, visit: &mut Visit<'_>) -> Result<(), ImportError> {
        self.documents += 1;
        if self.documents > self.limits.documents {
            return Err(limit(name, "documents", self.limits.documents));
        }
        visit(name, input)
    }
}

fn unreadable(path: &Path, cause: io::Error) -> ImportError {
    ImportError::Read { path: path.display().to_string(), cause }
}

fn limit(path: &str, what: &'static str, limit: u64) -> ImportError {
    ImportError::Limit { path: path.to_owned(), what, limit }
}
