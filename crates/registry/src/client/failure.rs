//! What an exchange ended with that brought no answer.

use std::time::Duration;

use ureq::Timeout;

use super::address::Address;
use super::connector::Handshake;
use super::plain::plain;
use super::{ClientError, Shared};

impl Shared {
    /// ureq's error in our words.
    pub(crate) fn failure(&self, address: &Address, error: ureq::Error) -> ClientError {
        let host = address.authority.clone();
        match error {
            ureq::Error::Timeout(phase) => self.silence(host, phase),
            ureq::Error::Other(error) if error.is::<Handshake>() => {
                ClientError::Tls { host, cause: error.to_string() }
            }
            ureq::Error::Rustls(error) => ClientError::Tls { host, cause: error.to_string() },
            ureq::Error::ConnectProxyFailed(said) => ClientError::Proxy { host, cause: plain(&said) },
            ureq::Error::Protocol(error) => ClientError::Protocol {
                registry: host,
                what: "HTTP".to_owned(),
                why: plain(&error.to_string()),
            },
            ureq::Error::LargeResponseHeader(_, allowed) => ClientError::Limit {
                what: format!("the head of an answer of `{host}`"),
                limit: "bytes",
                allowed: allowed as u64,
            },
            ureq::Error::Io(error) => match error.downcast::<ClientError>() {
                // The source of what we send reports in our own words.
                Ok(own) => own,
                Err(error) => ClientError::Unreachable { host, cause: plain(&error.to_string()) },
            },
            other => ClientError::Unreachable { host, cause: plain(&other.to_string()) },
        }
    }

    fn silence(&self, host: String, phase: Timeout) -> ClientError {
        let waited = match phase {
            Timeout::Connect | Timeout::Resolve => self.patience.connect,
            Timeout::PerWrite | Timeout::SendBody | Timeout::RecvBody => self.patience.over,
            _ => self.patience.answer,
        };
        ClientError::Silent { host, waited: waited.max(Duration::from_secs(1)) }
    }
}

/// An address or a header that cannot be sent: it came from the registry.
pub(crate) fn malformed(address: &Address, error: &http::Error) -> ClientError {
    let (registry, what) = (address.authority.clone(), "an address of its own".to_owned());
    ClientError::Protocol { registry, what, why: error.to_string() }
}

/// Whether a handshake failed because the other side speaks no TLS.
pub(crate) fn not_spoken(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(Handshake::NotSpoken(_)))
}
