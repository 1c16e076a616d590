//! A server's life: settings to a shelf, a certificate and a listener; signals; an end in peace.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::access::{Access, AccountError};
use super::depot::{Depot, DepotError};
use super::http::{Clock, Limits, Server, Service, Shown, Watch, show};
use super::journal::Journal;
use super::scribe::Scribe;
use super::settings::{Settings, TlsMode};
use super::storage::{Home, StorageError};
use super::tls::{Authority, Certificate, Source, TlsError};
use super::upkeep::{self, Round};

/// The largest blob that a server takes: no layer of an image is larger.
const LARGEST: u64 = 1 << 40;

/// What a server tells whoever started it.
#[derive(Debug)]
pub enum Notice<'a> {
    /// It listens.
    Listening(&'a Listening),
    /// It has read its certificate again.
    Reloaded,
    /// It could not, and goes on with the one that it has.
    NotReloaded(&'a TlsError),
    /// A round of upkeep is done.
    Kept(&'a Round),
    /// A round of upkeep failed; the next one will be tried.
    NotKept(&'a DepotError),
    /// It ends, once the requests that it has are done.
    Ending,
}

/// Where and how a server listens.
#[derive(Debug)]
pub struct Listening {
    /// The address; the port that was found where 0 was asked for.
    pub address: SocketAddr,
    /// Where it listens for whoever collects metrics, if that is elsewhere.
    pub metrics: Option<SocketAddr>,
    /// Whether connections are safe.
    pub tls: TlsMode,
    /// Whom clients have to trust, if the certificate was made here.
    pub authority: Option<Authority>,
    /// Where everything is kept.
    pub storage: String,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Everybody on the way could read passwords.
    #[error("without TLS, `{0}` would send passwords in the clear")]
    Clear(SocketAddr),
    /// An address that is taken, or not ours.
    #[error("cannot listen on `{address}`: {cause}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the kernel said.
        cause: std::io::Error,
    },
    /// The kernel gives no threads or no signals.
    #[error("cannot begin: {0}")]
    Begin(std::io::Error),
    /// The storage.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What TLS is built with.
    #[error("cannot speak TLS: {0}")]
    Protocols(String),
    /// The accounts.
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// Whether connections beyond this host may be in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clear {
    /// They may not.
    Refused,
    /// Somebody has said so, on the command line.
    Accepted,
}

/// What a server is made of that is not in its settings.
pub struct Surroundings<'a> {
    /// Where certificates are, and the shelf if it is nowhere else.
    pub home: Home,
    /// Where events are written down.
    pub journal: Arc<dyn Journal>,
    /// Says what time it is.
    pub clock: Clock,
    /// Whether connections beyond this host may be in the clear.
    pub clear: Clear,
    /// Hears what happens.
    pub herald: &'a dyn Fn(&Notice<'_>),
}

/// Serves until a signal asks for the end (SIGTERM, SIGINT), and reads the certificate again at SIGHUP.
///
/// # Errors
/// Whatever keeps it from beginning.
pub fn serve(settings: &Settings, around: &Surroundings<'_>) -> Result<(), ServeError> {
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(ServeError::Begin)?;
    runtime.block_on(run(settings, around))
}

async fn run(settings: &Settings, around: &Surroundings<'_>) -> Result<(), ServeError> {
    let mode = settings.tls_mode();
    let exposed = !settings.listen.ip().is_loopback();
    if mode == TlsMode::Off && exposed && around.clear == Clear::Refused {
        return Err(ServeError::Clear(settings.listen));
    }
    around.home.prepare()?;
    let shelf = settings.storage.open(&around.home.data()).await?;
    let storage = shelf.to_string();
    let certificate = certificate(settings, &around.home, (around.clock)())?;
    let acceptor =
        certificate.as_ref().map(Certificate::settings).transpose().map_err(ServeError::Protocols)?;
    let shown = if settings.metrics_listen.is_some() { Shown::Elsewhere } else { Shown::Here };
    let watch = Arc::new(Watch::new(shelf.clone(), shown));
    let access = Arc::new(Access::new(&shelf, &settings.access)?);
    let scribe = Scribe::start(Arc::clone(&around.journal)).map_err(ServeError::Begin)?;
    let depot = upkeep::depot(shelf, &settings.rules);
    let rounds = rounds(&depot, settings, around, Arc::clone(&watch));
    let service = Service::new(depot, access, scribe, around.clock, settings.public.clone(), LARGEST);
    let service = service.watched_by(Arc::clone(&watch));
    let service = if settings.rules.ask_for_pulls() { service.noting_pulls() } else { service };
    let server = listen(settings.listen, service, acceptor.map(TlsAcceptor::from)).await?;
    let metrics = metrics(settings.metrics_listen, watch).await?;
    let address = server.address().map_err(ServeError::Begin)?;
    let listening = Listening {
        address,
        metrics,
        tls: mode,
        authority: certificate.as_ref().and_then(|certificate| certificate.authority().cloned()),
        storage,
    };
    let signals = Signals::new().map_err(ServeError::Begin)?;
    (around.herald)(&Notice::Listening(&listening));
    server.run(signals.end(certificate.as_ref(), rounds, around), Duration::from_secs(settings.grace)).await;
    Ok(())
}

