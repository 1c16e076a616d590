//! How requests of the object store's client reach the store: hyper, with rustls and waits that end.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody,
    HttpService,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::settings::BucketSettings;
use crate::server::shelf::error::{Result, ShelfError};

/// How long a connection may take, how long a store may think, and how long it may pause in an answer.
const CONNECT: Duration = Duration::from_secs(10);
const THINK: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(30);

/// Connections that are kept for the next request.
const IDLE: usize = 32;

type Inner = legacy::Client<HttpsConnector<HttpConnector>, HttpRequestBody>;

/// Our HTTP client, as the object store's client wants it.
#[derive(Clone)]
pub(super) struct Connector(Inner);

impl Connector {
    pub(super) fn new(settings: &BucketSettings) -> Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.enforce_http(false);
        let tls = HttpsConnectorBuilder::new().with_tls_config(tls(settings)?).https_or_http().enable_http1();
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_max_idle_per_host(IDLE);
        Ok(Self(builder.build(tls.wrap_connector(tcp))))
    }
}

fn tls(settings: &BucketSettings) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match &settings.authorities {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| settings.unfit(&error.to_string()))?;
                roots.add(certificate).map_err(|error| settings.unfit(&error.to_string()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| ShelfError::place("set up", "TLS", std::io::Error::other(error)))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

impl object_store::client::HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for Connector {
    fn call<'client, 'call>(
        &'client self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = std::result::Result<HttpResponse, HttpError>> + Send + 'call>>
    where
        'client: 'call,
        Self: 'call,
    {
        Box::pin(async move {
            let answer = timeout(THINK, self.0.request(request)).await;
            let answer = answer.map_err(|error| HttpError::new(HttpErrorKind::Timeout, error))?;
            let (head, body) = answer.map_err(failed)?.into_parts();
            Ok(HttpResponse::from_parts(head, HttpResponseBody::new(Impatient::new(body))))
        })
    }
}

/// Whether asking again may help depends on how far a request came.
fn failed(error: legacy::Error) -> HttpError {
    let kind = if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Request };
    HttpError::new(kind, error)
}

/// An answer that fails when nothing of it comes for a while.
struct Impatient {
    body: Incoming,
    patience: Pin<Box<Sleep>>,
}

/// The store has stopped in the middle of an answer.
#[derive(Debug, thiserror::Error)]
#[error("nothing came for {} seconds", PAUSE.as_secs())]
struct Paused;

impl Impatient {
    fn new(body: Incoming) -> Self {
        Self { body, patience: Box::pin(sleep(PAUSE)) }
    }
}

impl Body for Impatient {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, HttpError>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                self.patience.as_mut().reset(Instant::now() + PAUSE);
                Poll::Ready(frame.map(|frame| frame.map_err(broken)))
            }
            Poll::Pending => {
                let over = self.patience.as_mut().poll(context);
                over.map(|()| Some(Err(HttpError::new(HttpErrorKind::Timeout, Paused))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn broken(error: hyper::Error) -> HttpError {
    let source: Box<dyn Error + Send + Sync> = Box::new(error);
    HttpError::new_boxed(HttpErrorKind::Interrupted, source)
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}
