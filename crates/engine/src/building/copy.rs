//! COPY, ADD and WORKDIR: files on a canvas, and the canvas as a layer.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::rc::Rc;

use build::plan;
use model::image::Layer;
use rustix::fs::{Mode, OFlags};
use store::{Archive, ArchiveContent, Attributes, Content, LayerMaker, StoreError};

use super::canvas::{Canvas, Over, Placed, Source, What};
use super::error::{BuildError, FilesError, shown};
use super::listing::{Listed, ListedKind};
use super::mode::ModeChange;
use super::sources::{Shape, Top};
use super::taken::{Gathered, Taken};
use super::tree::{Seen, Tree, Whose, join, open_in, split};
use crate::engine::Engine;
use store::Stamp;

/// Permission bits of a file that is a text.
const TEXT_MODE: u32 = 0o644;

impl Engine {
    /// Makes a layer of what was taken; none where that is nothing. The layer is in the store afterwards.
    ///
    /// # Errors
    /// [`FilesError`]; a file that has changed since it was taken above all.
    pub fn copy(
        &self,
        copy: &plan::Copy,
        taken: &Taken,
        below: &[Layer],
        stamp: Stamp,
    ) -> Result<Option<Layer>, BuildError> {
        Ok(self.copied(copy, taken, below, stamp)?)
    }

    fn copied(
        &self,
        copy: &plan::Copy,
        taken: &Taken,
        below: &[Layer],
        stamp: Stamp,
    ) -> Result<Option<Layer>, FilesError> {
        let tree = self.tree_of(below).map_err(FilesError::read(b"the root below"))?;
        let canvas = Canvas::new((!copy.link).then_some(&tree), taken.owner.unwrap_or((0, 0)), stamp);
        let mut painter = Painter { engine: self, copy, taken, stamp, canvas, archives: Vec::new() };
        for (index, source) in taken.sources.iter().enumerate() {
            painter.source(index, source)?;
        }
        let Painter { canvas, archives, .. } = painter;
        self.layer_of(canvas, &taken.sources, &archives)
    }

    /// Makes a layer that has a directory, unless it is there.
    ///
    /// # Errors
    /// [`FilesError`]; something else that is in its place above all.
    pub fn directory(
        &self,
        directory: &plan::Directory,
        below: &[Layer],
        stamp: Stamp,
    ) -> Result<Option<Layer>, BuildError> {
        let tree = self.tree_of(below).map_err(FilesError::read(b"the root below"))?;
        let owner = self.owner(&directory.owner, below)?.unwrap_or((0, 0));
        let mut canvas = Canvas::new(Some(&tree), owner, stamp);
        let path = canvas.resolve(directory.path.as_bytes())?;
        canvas.make_directories(&path)?;
        Ok(self.layer_of(canvas, &[], &[])?)
    }

    fn layer_of(
        &self,
        canvas: Canvas<'_>,
        sources: &[Gathered],
        archives: &[Archive],
    ) -> Result<Option<Layer>, FilesError> {
        if canvas.is_empty() {
            return Ok(None);
        }
        let layer = self.store.make_layer("the layer", |maker| {
            let mut writer = Writer { maker, sources, archives, names: HashMap::new(), folder: None };
            canvas.into_placed().try_for_each(|(path, placed)| writer.write(&path, placed))
        })?;
        Ok(Some(layer))
    }
}

/// Places what was taken.
struct Painter<'a> {
    engine: &'a Engine,
    copy: &'a plan::Copy,
    taken: &'a Taken,
    stamp: Stamp,
    canvas: Canvas<'a>,
    archives: Vec<Archive>,
}

