//! Connections: taken, made safe, served, and ended in peace when the server ends.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::pin;
use tokio_rustls::TlsAcceptor;

use super::connections::{Connections, Limits};
use super::paced::PacedWrites;
use super::service::{Caller, Service};

/// The longest request line and headers together. A token that somebody else made is a few kilobytes.
const HEAD: usize = 32 * 1024;

/// More headers than any client sends.
const HEADERS: usize = 64;

/// How much of a body is read at once.
const BUFFER: usize = 512 * 1024;

/// How long to wait before the next connection where there are no descriptors for one.
const PAUSE: Duration = Duration::from_millis(50);

/// A registry that listens.
pub struct Server {
    listener: TcpListener,
    service: Arc<Service>,
    tls: Option<TlsAcceptor>,
    limits: Limits,
}

impl Server {
    /// Listens, with TLS if it is given a certificate for it.
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub async fn bind(
        listen: SocketAddr,
        service: Service,
        tls: Option<TlsAcceptor>,
        limits: Limits,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        Ok(Self { listener, service: Arc::new(service), tls, limits })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// A kernel that does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown` is ready; requests that are being done then have `grace` to end.
    pub async fn run(self, shutdown: impl Future<Output = ()>, grace: Duration) {
        let Self { listener, service, tls, limits } = self;
        let connections = Connections::new(limits);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let graceful = GracefulShutdown::new();
        pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut shutdown => break,
            };
            // Too many open files, or a connection that was gone before it was taken: neither ends the server.
            let Ok((stream, peer)) = accepted else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let Some(place) = connections.enter(peer.ip()) else { continue };
            let connection = Connection {
                service: Arc::clone(&service),
                watcher: graceful.watcher(),
                limits,
                caller: Caller { peer: peer.ip(), scheme, pace: limits.pace },
            };
            let tls = tls.clone();
            tokio::spawn(async move {
                connection.take(stream, tls).await;
                drop(place);
            });
        }
        drop(listener);
        // What has not ended by then is cut off.
        let _ = tokio::time::timeout(grace, graceful.shutdown()).await;
    }
}

/// What a connection is served with.
struct Connection {
    service: Arc<Service>,
    watcher: Watcher,
    limits: Limits,
    caller: Caller,
}

impl Connection {
    async fn take(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // A small answer should not wait for the next one.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        match tls {
            None => self.serve(stream).await,
            Some(tls) => {
                if let Ok(Ok(stream)) = tokio::time::timeout(self.limits.patience, tls.accept(stream)).await {
                    self.serve(stream).await;
                }
            }
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) {
        let Self { service, watcher, limits, caller } = self;
        let answer = service_fn(move |request| {
            let service = Arc::clone(&service);
            async move { Ok::<_, Infallible>(service.answer(request, caller).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.patience)
            .max_headers(HEADERS)
            .max_header_size(HEAD)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(PacedWrites::new(stream, limits.pace)), answer);
        // A connection that breaks is its client's affair.
        let _ = watcher.watch(connection).await;
    }
}
