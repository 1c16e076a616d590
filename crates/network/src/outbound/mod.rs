//! A way out for a container: a device in its network whose packets become connections of the host, and no way
//! in.

mod outside;
mod device;
mod reach;
mod packet;
mod frame;
mod connection;
mod flows;
mod table;
mod traffic;
pub mod fuzz;

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::process::{Pid, Resource, getrlimit};

use crate::confine::{self, Fault, Guard, Place};
use crate::error::{Errand, NetworkError};
use crate::worker::{self, Serving, Worker};

use self::reach::Reach;
use self::traffic::Traffic;

pub use self::outside::Outside;

/// Most connections and flows of one container.
const MOST: usize = 1024;

/// Standard streams, the container, the device, the routes, the events, the pipe to the keeper, and some air.
const OWN: usize = 16;

/// A way out that waits for its container.
#[derive(Debug)]
pub struct Outbound {
    reach: Reach,
    most: usize,
}

impl Outbound {
    /// Prepares it in the network namespace that the caller is in, where connections will come from.
    ///
    /// # Errors
    /// [`NetworkError::Routes`]; [`NetworkError::FewFiles`] where there is no room for a connection.
    pub fn prepare(outside: Outside) -> Result<Self, NetworkError> {
        let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
        let most = room(limit).ok_or(NetworkError::FewFiles { limit })?;
        let reach = Reach::new(outside).map_err(|errno| NetworkError::Routes(errno.into()))?;
        Ok(Self { reach, most })
    }

    /// Makes a device in the network namespace of `container` (a pidfd) and carries what is sent there, in a
    /// process of its own, until that has ended. When this returns, the process has given up all that `guard`
    /// asks for.
    ///
    /// The caller must have a single thread, and be root over the container's user namespace.
    ///
    /// # Errors
    /// [`NetworkError::Device`], [`NetworkError::Fork`], [`NetworkError::Confine`], [`NetworkError::Died`];
    /// nothing is left then.
    pub fn serve(self, container: BorrowedFd<'_>, guard: &Guard) -> Result<Serving, NetworkError> {
        let device = device::make(container, self.reach.outside().six)?;
        worker::employ(Work { device, container, outbound: self, guard })
    }
}

/// Connections and flows that fit beside the rest.
fn room(limit: u64) -> Option<usize> {
    let room = usize::try_from(limit).unwrap_or(usize::MAX).checked_sub(OWN)?.min(MOST);
    Some(room).filter(|room| *room > 0)
}

/// What the process is to do.
struct Work<'a> {
    device: OwnedFd,
    container: BorrowedFd<'a>,
    outbound: Outbound,
    guard: &'a Guard,
}

impl Worker for Work<'_> {
    const ERRAND: Errand = Errand::Outbound;

    fn confine(&self, status: BorrowedFd<'_>, keeper: Pid) -> Result<(), Fault> {
        let kept = [status, self.container, self.device.as_fd(), self.outbound.reach.routes().as_fd()];
        let open_files = (self.outbound.most + OWN) as u64;
        let place = Place { network: None, kept: &kept, open_files, name: c"coffer-outbound" };
        confine::confine(&place, self.guard, keeper)
    }

    fn work(self) {
        let Self { device, container, outbound: Outbound { reach, most }, .. } = self;
        if let Ok(mut traffic) = Traffic::new(container, device.as_fd(), reach, most) {
            traffic.run();
        }
    }
}
