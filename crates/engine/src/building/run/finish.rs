//! The end of a step: what it wrote, as a layer.

use model::image::Layer;
use model::request::Network;
use rustix::fs::{Mode, OFlags, openat};
use store::copy::{Notices, Upper};
use store::{Stamp, StoreError, Taking, Treating, Written};

use super::Step;
use crate::building::caches::Holding;
use crate::building::error::{BuildError, StepError};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::files;
use crate::idspace::IdSpace;
use crate::place::UPPER;
use crate::state::StateError;
use crate::user::MergedRoot;

impl Engine {
    /// The step's own layer, in the store; none where it has changed nothing.
    pub(super) fn take_layer(
        &self,
        step: &mut Step,
        stamp: Stamp,
    ) -> Result<(Option<Layer>, Notices), BuildError> {
        let (held, record) = (step.reservation.held(), &step.reservation.record);
        let failed = || StateError::errno("open", held.path());
        let home = rustix::io::fcntl_dupfd_cloexec(held.dir(), 0).map_err(failed())?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = openat(&home, UPPER, flags, Mode::empty()).map_err(failed())?;
        let lower = MergedRoot::open(self.lower(&step.image));
        let lower = lower.map_err(EngineError::io("open the layers below"))?;
        let space = IdSpace::new(&record.request, record.range)?;
        let changes = files::changes(&directory, lower, &space, std::mem::take(&mut step.covered))?;
        let changes = files::layer(&changes);
        if changes.is_empty() {
            return Ok((None, Notices::default()));
        }
        let unwanted: Vec<&[u8]> = step.unwanted.iter().map(|(_, value)| value.as_slice()).collect();
        let treating = Treating { stamp, taking: taking(step), unwanted: &unwanted };
        // An id that the step has no name for is nobody's, as it was inside.
        let ids = |id| space.inside(id).unwrap_or(files::NOBODY);
        let upper = Upper { directory: &directory, ids: &ids };
        let written = Written { upper, home: &home, name: UPPER };
        let taken = self.store.take_layer(&written, &changes, treating);
        let (layer, notices) = taken.map_err(|error| refused(error, step))?;
        Ok((Some(layer), notices))
    }
}

/// Names the secret that a step wrote down.
fn refused(error: StoreError, step: &Step) -> BuildError {
    match error {
        StoreError::Unwanted { entry, which } => {
            let id = step.unwanted.get(which).map(|(id, _)| id.clone()).unwrap_or_default();
            StepError::WrittenSecret { id, path: entry }.into()
        }
        error => error.into(),
    }
}

/// Files are moved only if nobody can write to them any more. Every process of the step is gone, but it may have
/// handed a file that it had open to somebody else: through a socket in a cache that another step has as well,
/// or through the network of the host.
fn taking(step: &Step) -> Taking {
    let request = &step.reservation.record.request;
    let alone =
        request.network == Network::None && !request.privileged && step.caches.iter().all(Holding::is_alone);
    if alone { Taking::Moved } else { Taking::Copied }
}
