//! How packets come to a container and leave it: what is prepared before it exists, and the processes of ours
//! that carry them while it runs.

use std::os::fd::BorrowedFd;

use model::image::Image;
use model::request::Network;
use network::{Errand, Guard, Outbound, Outside, Serving};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::place::host_file;
use crate::ports::Sockets;
use crate::site::Invoker;
use crate::state::Record;

/// The id of nobody, where a container has no ids of its own (`--userns host`).
const NOBODY: u32 = 65_534;

/// What waits for a container that has not started yet.
pub(crate) struct Ways {
    ports: Sockets,
    outbound: Option<Outbound>,
}

/// What this host's network offers.
pub(crate) fn outside() -> Outside {
    Outside::read(&host_file("/etc/resolv.conf"), &host_file("/proc/net/if_inet6"))
}

impl Engine {
    /// Prepares what the container asks for. From here on its ports are taken; nothing is carried before
    /// [`Self::open_ways`].
    ///
    /// # Errors
    /// As [`Self::bind_ports`]; [`network::NetworkError`].
    pub(crate) fn prepare_ways(&self, record: &mut Record, image: &Image) -> Result<Ways, EngineError> {
        let outbound = match record.request.network {
            Network::Outbound => Some(Outbound::prepare(outside())?),
            Network::None | Network::Host => None,
        };
        Ok(Ways { ports: self.bind_ports(record, image)?, outbound })
    }

    /// Begins to carry for the container whose first process `container` (a pidfd) is. Must be called with a
    /// single thread. What is returned ends the carrying when it is dropped.
    ///
    /// # Errors
    /// [`network::NetworkError`].
    pub(crate) fn open_ways(
        &self,
        ways: Ways,
        container: BorrowedFd<'_>,
        record: &Record,
    ) -> Result<Vec<Serving>, EngineError> {
        let mut carriers = Vec::new();
        if let Some(outbound) = ways.outbound {
            carriers.push(outbound.serve(container, &self.confinement(Errand::Outbound, record)?)?);
        }
        if let Some(ports) = ways.ports {
            carriers.push(ports.serve(container, &self.confinement(Errand::Ports, record)?)?);
        }
        Ok(carriers)
    }

    fn confinement(&self, errand: Errand, record: &Record) -> Result<Guard, EngineError> {
        let filter = launch::seccomp::compile(&errand.profile()).map_err(launch::LaunchError::from)?;
        let identity = match self.site.invoker {
            Invoker::Root => Some(record.range.map_or(NOBODY, |range| range.first)),
            Invoker::Rootless { .. } => None,
        };
        Ok(Guard { filter: filter.program().to_vec(), identity: identity.map(|id| (id, id)) })
    }
}
