//! A registry that runs in a thread of this process, and what tests do with one.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, SaltString};
use coffer_registry::server::access::{Access, Role, User};
use coffer_registry::server::depot::{Anything, Depot};
use coffer_registry::server::http::{Limits, Server, Service, Trickle};
use coffer_registry::server::journal::{Event, Journal};
use coffer_registry::server::scribe::Scribe;
use coffer_registry::server::settings::{AccessSettings, Anonymous};
use coffer_registry::server::shelf::{Algorithm, ContentDigest, Shelf};

use crate::http::{Reply, SOMEBODY, ask};

/// The largest blob that a test's registry takes.
pub(crate) const LARGEST: u64 = 64 * 1024 * 1024;

/// Remembers what it is told, unless it is broken.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) broken: AtomicBool,
}

impl Journal for Memory {
    fn record(&self, events: &[Event]) -> io::Result<()> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(io::Error::other("no ink"));
        }
        self.events.lock().unwrap().extend_from_slice(events);
        Ok(())
    }
}

/// A registry that ends with the test.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) journal: Arc<Memory>,
    directory: tempfile::TempDir,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (root, journal) = (directory.path().join("shelf"), Arc::new(Memory::default()));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (tell, told) = mpsc::channel();
        let thread = {
            let journal = Arc::clone(&journal);
            thread::spawn(move || {
                serve(&root, journal, limits, |address| tell.send(address).unwrap(), async {
                    let _ = stopped.await;
                });
            })
        };
        let address = told.recv().unwrap();
        Self { address, journal, directory, stop: Some(stop), thread: Some(thread) }
    }

    /// Everything that is on disk.
    pub(crate) fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// A request of somebody who may do everything.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Reply {
        let headers: Vec<&str> = headers.iter().copied().chain([SOMEBODY]).collect();
        ask(self.address, method, path, &headers, body)
    }

    /// A blob of a repository.
    pub(crate) fn blob(&self, name: &str, bytes: &[u8]) -> ContentDigest {
        push_blob(self.address, name, bytes)
    }

    /// An image of one layer, under a tag or a digest.
    pub(crate) fn image(&self, name: &str, reference: &str, layer: &[u8]) -> ContentDigest {
        push_image(self.address, name, reference, layer)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking(), "the server panicked");
    }
}

/// Serves until `stop`.
pub(crate) fn serve(
    root: &Path,
    journal: Arc<dyn Journal>,
    limits: Limits,
    tell: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let shelf = Shelf::disk(root).unwrap();
        let settings = AccessSettings {
            anonymous: Anonymous::Pull,
            requests_per_address: u32::MAX,
            requests_per_identity: u32::MAX,
            ..AccessSettings::default()
        };
        let access = Access::new(&shelf, &settings).unwrap();
        // A server that is started again knows its users.
        let _ = access.accounts().add_user("test", &somebody()).await;
        let depot = Depot::new(shelf, Arc::new(Anything));
        let scribe = Scribe::start(journal).unwrap();
        let service = Service::new(depot, Arc::new(access), scribe, clock, None, LARGEST);
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), service, None, limits).await.unwrap();
        tell(server.address().unwrap());
        server.run(stop, Duration::from_secs(5)).await;
    });
}

fn somebody() -> User {
    let salt = SaltString::encode_b64(b"nobody's secret").unwrap();
    let password = Argon2::default().hash_password(b"test", &salt).unwrap().to_string();
    User { password, role: Role::Admin, grants: Vec::new(), teams: BTreeSet::new(), made: clock() }
}

fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Limits that a test can wait for.
pub(crate) fn impatient() -> Limits {
    let pace = Trickle { bytes: 4096, within: Duration::from_secs(1) };
    Limits { connections: 24, per_address: 16, patience: Duration::from_secs(1), pace }
}

pub(crate) fn sha256(bytes: &[u8]) -> ContentDigest {
    ContentDigest::of(Algorithm::Sha256, bytes)
}

pub(crate) fn push_blob(address: SocketAddr, name: &str, bytes: &[u8]) -> ContentDigest {
    let digest = sha256(bytes);
    let path = format!("/v2/{name}/blobs/uploads/?digest={digest}");
    let reply = ask(address, "POST", &path, &[SOMEBODY], bytes);
    assert_eq!(reply.status, 201, "{reply:?}");
    digest
}

pub(crate) fn push_image(address: SocketAddr, name: &str, reference: &str, layer: &[u8]) -> ContentDigest {
    let (config, layer) = (push_blob(address, name, b"{}"), (push_blob(address, name, layer), layer.len()));
    let manifest = manifest(&config, &layer.0, layer.1, None);
    let digest = sha256(manifest.as_bytes());
    let reference = if reference.is_empty() { digest.to_string() } else { reference.to_owned() };
    let path = format!("/v2/{name}/manifests/{reference}");
    let reply = ask(address, "PUT", &path, &[SOMEBODY, MANIFEST], manifest.as_bytes());
    assert_eq!(reply.status, 201, "{reply:?}");
    digest
}

pub(crate) const MANIFEST: &str = "Content-Type: application/vnd.oci.image.manifest.v1+json";

pub(crate) fn manifest(
    config: &ContentDigest,
    layer: &ContentDigest,
    size: usize,
    subject: Option<&ContentDigest>,
) -> String {
    let mut document = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": "application/x-test", "digest": config.to_string(), "size": 2 },
        "layers": [{ "mediaType": "application/x-layer", "digest": layer.to_string(), "size": size }],
    });
    if let Some(subject) = subject {
        document["subject"] = serde_json::json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": subject.to_string(), "size": 1,
        });
    }
    document.to_string()
}
