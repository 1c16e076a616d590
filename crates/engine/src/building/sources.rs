//! Which files a source means: paths, patterns, and what `--parents` and `--exclude` make of them.

use build::ignore::{Ignore, Pattern};
use build::{Limits, plan};
use rustix::fs::FileType;

use super::error::{FilesError, shown};
use super::listing::{Listed, Sieve, Total, below, single};
use super::tree::{Tree, clean, components, join, resolve, split};

/// One thing that a source means.
#[derive(Debug)]
pub(super) struct Top {
    /// Where it is in its tree, links resolved.
    pub(super) path: Vec<u8>,
    /// What it is called where it goes into a directory; of a directory only what is in it is taken.
    pub(super) shape: Shape,
    /// In order; of a file it is the file.
    pub(super) entries: Vec<Listed>,
}

/// What a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Directory,
    Other(Vec<u8>),
}

/// How paths are looked up in a tree.
pub(super) struct Search<'a> {
    pub(super) tree: &'a Tree,
    /// `the context`, for errors.
    pub(super) what: &'a str,
    /// What is not there, although it is.
    pub(super) ignore: &'a Ignore,
    pub(super) copy: &'a plan::Copy,
}

impl Search<'_> {
    /// Everything that a path or pattern means.
    pub(super) fn tops(&self, written: &str, total: &mut Total) -> Result<Vec<Top>, FilesError> {
        let exclude = self.patterns(&self.copy.exclude)?;
        if !self.copy.parents {
            let found = self.found(written)?;
            return found.into_iter().map(|path| self.top(written, &path, &exclude, None, total)).collect();
        }
        let (base, pattern) = written.split_once("/./").unwrap_or(("", written));
        let pattern = String::from_utf8_lossy(&clean(pattern.as_bytes())).into_owned();
        if pattern.is_empty() {
            let found = self.found(base)?;
            return found.into_iter().map(|path| self.top(base, &path, &exclude, None, total)).collect();
        }
        let include = self.patterns(&["**".to_owned(), format!("!{pattern}")])?;
        let mut tops = Vec::new();
        for path in self.found(base)? {
            let top = self.top(base, &path, &exclude, Some(&include), total)?;
            if top.entries.is_empty() && !Pattern::is_wild(written) {
                return Err(self.missing(written));
            }
            tops.push(top);
        }
        Ok(tops)
    }

    /// What one path means that is no pattern.
    pub(super) fn plain(&self, path: &str, total: &mut Total) -> Result<Vec<Top>, FilesError> {
        let exclude = self.patterns(&self.copy.exclude)?;
        Ok(vec![self.top(path, path.as_bytes(), &exclude, None, total)?])
    }

    fn patterns(&self, patterns: &[String]) -> Result<Ignore, FilesError> {
        Ignore::of(patterns, &Limits::default())
            .map_err(|source| FilesError::Pattern { pattern: patterns.join(" "), source })
    }

    /// The paths that are meant, as they are written: links are followed later.
    fn found(&self, written: &str) -> Result<Vec<Vec<u8>>, FilesError> {
        let path = clean(written.as_bytes());
        if !Pattern::is_wild(written) {
            return Ok(vec![unescaped(&path)]);
        }
        let names: Vec<&[u8]> = components(&path).collect();
        let wild = |name: &&[u8]| Pattern::is_wild(&String::from_utf8_lossy(name));
        let first = names.iter().position(wild).unwrap_or(names.len());
        let (fixed, rest) = names.split_at(first);
        let text = String::from_utf8_lossy(&rest.join(&b'/')).into_owned();
        let pattern = Pattern::parse(&text)
            .map_err(|source| FilesError::Pattern { pattern: written.to_owned(), source })?;
        let base = self.resolved(&unescaped(&fixed.join(&b'/')), written)?;
        let mut found = Vec::new();
        self.matching(&base, b"", &pattern, rest.len(), &mut found)?;
        Ok(found)
    }

    /// Names that match, in order. A directory that does is not looked into, and none that cannot.
    fn matching(
        &self,
        base: &[u8],
        path: &[u8],
        pattern: &Pattern,
        levels: usize,
        found: &mut Vec<Vec<u8>>,
    ) -> Result<(), FilesError> {
        let at = join(base, path);
        let Some(folder) = self.tree.folder(&at).map_err(FilesError::read(&at))? else { return Ok(()) };
        for (name, entry) in self.tree.list(&folder).map_err(FilesError::read(&at))? {
            let path = join(path, &name);
            let text = String::from_utf8_lossy(&path);
            if pattern.matches(&text) {
                let whole = join(base, &path);
                if Sieve::whole(self.ignore, &whole, entry.kind()).is_some() {
                    found.push(whole);
                }
            } else if levels > 1 && entry.kind() == FileType::Directory && pattern.may_match_below(&text) {
                self.matching(base, &path, pattern, levels - 1, found)?;
            }
        }
        Ok(())
    }

    fn top(
        &self,
        written: &str,
        path: &[u8],
        exclude: &Ignore,
        include: Option<&Ignore>,
        total: &mut Total,
    ) -> Result<Top, FilesError> {
        let real = self.resolved(path, written)?;
        let found = self.tree.find(&real).map_err(FilesError::read(&real))?;
        let found = found.ok_or_else(|| self.missing(written))?;
        let whole = Sieve::whole(self.ignore, &real, found.kind()).ok_or_else(|| self.missing(written))?;
        if found.kind() != FileType::Directory {
            let name = split(path).map(|(_, name)| name.to_owned()).unwrap_or_default();
            let entries = single(self.tree, &real, &found, self.what, total)?.into_iter().collect();
            return Ok(Top { path: real, shape: Shape::Other(name), entries });
        }
        let mut sieves = vec![whole, Sieve::below(exclude)];
        sieves.extend(include.map(Sieve::below));
        sieves.retain(|sieve| !sieve.rules.is_empty());
        let entries = below(self.tree, &real, &sieves, self.what, total)?;
        Ok(Top { path: real, shape: Shape::Directory, entries })
    }

    fn resolved(&self, path: &[u8], written: &str) -> Result<Vec<u8>, FilesError> {
        let resolved = resolve(path, |path| self.tree.look(path));
        resolved.map_err(FilesError::read(written.as_bytes()))
    }

    fn missing(&self, written: &str) -> FilesError {
        FilesError::Missing { path: shown(written.as_bytes()), origin: self.what.to_owned() }
    }
}

/// A path in which `\` makes the next character a letter.
fn unescaped(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut bytes = path.iter();
    while let Some(byte) = bytes.next() {
        plain.extend(if *byte == b'\\' { bytes.next() } else { Some(byte) });
    }
    plain
}
