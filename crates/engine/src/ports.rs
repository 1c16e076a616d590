//! Published ports: which they are, and their sockets on the host.

use model::image::Image;
use model::publish::{ContainerPort, LOOPBACK, Publish};
use model::request::RunRequest;
use network::{Forwarder, NetworkError};

use crate::containers::Which;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::state::{Record, Status};

/// The sockets of a container that has not started yet; `None` where it publishes nothing.
pub(crate) type Sockets = Option<Forwarder>;

impl Engine {
    /// Binds what the container publishes, and writes down in the record where that is. From here on the
    /// ports are taken; nobody is served before [`Self::open_ways`].
    ///
    /// # Errors
    /// [`NetworkError`]; a port that another container has is [`EngineError::PortInUse`].
    pub(crate) fn bind_ports(&self, record: &mut Record, image: &Image) -> Result<Sockets, EngineError> {
        let wanted = wanted(&record.request, image);
        record.ports = Vec::new();
        if wanted.is_empty() {
            return Ok(None);
        }
        let sockets = Forwarder::bind(&wanted).map_err(|error| self.port_error(error))?;
        record.ports = sockets.published();
        Ok(Some(sockets))
    }

    /// Names the container that has the port, if it is one of ours.
    fn port_error(&self, error: NetworkError) -> EngineError {
        let NetworkError::InUse { port } = &error else { return error.into() };
        let has = |record: &Record| {
            record.ports.iter().any(|other| {
                let overlap = other.address == port.address
                    || other.address.is_unspecified()
                    || port.address.is_unspecified();
                overlap && (other.host_port, other.protocol) == (port.host_port, port.protocol)
            })
        };
        let running = self.containers(Which::Running).unwrap_or_default();
        match running.into_iter().find(has) {
            Some(record) => EngineError::PortInUse { port: *port, container: record.name },
            None => error.into(),
        }
    }
}

/// What the request names, and with `-P` also what the image exposes and the request does not name.
fn wanted(request: &RunRequest, image: &Image) -> Vec<Publish> {
    let mut wanted = request.publish.clone();
    if request.publish_all {
        let exposed = image.config.exposed_ports.iter().filter_map(|text| text.parse().ok());
        for ContainerPort { port, protocol } in exposed {
            if !wanted.iter().any(|named| (named.port, named.protocol) == (port, protocol)) {
                wanted.push(Publish { address: LOOPBACK, host_port: 0, port, protocol });
            }
        }
    }
    wanted
}

impl Record {
    /// Ports that lead into the container: those of one that has ended are given back.
    #[must_use]
    pub fn open_ports(&self) -> &[Publish] {
        if matches!(self.status, Status::Running { .. }) { &self.ports } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use model::digest::Digest;
    use model::image::{ImageConfig, ImageFacts};
    use model::publish::Protocol;

    use super::*;

    fn image(exposed: &[&str]) -> Image {
        let exposed_ports = exposed.iter().map(|text| (*text).to_owned()).collect();
        Image {
            digest: Digest::of(b"manifest"),
            config_digest: Digest::of(b"config"),
            names: Vec::new(),
            size: 0,
            created: None,
            imported: 0,
            layers: Vec::new(),
            config: ImageConfig { exposed_ports, ..ImageConfig::default() },
            facts: ImageFacts::default(),
            history: Vec::new(),
        }
    }

    #[test]
    fn everything_exposed_is_published_once_and_only_if_asked() {
        let named = Publish { address: LOOPBACK, host_port: 8080, port: 80, protocol: Protocol::Tcp };
        let request = RunRequest { publish: vec![named], ..RunRequest::default() };
        let image = image(&["80/tcp", "80/udp", "443", "8000-8010/tcp", "nonsense"]);
        assert_eq!(wanted(&request, &image), [named]);
        let all = RunRequest { publish_all: true, ..request };
        let shown: Vec<String> = wanted(&all, &image).iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["127.0.0.1:8080->80", "127.0.0.1:0->80/udp", "127.0.0.1:0->443"]);
    }
}
