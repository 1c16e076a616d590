//! The files of a container that does not run, put together for somebody who looks at them.

use super::mounts::{attach_trees, bind_islands, make_mount_points};
use super::{Inheritance, namespaces, root};
use crate::channel::Fault;

/// Goes as far as the files need, and no further: no kernel filesystem, no device and no program. The
/// islands are read-only as ever, or something could be put there that runs at the next start.
pub(crate) fn put_together(inherited: &Inheritance<'_>) -> Result<(), Fault> {
    let Inheritance { plan, channel, .. } = *inherited;
    namespaces::enter(plan, channel)?;
    let mut trees = root::receive(channel)?;
    let root = root::attach(plan, &mut trees)?;
    make_mount_points(plan, &root, &trees)?;
    bind_islands(plan, &root)?;
    attach_trees(plan, &root, &mut trees)?;
    root::protect(plan, &root)?;
    root::leave(plan, &root)
}
