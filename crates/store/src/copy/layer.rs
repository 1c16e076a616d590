//! A container's own layer as a layer of an image: whiteouts and owners as OCI wants them (image-spec,
//! layer.md "Representing Changes").

use std::io::Write;
use std::os::fd::OwnedFd;

use super::collect::Collector;
use super::error::CopyError;
use super::{Notices, path};
use crate::archive::{Entry, Kind, Mtime};
use crate::settle::Settler;
use crate::stamp::Stamp;

/// The writable directory of an overlay.
pub struct Upper<'a> {
    /// The directory.
    pub directory: &'a OwnedFd,
    /// What an owner's id on disk is in the container.
    pub ids: &'a dyn Fn(u32) -> u32,
}

/// A path of the layer that is to be in the image's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerChange {
    /// Below the root, without a slash at its beginning.
    pub path: Vec<u8>,
    /// How it stands to the layers below.
    pub standing: Standing,
}

/// How a path stands to the layers below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It lies over what they have there.
    Over,
    /// It is a directory that hides what they have in it.
    Opaque,
    /// It hides what they have there, and has nothing itself.
    Whiteout,
}

/// What else becomes of a layer while it is written.
#[derive(Default)]
pub(crate) struct Treatment<'a> {
    /// Which times its files get.
    pub(crate) stamp: Stamp,
    /// Who makes an unpacked layer of the very files.
    pub(crate) settler: Option<&'a mut Settler>,
}

/// Writes the changes, parents before children, as a tar archive.
pub(crate) fn write(
    upper: &Upper<'_>,
    changes: &[LayerChange],
    out: impl Write,
) -> Result<Notices, CopyError> {
    write_with(upper, changes, Treatment::default(), out)
}

/// The same with more to do on the way.
pub(crate) fn write_with(
    upper: &Upper<'_>,
    changes: &[LayerChange],
    treatment: Treatment<'_>,
    out: impl Write,
) -> Result<Notices, CopyError> {
    let mut nobody_watches = |_| {};
    let Treatment { stamp, settler } = treatment;
    let mut collector = Collector::new(out, upper.ids, &mut nobody_watches);
    (collector.stamp, collector.settler) = (stamp, settler);
    // Most changes are in the directory of the one before.
    let mut here: Option<(Vec<u8>, OwnedFd)> = None;
    for change in changes {
        let (parent, name) = path::parent(&change.path);
        if change.standing == Standing::Whiteout {
            collector.begin(&mark(parent, &[b".wh.", name].concat()))?;
        }
        let parent = if parent == b"." { b"" } else { parent };
        if here.as_ref().is_none_or(|(path, _)| path != parent) {
            here = collector.enter(upper.directory, parent)?.map(|directory| (parent.to_owned(), directory));
        }
        let Some((_, directory)) = &here else { continue };
        if change.standing == Standing::Whiteout {
            collector.settle_whiteout(directory, name, &change.path)?;
            continue;
        }
        let mut directories = Vec::new();
        collector.child(directory, name, change.path.clone(), &mut directories)?;
        for path in directories {
            let Some(directory) = collector.enter(upper.directory, &path)? else { continue };
            collector.directory(&directory, &path)?;
        }
        if change.standing == Standing::Opaque {
            collector.begin(&mark(&change.path, b".wh..wh..opq"))?;
            collector.settle(|settler| settler.opaque(&change.path));
        }
    }
    collector.out.finish().map_err(CopyError::kernel("write", b"the layer"))?;
    Ok(collector.notices)
}

/// An empty file that says something by its name.
fn mark(parent: &[u8], name: &[u8]) -> Entry {
    let path = if parent == b"." { name.to_owned() } else { [parent, b"/", name].concat() };
    Entry {
        path,
        kind: Kind::File,
        link: Vec::new(),
        mode: 0,
        uid: 0,
        gid: 0,
        mtime: Mtime::default(),
        size: 0,
        device: (0, 0),
        xattrs: Vec::new(),
        sparse: None,
    }
}
