//! For whoever watches over a server: `/healthz`, `/readyz` and `/metrics`.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use super::answer::{Answer, AnswerBody};
use crate::server::metrics::{Count, Metrics, Route};
use crate::server::shelf::{Key, Shelf, When};

/// How long an answer about the shelf is good: whoever asks more often costs it nothing.
const FRESH: Duration = Duration::from_secs(1);

/// How long a connection of a collector may wait for its request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where metrics can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// With everything else.
    Here,
    /// At an address of their own alone.
    Elsewhere,
}

/// What a server knows of itself.
pub struct Watch {
    metrics: Metrics,
    shown: Shown,
    shelf: Shelf,
    ready: Mutex<Option<(Instant, bool)>>,
}

/// A request, as far as it is counted.
pub(super) struct Begun {
    at: Instant,
    route: Route,
    method: Method,
    credentials: bool,
    length: u64,
}

impl Watch {
    /// Over this shelf.
    #[must_use]
    pub fn new(shelf: Shelf, shown: Shown) -> Self {
        Self { metrics: Metrics::default(), shown, shelf, ready: Mutex::default() }
    }

    /// Garbage was collected.
    pub(in crate::server) fn collected(&self, blobs: u64, bytes: u64) {
        self.metrics.count(Count::Collected, blobs);
        self.metrics.count(Count::CollectedBytes, bytes);
    }

    /// The page at a path, if it is one of these.
    pub(super) async fn page(&self, method: &Method, path: &str) -> Option<Answer> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        match path {
            "/healthz" => Some(text(StatusCode::OK, "alive\n".to_owned())),
            "/readyz" if self.is_ready().await => Some(text(StatusCode::OK, "ready\n".to_owned())),
            "/readyz" => {
                Some(text(StatusCode::SERVICE_UNAVAILABLE, "the shelf cannot be written\n".to_owned()))
            }
            "/metrics" if self.shown == Shown::Here => Some(text(StatusCode::OK, self.metrics.page())),
            _ => None,
        }
    }

    pub(super) fn begin(&self, request: &Request<Incoming>) -> Begun {
        Begun {
            at: Instant::now(),
            route: route(request.uri().path()),
            method: request.method().clone(),
            credentials: request.headers().contains_key(AUTHORIZATION),
            length: length(request.headers()),
        }
    }

    pub(super) fn end(&self, begun: &Begun, answer: &Answer) {
        let status = answer.status();
        self.metrics.answered(begun.route, &begun.method, status, begun.at.elapsed());
        self.metrics.count(Count::BytesIn, begun.length);
        self.metrics.count(Count::BytesOut, answer.body().size_hint().exact().unwrap_or_default());
        match (begun.route, &begun.method, status) {
            (_, _, StatusCode::UNAUTHORIZED) if begun.credentials => {
                self.metrics.count(Count::Unauthorized, 1)
            }
            (_, _, StatusCode::TOO_MANY_REQUESTS) => self.metrics.count(Count::Limited, 1),
            (Route::Upload, &Method::POST, StatusCode::ACCEPTED) => {
                self.metrics.count(Count::UploadsBegun, 1)
            }
            (Route::Upload, &Method::PUT, StatusCode::CREATED)
            | (Route::Upload, &Method::DELETE, StatusCode::NO_CONTENT) => {
                self.metrics.count(Count::UploadsEnded, 1);
            }
            _ => {}
        }
    }

    /// Whether the shelf takes a record.
    async fn is_ready(&self) -> bool {
        let known = *self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, ready)) = known.filter(|(at, _)| at.elapsed() < FRESH) {
            return ready;
        }
        let ready = match Key::new(&["health", "ready"]) {
            Ok(key) => self.shelf.put(&key, Bytes::from_static(b"{}"), When::Always).await.is_ok(),
            Err(_) => false,
        };
        *self.ready.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), ready));
        ready
    }
}

/// Shows metrics at an address of their own, and nothing else; for as long as the server runs.
///
/// # Errors
/// An address that cannot be listened on.
pub async fn show(
    listen: SocketAddr,
    watch: Arc<Watch>,
) -> io::Result<(SocketAddr, impl Future<Output = ()>)> {
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let run = async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(FRESH).await;
                continue;
            };
            let watch = Arc::clone(&watch);
            let answer = service_fn(move |request: Request<Incoming>| {
                let page = match request.uri().path() {
                    "/metrics" => text(StatusCode::OK, watch.metrics.page()),
                    _ => text(StatusCode::NOT_FOUND, "only /metrics is here\n".to_owned()),
                };
                async move { Ok::<_, Infallible>(page) }
            });
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
            let connection = server.serve_connection(TokioIo::new(stream), answer);
            // A connection that breaks is its client's affair.
            tokio::spawn(async move { drop(tokio::time::timeout(6 * PATIENCE, connection).await) });
        }
    };
    Ok((address, run))
}

fn text(status: StatusCode, page: String) -> Answer {
    let mut answer = Response::new(AnswerBody::Whole(page.into()));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    answer
}

/// As the head announces it.
fn length(headers: &HeaderMap) -> u64 {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or_default()
}

/// What a path is about, roughly: for counting only.
fn route(path: &str) -> Route {
    let mut last = path.rsplit('/');
    let (end, kind) = (last.next().unwrap_or_default(), last.next().unwrap_or_default());
    match (path, kind, end) {
        ("/v2/" | "/v2", ..) => Route::Base,
        ("/token", ..) => Route::Token,
        ("/v2/_catalog", ..) => Route::Catalog,
        (_, "uploads", _) => Route::Upload,
        (_, "blobs", _) => Route::Blob,
        (_, "manifests", _) => Route::Manifest,
        (_, "tags", "list") => Route::Tags,
        (_, "referrers", _) => Route::Referrers,
        _ => Route::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_counted_as_what_they_are() {
        for (path, expected) in [
            ("/v2/", Route::Base),
            ("/token", Route::Token),
            ("/v2/_catalog", Route::Catalog),
            ("/v2/a/b/blobs/sha256:00", Route::Blob),
            ("/v2/a/blobs/uploads/", Route::Upload),
            ("/v2/a/blobs/uploads/id", Route::Upload),
            ("/v2/a/manifests/latest", Route::Manifest),
            ("/v2/a/tags/list", Route::Tags),
            ("/v2/a/referrers/sha256:00", Route::Referrers),
            ("/favicon.ico", Route::Other),
        ] {
            assert_eq!(route(path), expected, "{path}");
        }
    }

    #[tokio::test]
    async fn a_shelf_that_is_gone_is_not_ready() {
        let dir = tempfile::tempdir().unwrap();
        let watch = Watch::new(Shelf::disk(&dir.path().join("shelf")).unwrap(), Shown::Elsewhere);
        let status = |answer: Option<Answer>| answer.map(|answer| answer.status().as_u16());
        assert_eq!(status(watch.page(&Method::GET, "/readyz").await), Some(200));
        assert_eq!(status(watch.page(&Method::GET, "/healthz").await), Some(200));
        assert_eq!(status(watch.page(&Method::GET, "/metrics").await), None);
        assert_eq!(status(watch.page(&Method::POST, "/readyz").await), None);
        std::fs::remove_dir_all(dir.path().join("shelf")).unwrap();
        *watch.ready.lock().unwrap() = None;
        assert_eq!(status(watch.page(&Method::GET, "/readyz").await), Some(503));
    }
}
