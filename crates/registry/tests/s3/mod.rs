//! An object store in this process that speaks as much of S3 as a shelf needs, and can be told to fail.
//!
//! Signatures are not computed again; a request without one is refused.

mod objects;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use objects::Objects;

pub(crate) const ACCESS_KEY: &str = "test-access-key";
pub(crate) const SECRET_KEY: &str = "test-secret-key";
pub(crate) const BUCKET: &str = "images";

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Nothing is done, and the answer is 500.
    Refuse,
    /// It is done, but the answer never comes: the connection is closed.
    Forget,
    /// Of the answer half comes, then the connection is closed.
    Cut,
    /// It takes a while.
    Slow,
}

/// Whether the store does what conditional requests ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conditions {
    Kept,
    Ignored,
}

struct State {
    objects: Mutex<Objects>,
    faults: Mutex<VecDeque<Fault>>,
    conditions: Conditions,
    /// No request takes longer than so many milliseconds more than it needs.
    jitter: AtomicU64,
    requests: AtomicU64,
    holds: Mutex<Vec<Hold>>,
}

/// A request that is to be held.
struct Hold {
    method: Method,
    part: String,
    arrived: oneshot::Sender<()>,
    released: oneshot::Receiver<()>,
}

/// A request that is held, once it is there.
pub(crate) struct Held {
    arrived: oneshot::Receiver<()>,
    release: oneshot::Sender<()>,
}

impl Held {
    /// Waits for it.
    pub(crate) async fn arrived(&mut self) {
        (&mut self.arrived).await.unwrap();
    }

    /// Lets it go on.
    pub(crate) fn release(self) {
        self.release.send(()).unwrap();
    }
}

/// The store, which ends when this is dropped.
pub(crate) struct S3 {
    address: SocketAddr,
    state: Arc<State>,
    _stop: oneshot::Sender<()>,
}

impl S3 {
    pub(crate) fn start(conditions: Conditions) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (objects, faults) = (Mutex::default(), Mutex::default());
        let state = Arc::new(State {
            objects,
            faults,
            conditions,
            jitter: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            holds: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        std::thread::spawn({
            let state = Arc::clone(&state);
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async move {
                    tokio::select! {
                        () = serve(TcpListener::from_std(listener).unwrap(), state) => {}
                        _ = stopped => {}
                    }
                });
            }
        });
        Self { address, state, _stop: stop }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What happens to the next requests, in order.
    pub(crate) fn next(&self, faults: &[Fault]) {
        self.state.faults.lock().unwrap().extend(faults);
    }

    /// From now on requests overtake one another: each waits, some more and some less, before anything is done.
    pub(crate) fn jitter(&self, milliseconds: u64) {
        self.state.jitter.store(milliseconds, Ordering::SeqCst);
    }

    /// Holds the next request with such a method and address, before anything is done.
    pub(crate) fn hold(&self, method: Method, part: &str) -> Held {
        let ((arrived, arrival), (release, released)) = (oneshot::channel(), oneshot::channel());
        let hold = Hold { method, part: part.to_owned(), arrived, released };
        self.state.holds.lock().unwrap().push(hold);
        Held { arrived: arrival, release }
    }

    /// From now on nothing goes wrong.
    pub(crate) fn calm(&self) {
        self.state.faults.lock().unwrap().clear();
    }

    /// The names of all objects.
    pub(crate) fn names(&self) -> Vec<String> {
        self.state.objects.lock().unwrap().names()
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    loop {
        let (connection, _) = listener.accept().await.unwrap();
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&state), request));
            let _the_client_sees_it = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Answer>, io::Error> {
    let fault = state.faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if let Some(hold) = held(&state, &head) {
        hold.arrived.send(()).unwrap();
        hold.released.await.unwrap();
    }
    tokio::time::sleep(wait(&state)).await;
    if fault == Fault::Slow {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    if fault == Fault::Refuse {
        return Ok(respond(status(StatusCode::INTERNAL_SERVER_ERROR), Fault::None));
    }
    let signed = head.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !signed.starts_with(&format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/")) {
        return Ok(respond(status(StatusCode::FORBIDDEN), Fault::None));
    }
    let response = act(&state, &head, body);
    if fault == Fault::Forget {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    Ok(respond(response, fault))
}

fn held(state: &State, head: &hyper::http::request::Parts) -> Option<Hold> {
    let (address, mut holds) = (head.uri.to_string(), state.holds.lock().unwrap());
    let place = holds.iter().position(|hold| hold.method == head.method && address.contains(&hold.part))?;
    Some(holds.remove(place))
}

/// Another while for each request, in no order that anybody could rely on.
fn wait(state: &State) -> Duration {
    let most = state.jitter.load(Ordering::SeqCst);
    let number = state.requests.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Duration::from_micros((number ^ number >> 29) % (most * 1000 + 1))
}

fn act(state: &State, head: &hyper::http::request::Parts, body: Bytes) -> Response<Bytes> {
    let path = objects::decode(head.uri.path());
    let query = objects::query(head.uri.query().unwrap_or_default());
    let Some(key) = path.strip_prefix(&format!("/{BUCKET}")) else { return status(StatusCode::NOT_FOUND) };
    let key = key.trim_start_matches('/');
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let mut objects = state.objects.lock().unwrap();
    match &head.method {
        &Method::GET if query.contains_key("list-type") => xml(objects.list(&query)),
        &Method::POST if query.contains_key("delete") => xml(objects.delete_many(&body)),
        &Method::GET | &Method::HEAD => objects.get(key, header("range")),
        &Method::PUT => {
            let kept = state.conditions == Conditions::Kept;
            let (absent, same) =
                (header("if-none-match").filter(|_| kept), header("if-match").filter(|_| kept));
            objects.put(key, body, absent, same)
        }
        &Method::DELETE => {
            objects.delete(key);
            status(StatusCode::NO_CONTENT)
        }
        _ => status(StatusCode::METHOD_NOT_ALLOWED),
    }
}

fn status(status: StatusCode) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::new()).unwrap()
}

fn xml(text: String) -> Response<Bytes> {
    Response::builder().header("content-type", "application/xml").body(text.into()).unwrap()
}

/// An answer that may break off.
struct Answer {
    bytes: Option<Bytes>,
    fault: Fault,
}

fn respond(response: Response<Bytes>, fault: Fault) -> Response<Answer> {
    let (mut head, bytes) = response.into_parts();
    // The answer to HEAD says the length of what it does not have.
    if !head.headers.contains_key("content-length") {
        head.headers.insert("content-length", bytes.len().into());
    }
    Response::from_parts(head, Answer { bytes: Some(bytes), fault })
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(match self.bytes.take() {
            Some(bytes) if self.fault == Fault::Cut => Some(Ok(Frame::data(bytes.slice(..bytes.len() / 2)))),
            Some(bytes) => Some(Ok(Frame::data(bytes))),
            None if self.fault == Fault::Cut => Some(Err(io::ErrorKind::ConnectionReset.into())),
            None => None,
        })
    }
}
