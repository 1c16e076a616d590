//! TLS over whatever ureq has connected. ureq's own connector panics on a key that does not fit, and cannot be
//! asked whether it was the handshake that failed.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, ClientConnection, InvalidMessage, StreamOwned};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

/// Why there is no TLS connection.
#[derive(Debug)]
pub(crate) enum Handshake {
    /// Whoever answered does not speak TLS.
    NotSpoken(String),
    /// It does, and it or we refused.
    Refused(String),
}

impl fmt::Display for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSpoken(why) => write!(f, "it does not speak TLS ({why})"),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Handshake {}

/// Makes TLS connections where the address asks for them.
pub(crate) struct Tls(pub(crate) Arc<ClientConfig>);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Either<In, Secured>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        below: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(below) = below else { return Ok(None) };
        if !details.needs_tls() || below.is_tls() {
            return Ok(Some(Either::A(below)));
        }
        let name = server_name(details.uri.host().unwrap_or_default())?;
        let mut connection = ClientConnection::new(Arc::clone(&self.0), name)?;
        let mut socket = TransportAdapter::new(below.boxed(), Arc::clone(&details.current_time));
        socket.set_timeout(details.timeout);
        connection.complete_io(&mut socket).map_err(failed)?;
        let buffers =
            LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Either::B(Secured { buffers, stream: StreamOwned::new(connection, socket) })))
    }
}

fn server_name(host: &str) -> Result<ServerName<'static>, Error> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare.to_owned());
    name.map_err(|error| Error::Other(Box::new(Handshake::Refused(error.to_string()))))
}

/// What a handshake ended with: a timeout of ureq's, or words of rustls', or a connection that broke.
fn failed(error: io::Error) -> Error {
    let Some(inner) = error.get_ref() else {
        return Error::Other(Box::new(by_kind(&error)));
    };
    if let Some(error) = inner.downcast_ref::<rustls::Error>() {
        return Error::Other(Box::new(by_words(error)));
    }
    match Error::from(error) {
        Error::Io(error) => Error::Other(Box::new(by_kind(&error))),
        other => other,
    }
}

/// A plain server that is greeted in TLS answers in HTTP, or hangs up.
fn by_kind(error: &io::Error) -> Handshake {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            Handshake::NotSpoken("it hangs up".to_owned())
        }
        _ => Handshake::Refused(error.to_string()),
    }
}

fn by_words(error: &rustls::Error) -> Handshake {
    match error {
        rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => Handshake::NotSpoken("its answer is something else".to_owned()),
        rustls::Error::InvalidCertificate(error) => {
            Handshake::Refused(format!("its certificate is not trusted: {error}"))
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            Handshake::Refused("it asks for a client's certificate".to_owned())
        }
        other => Handshake::Refused(other.to_string()),
    }
}

/// A connection in TLS.
pub(crate) struct Secured {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl Transport for Secured {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        Ok(self.stream.write_all(output)?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secured")
    }
}
