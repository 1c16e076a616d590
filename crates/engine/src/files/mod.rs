//! Files of containers, on their way in and out: copies, exports, what was changed, and images made of that.
//!
//! What happens in a container's tree is done by a visitor inside it ([`launch::visit`]); this process talks
//! to it over pipes, in tar, and believes nothing that comes back. What was changed is read from the
//! container's own layer, by owned descriptors.

mod changes;
mod commit;
mod visitor;

use std::io::{Read, Write};

use launch::Sight;
use store::copy::{
    Destination, Links, Naming, Notices, Owners, Rules, Selection, Trust, TypedPath, View, collect, extract,
};

use crate::engine::Engine;
use crate::error::EngineError;
use visitor::{Errand, Way};

pub(crate) use changes::changes;
pub use changes::{Change, ChangeKind};
pub use commit::{CommitRequest, ConfigChange, Pause};
pub(crate) use commit::{NOBODY, layer};
pub use store::copy;

/// Where a copy from a container goes.
pub enum Receiver<'a> {
    /// To a path of this host.
    Path(TypedPath),
    /// As a tar archive.
    Archive(&'a mut dyn Write),
}

/// Where a copy to a container comes from.
pub enum Origin<'a> {
    /// From a path of this host.
    Path(TypedPath, Links),
    /// From a tar archive.
    Archive(&'a mut dyn Read),
}

impl Receiver<'_> {
    fn path(&self) -> Option<&TypedPath> {
        match self {
            Self::Path(path) => Some(path),
            Self::Archive(_) => None,
        }
    }
}

impl Origin<'_> {
    fn path(&self) -> Option<&TypedPath> {
        match self {
            Self::Path(path, _) => Some(path),
            Self::Archive(_) => None,
        }
    }
}

/// `web:/etc`
fn inside(container: &str, path: &TypedPath) -> String {
    format!("{container}:{}", String::from_utf8_lossy(path.as_bytes()))
}

/// A path of this host, or `-` for a stream.
fn outside(path: Option<&TypedPath>) -> String {
    path.map_or_else(|| "-".to_owned(), |path| String::from_utf8_lossy(path.as_bytes()).into_owned())
}

impl Engine {
    /// Copies from a container, whether it runs or not. This process must have no other thread.
    ///
    /// # Errors
    /// [`EngineError::Copy`] and [`EngineError::CopyInside`]; as [`Engine::container`].
    pub fn copy_out(
        &self,
        container: &str,
        from: (TypedPath, Links),
        to: Receiver<'_>,
        owners: Owners,
        advanced: &mut dyn FnMut(u64),
    ) -> Result<Notices, EngineError> {
        let (path, links) = from;
        let naming = if matches!(to, Receiver::Path(_)) { Naming::Bare } else { Naming::Named };
        let name = path.name().map(<[u8]>::to_owned);
        let selection = Selection { path, links, naming };
        let route = [inside(container, &selection.path), outside(to.path())];
        let errand = Errand { container, sight: Sight::Whole, way: Way::Out, route };
        self.send_visitor(
            errand,
            |stream| collect(View::Container, &selection, stream, &mut |_| {}),
            |stream| match to {
                Receiver::Path(path) => {
                    let rules = Rules { owners, trust: Trust::Stranger };
                    let destination = Destination::Copy { path, name };
                    extract(View::Host, &destination, stream, rules, advanced)
                }
                Receiver::Archive(out) => visitor::pass_on(stream, out, advanced),
            },
        )
    }

    /// Copies to a container, whether it runs or not. This process must have no other thread.
    ///
    /// # Errors
    /// As [`Engine::copy_out`].
    pub fn copy_in(
        &self,
        container: &str,
        from: Origin<'_>,
        to: TypedPath,
        owners: Owners,
        advanced: &mut dyn FnMut(u64),
    ) -> Result<Notices, EngineError> {
        let rules = Rules { owners, trust: Trust::Invoker };
        let route = [outside(from.path()), inside(container, &to)];
        let destination = match &from {
            Origin::Path(path, _) => Destination::Copy { path: to, name: path.name().map(<[u8]>::to_owned) },
            Origin::Archive(_) => Destination::Directory(to),
        };
        let errand = Errand { container, sight: Sight::Whole, way: Way::In, route };
        self.send_visitor(
            errand,
            |stream| extract(View::Container, &destination, stream, rules, &mut |_| {}),
            |stream| match from {
                Origin::Path(path, links) => {
                    let selection = Selection { path, links, naming: Naming::Bare };
                    collect(View::Host, &selection, stream, advanced)
                }
                Origin::Archive(archive) => visitor::pass_on(archive, &mut { stream }, advanced),
            },
        )
    }

    /// Writes a container's whole root as a tar archive, without what is mounted on it. This process must
    /// have no other thread.
    ///
    /// # Errors
    /// As [`Engine::copy_out`].
    pub fn export(
        &self,
        container: &str,
        out: &mut dyn Write,
        advanced: &mut dyn FnMut(u64),
    ) -> Result<Notices, EngineError> {
        let route = [inside(container, &TypedPath::new(b"/")), outside(None)];
        let errand = Errand { container, sight: Sight::Bare, way: Way::Out, route };
        let root = Selection { path: TypedPath::new(b"."), links: Links::Kept, naming: Naming::Content };
        self.send_visitor(
            errand,
            |stream| collect(View::Container, &root, stream, &mut |_| {}),
            |stream| visitor::pass_on(stream, out, advanced),
        )
    }
}
