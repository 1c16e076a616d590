//! OCI whiteouts to overlayfs whiteouts (OCI image-spec, layer.md "Whiteouts";
//! Linux Documentation/filesystems/overlayfs.rst "whiteouts and opaque directories").

use std::os::fd::OwnedFd;

use rustix::fs::{FileType, Mode, XattrFlags, fsetxattr, mknodat};
use rustix::io::Errno;

use super::{Place, Unpacker, failed, refused, split};
use crate::archive::Entry;
use crate::error::Result;
use crate::listing::Node;

impl Unpacker<'_> {
    /// `hidden` is the name without `.wh.`.
    pub(super) fn whiteout(&mut self, hidden: &[u8], place: Place<'_>, entry: &Entry) -> Result<()> {
        match hidden {
            b"" | b"." | b".." => return Err(refused(entry, "is a whiteout of nothing that can be hidden")),
            b".wh..opq" if place.parent.is_empty() => {
                return Err(refused(entry, "hides the whole image below"));
            }
            b".wh..opq" => {
                self.make_opaque(place.parent);
                return Ok(());
            }
            // aufs' own bookkeeping.
            other if other.starts_with(b".wh.") => return Ok(()),
            _ => {}
        }
        let mut path = place.parent.to_owned();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(hidden);
        self.hide(Place { path: &path, parent: place.parent, name: hidden })
            .map_err(|error| failed(entry, error))
    }

    /// A whiteout hides what lower layers have, and nothing of its own layer.
    fn hide(&mut self, place: Place<'_>) -> rustix::io::Result<()> {
        match self.node(place) {
            Some(node) if node.is(Node::DIRECTORY) => self.make_opaque(place.path),
            Some(_) => {}
            None => {
                match mknodat(self.here()?, place.name, FileType::CharacterDevice, Mode::empty(), 0) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error),
                }
                self.list(place, Node::WHITEOUT);
            }
        }
        Ok(())
    }

    /// Notes that the directory hides what lower layers have in it.
    pub(super) fn make_opaque(&mut self, path: &[u8]) {
        if let Some(directory) = self.directories.get_mut(path) {
            directory.opaque = true;
        }
        if let Some((parent, name)) = split(path) {
            self.list(Place { path, parent, name }, Node::DIRECTORY.with(Node::OPAQUE));
        }
    }

    pub(super) fn mark_opaque(&self, directory: &OwnedFd) -> rustix::io::Result<()> {
        fsetxattr(directory, self.applier.owner.opaque_attribute(), b"y", XattrFlags::empty())
    }
}