async fn listen(
    address: SocketAddr,
    service: Service,
    tls: Option<TlsAcceptor>,
) -> Result<Server, ServeError> {
    let bound = Server::bind(address, service, tls, Limits::default()).await;
    bound.map_err(|cause| ServeError::Listen { address, cause })
}

/// What rounds of upkeep have done.
type Rounds = mpsc::Receiver<Result<Round, DepotError>>;

/// Keeps the depot in order for as long as somebody hears of it, as often as the rules say.
fn rounds(depot: &Depot, settings: &Settings, around: &Surroundings<'_>, watch: Arc<Watch>) -> Rounds {
    let (said, rounds) = mpsc::channel(1);
    let (depot, rules) = (depot.clone(), settings.rules.clone());
    let (clock, journal) = (around.clock, Arc::clone(&around.journal));
    let pause = Duration::from_secs(rules.collection().every_minutes.saturating_mul(60));
    tokio::spawn(async move {
        if pause.is_zero() {
            // The channel stays open: nothing is heard from it, ever.
            return said.closed().await;
        }
        loop {
            tokio::time::sleep(pause).await;
            let done = upkeep::round(&depot, &rules, clock, &journal).await;
            if let Ok(round) = &done {
                watch.collected(round.collected.blobs, round.collected.bytes);
            }
            // Another server of the same shelf does it: that is no failure.
            if !matches!(done, Err(DepotError::Collecting { .. })) && said.send(done).await.is_err() {
                return;
            }
        }
    });
    rounds
}

/// Shows metrics at an address of their own, if there is one.
async fn metrics(address: Option<SocketAddr>, watch: Arc<Watch>) -> Result<Option<SocketAddr>, ServeError> {
    let Some(address) = address else { return Ok(None) };
    let (address, run) = show(address, watch).await.map_err(|cause| ServeError::Listen { address, cause })?;
    tokio::spawn(run);
    Ok(Some(address))
}

fn certificate(settings: &Settings, home: &Home, now: u64) -> Result<Option<Certificate>, ServeError> {
    let source = match settings.tls_mode() {
        TlsMode::Off => return Ok(None),
        TlsMode::Auto => Source::Generated { directory: home.tls(), names: names(settings) },
        TlsMode::Files => Source::Files {
            certificate: path(settings.tls.certificate.as_deref()),
            key: path(settings.tls.key.as_deref()),
        },
    };
    Ok(Some(Certificate::load(source, now)?))
}

/// Settings that were checked have both.
fn path(path: Option<&Path>) -> PathBuf {
    path.map(Path::to_owned).unwrap_or_default()
}

/// The names in a generated certificate: those that were given, and what the address says.
fn names(settings: &Settings) -> Vec<String> {
    let mut names = settings.tls.names.clone();
    if !settings.listen.ip().is_unspecified() {
        names.push(settings.listen.ip().to_string());
    }
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// The signals that mean something to a server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the end, and does on the way what else is asked for.
    async fn end(mut self, certificate: Option<&Certificate>, mut rounds: Rounds, around: &Surroundings<'_>) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
                Some(round) = rounds.recv() => match round {
                    Ok(round) => (around.herald)(&Notice::Kept(&round)),
                    Err(error) => (around.herald)(&Notice::NotKept(&error)),
                },
                _ = self.hang_up.recv() => {
                    let Some(certificate) = certificate else { continue };
                    match certificate.reload((around.clock)()) {
                        Ok(()) => (around.herald)(&Notice::Reloaded),
                        Err(error) => (around.herald)(&Notice::NotReloaded(&error)),
                    }
                }
            }
        }
        (around.herald)(&Notice::Ending);
    }
}
