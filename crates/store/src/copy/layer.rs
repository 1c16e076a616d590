//! A container's own layer as a layer of an image: whiteouts and owners as OCI wants them (image-spec,
//! layer.md "Representing Changes").

use std::io::Write;
use std::os::fd::OwnedFd;

use super::collect::Collector;
use super::error::CopyError;
use super::{Notices, path};
use crate::archive::{Entry, Kind, Mtime};

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

/// Writes the changes, parents before children, as a tar archive.
pub(crate) fn write(
    upper: &Upper<'_>,
    changes: &[LayerChange],
    out: impl Write,
) -> Result<Notices, CopyError> {
    let mut nobody_watches = |_| {};
    let mut collector = Collector::new(out, upper.ids, &mut nobody_watches);
    for change in changes {
        let (parent, name) = path::parent(&change.path);
        if change.standing == Standing::Whiteout {
            collector.begin(&mark(parent, &[b".wh.", name].concat()))?;
            continue;
        }
        let parent = if parent == b"." { b"" } else { parent };
        let Some(directory) = collector.enter(upper.directory, parent)? else { continue };
        let mut directories = Vec::new();
        collector.child(&directory, name, change.path.clone(), &mut directories)?;
        for path in directories {
            let Some(directory) = collector.enter(upper.directory, &path)? else { continue };
            collector.directory(&directory, &path)?;
        }
        if change.standing == Standing::Opaque {
            collector.begin(&mark(&change.path, b".wh..wh..opq"))?;
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