impl Painter<'_> {
    fn source(&mut self, index: usize, source: &Gathered) -> Result<(), FilesError> {
        match source {
            Gathered::Text { name, content } => self.text(name, content),
            Gathered::Files { tree, tops, unpack, .. } => {
                for (number, top) in tops.iter().enumerate() {
                    if *unpack && self.unpacked(tree, top)? {
                        continue;
                    }
                    self.top(tree, top, (index, number))?;
                }
                Ok(())
            }
        }
    }

    fn top(&mut self, tree: &Tree, top: &Top, at: (usize, usize)) -> Result<(), FilesError> {
        let target = match &top.shape {
            Shape::Directory => self.directory()?,
            Shape::Other(_) if top.entries.is_empty() => return Ok(()),
            Shape::Other(name) => self.file(name)?,
        };
        for (number, entry) in top.entries.iter().enumerate() {
            let placed = self.placed(tree, entry, (at.0, at.1, number));
            self.canvas.place(&join(&target, &entry.path), placed, Over::Kind)?;
        }
        Ok(())
    }

    /// The destination as a directory, which is made if it is missing.
    fn directory(&mut self) -> Result<Vec<u8>, FilesError> {
        let target = self.canvas.resolve(self.copy.destination.as_bytes())?;
        self.canvas.make_directories(&target)?;
        Ok(target)
    }

    /// The destination of a file: within a directory it keeps its name.
    fn file(&mut self, name: &[u8]) -> Result<Vec<u8>, FilesError> {
        let target = self.canvas.resolve(self.copy.destination.as_bytes())?;
        if self.copy.destination.ends_with('/') || self.canvas.seen(&target)? == Seen::Directory {
            self.canvas.make_directories(&target)?;
            return Ok(join(&target, name));
        }
        if self.are_several() {
            return Err(FilesError::Several { destination: self.copy.destination.clone() });
        }
        let (parent, _) = split(&target).unwrap_or_default();
        self.canvas.make_directories(parent)?;
        Ok(target)
    }

    fn are_several(&self) -> bool {
        let count = |source: &Gathered| match source {
            Gathered::Text { .. } => 1,
            Gathered::Files { tops, .. } => tops.len(),
        };
        self.taken.sources.iter().map(count).sum::<usize>() > 1
    }

    fn text(&mut self, name: &[u8], content: &Rc<[u8]>) -> Result<(), FilesError> {
        let target = self.file(name)?;
        let (parent, _) = split(&target).unwrap_or_default();
        let (uid, gid) = self.taken.owner.unwrap_or((0, 0));
        let attributes = Attributes {
            mode: self.mode(TEXT_MODE, false),
            uid,
            gid,
            mtime: self.canvas.time_within(parent)?,
            xattrs: Vec::new(),
        };
        let what = What::File(Source::Text(Rc::clone(content)));
        self.canvas.place(&target, Placed { attributes, what }, Over::Kind)
    }

    fn placed(&self, tree: &Tree, entry: &Listed, at: (usize, usize, usize)) -> Placed {
        let own = if tree.whose == Whose::Image { (entry.uid, entry.gid) } else { (0, 0) };
        let (uid, gid) = self.taken.owner.unwrap_or(own);
        let (what, mode) = match &entry.kind {
            ListedKind::Directory => (What::Directory, self.mode(entry.mode, true)),
            ListedKind::File => (What::File(Source::Taken(at.0, at.1, at.2)), self.mode(entry.mode, false)),
            ListedKind::Fifo => (What::Fifo, self.mode(entry.mode, false)),
            ListedKind::Link(target) => (What::Symlink(target.clone()), 0o777),
        };
        let mtime = self.stamp.time(entry.state.modified.0);
        Placed { attributes: Attributes { mode, uid, gid, mtime, xattrs: Vec::new() }, what }
    }

    fn mode(&self, mode: u32, is_directory: bool) -> u32 {
        self.taken.mode.as_ref().map_or(mode, |change: &ModeChange| change.apply(mode, is_directory))
    }

    /// Unpacks a file into the destination, if it is an archive.
    fn unpacked(&mut self, tree: &Tree, top: &Top) -> Result<bool, FilesError> {
        let [entry] = top.entries.as_slice() else { return Ok(false) };
        if top.shape == Shape::Directory || entry.kind != ListedKind::File {
            return Ok(false);
        }
        let file = File::from(entry.open(tree.layers(), &top.path)?);
        let Some(archive) = self.engine.store.open_archive(file, &shown(&top.path))? else {
            return Ok(false);
        };
        let target = self.directory()?;
        for entry in &archive.entries {
            self.archived(&target, entry)?;
        }
        self.archives.push(archive);
        Ok(true)
    }

    fn archived(&mut self, target: &[u8], entry: &store::ArchiveEntry) -> Result<(), FilesError> {
        let Some((parent, name)) = split(&entry.path) else { return Ok(()) };
        let parent = self.canvas.resolve(&join(target, parent))?;
        self.canvas.make_directories(&parent)?;
        let what = match &entry.content {
            ArchiveContent::Directory => What::Directory,
            ArchiveContent::File(offset, size) => {
                What::File(Source::Archived(self.archives.len(), *offset, *size))
            }
            ArchiveContent::Symlink(target) => What::Symlink(target.clone()),
            ArchiveContent::Fifo => What::Fifo,
        };
        let mut attributes = entry.attributes.clone();
        (attributes.uid, attributes.gid) = self.taken.owner.unwrap_or((attributes.uid, attributes.gid));
        attributes.mtime = self.stamp.time(attributes.mtime);
        self.canvas.place(&join(&parent, name), Placed { attributes, what }, Over::Anything)
    }
}

/// Writes a canvas as a layer.
struct Writer<'a> {
    maker: &'a mut LayerMaker,
    sources: &'a [Gathered],
    archives: &'a [Archive],
    /// First name of each file that may have several.
    names: HashMap<Identity, Vec<u8>>,
    /// The directory of the last file, because the next one is mostly in it too.
    folder: Option<(usize, usize, Vec<u8>, OwnedFd)>,
}

/// What makes two names names of one file: which source or archive, and which file of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Identity {
    Inode(usize, u64, u64),
    Archived(usize, u64),
}

impl Writer<'_> {
    fn write(&mut self, path: &[u8], placed: Placed) -> Result<(), FilesError> {
        let Placed { attributes, what } = placed;
        match what {
            What::Directory => self.maker.add(path, &attributes, Content::Directory)?,
            What::Fifo => self.maker.add(path, &attributes, Content::Fifo)?,
            What::Symlink(target) => self.maker.add(path, &attributes, Content::Symlink(&target))?,
            What::File(Source::Text(text)) => {
                let content = Content::File(text.len() as u64, &mut &*text);
                self.maker.add(path, &attributes, content)?;
            }
            What::File(Source::Archived(archive, offset, size)) => {
                self.archived(path, &attributes, (archive, offset, size))?;
            }
            What::File(Source::Taken(source, top, entry)) => {
                self.taken(path, attributes, (source, top, entry))?;
            }
        }
        Ok(())
    }

    fn archived(
        &mut self,
        path: &[u8],
        attributes: &Attributes,
        (number, offset, size): (usize, u64, u64),
    ) -> Result<(), FilesError> {
        let Some(archive) = self.archives.get(number) else { return Ok(()) };
        // An empty file may begin where the next one does.
        if size > 0 && self.linked(path, attributes, Identity::Archived(number, offset))? {
            return Ok(());
        }
        let mut part = Part { file: &archive.file, at: offset };
        Ok(self.maker.add(path, attributes, Content::File(size, &mut part))?)
    }

    fn taken(
        &mut self,
        path: &[u8],
        mut attributes: Attributes,
        (source, top, entry): (usize, usize, usize),
    ) -> Result<(), FilesError> {
        let sources = self.sources;
        let Some(Gathered::Files { tree, tops, .. }) = sources.get(source) else { return Ok(()) };
        let Some(top) = tops.get(top) else { return Ok(()) };
        let Some(entry) = top.entries.get(entry) else { return Ok(()) };
        let state = &entry.state;
        let identity = Identity::Inode(source, state.device, state.inode);
        if state.names > 1 && self.linked(path, &attributes, identity)? {
            return Ok(());
        }
        let from = join(&top.path, &entry.path);
        let mut file = File::from(entry.unchanged(self.open(tree, source, entry.layer, &from)?, &from)?);
        attributes.xattrs = store::copy::attributes(&file);
        match self.maker.add(path, &attributes, Content::File(state.size, &mut file)) {
            Err(StoreError::Truncated { .. }) => return Err(FilesError::Changed { path: shown(&from) }),
            added => added?,
        }
        entry.unchanged(file.into(), &from).map(drop)
    }

    /// Opens a file by its directory, which the next file is mostly in too.
    fn open(&mut self, tree: &Tree, source: usize, layer: usize, path: &[u8]) -> Result<OwnedFd, FilesError> {
        let (parent, name) = split(path).unwrap_or_default();
        let is_here =
            self.folder.as_ref().is_some_and(|(of, on, at, _)| (*of, *on) == (source, layer) && at == parent);
        if !is_here {
            let flags = OFlags::PATH | OFlags::DIRECTORY;
            let directory =
                open_in(tree.layers(), layer, parent, flags).map_err(|error| gone(error, path))?;
            self.folder = Some((source, layer, parent.to_owned(), directory));
        }
        let Some((_, _, _, directory)) = &self.folder else {
            return Err(FilesError::Changed { path: shown(path) });
        };
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(directory, name, flags, Mode::empty());
        opened.map_err(|errno| gone(errno.into(), path))
    }

    /// Writes another name of a file that has one already.
    fn linked(
        &mut self,
        path: &[u8],
        attributes: &Attributes,
        identity: Identity,
    ) -> Result<bool, FilesError> {
        let Some(first) = self.names.get(&identity) else {
            self.names.insert(identity, path.to_owned());
            return Ok(false);
        };
        self.maker.add(path, attributes, Content::HardLink(first))?;
        Ok(true)
    }
}

/// What was listed and is not there any more has changed.
fn gone(error: std::io::Error, path: &[u8]) -> FilesError {
    if super::listing::is_another(&error) {
        return FilesError::Changed { path: shown(path) };
    }
    FilesError::read(path)(error)
}

/// A part of a file, read where it lies.
struct Part<'a> {
    file: &'a File,
    at: u64,
}

impl std::io::Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.file.read_at(buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}
