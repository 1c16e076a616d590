//! A small registry over std's sockets, which counts what it is asked and can be told to misbehave, and images
//! to fill it with.

// Each test file is a crate of its own and uses what it needs.
#![allow(dead_code, unused_imports, reason = "shared between test crates")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod image;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::digest::Digest;

pub(crate) use image::{Image, index, referrer, runnable};
use wire::{Answer, Request};

/// What the registry does wrong.
#[derive(Debug, Clone)]
pub(crate) enum Trick {
    /// Other bytes of the same length for this blob.
    Lie(String),
    /// One byte more for this blob.
    Longer(String),
    /// The connection of the first transfer of this blob breaks after so many bytes.
    Cut(String, usize),
    /// Every piece of this blob takes its time.
    Slow(String),
    /// Every byte of every manifest and blob takes its time.
    #[allow(dead_code, reason = "the engine's tests need it")]
    Drips,
    /// Nobody is let in.
    Locked,
}

/// A registry that ends with the test.
pub(crate) struct Registry {
    pub(crate) address: String,
    shared: Arc<Shared>,
}

/// Media type and bytes, by repository and tag or digest.
type Manifests = BTreeMap<(String, String), (String, Vec<u8>)>;

#[derive(Default)]
struct Shared {
    manifests: Mutex<Manifests>,
    blobs: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Which repository has which blob.
    links: Mutex<BTreeSet<(String, String)>>,
    uploads: Mutex<BTreeMap<String, Vec<u8>>>,
    tricks: Mutex<Vec<Trick>>,
    seen: Mutex<Vec<String>>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        Self { address, shared }
    }

    /// Puts an image or artifact there.
    pub(crate) fn has(&self, repository: &str, tag: Option<&str>, image: &Image) {
        for blob in &image.blobs {
            self.shared.link(repository, blob);
        }
        self.shared.put_manifest(repository, tag, &image.media_type, &image.manifest);
    }

    pub(crate) fn misbehaves(&self, trick: Trick) {
        self.shared.tricks.lock().unwrap().push(trick);
    }

    pub(crate) fn behaves(&self) {
        self.shared.tricks.lock().unwrap().clear();
    }

    /// Requests that begin so, since the last look.
    pub(crate) fn asked(&self, begin: &str) -> usize {
        self.requests(begin).len()
    }

    /// The same, as they were.
    pub(crate) fn requests(&self, begin: &str) -> Vec<String> {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter().filter(|line| line.starts_with(begin)).cloned().collect()
    }

    pub(crate) fn forgets(&self) {
        self.shared.seen.lock().unwrap().clear();
    }

    #[allow(dead_code, reason = "the engine's tests need it")]
    pub(crate) fn forgets_manifest(&self, repository: &str, reference: &str) {
        let key = (repository.to_owned(), reference.to_owned());
        self.shared.manifests.lock().unwrap().remove(&key);
    }

    /// The manifest of a tag or digest.
    pub(crate) fn manifest(&self, repository: &str, reference: &str) -> Option<Vec<u8>> {
        let key = (repository.to_owned(), reference.to_owned());
        Some(self.shared.manifests.lock().unwrap().get(&key)?.1.clone())
    }
}

impl Shared {
    fn link(&self, repository: &str, blob: &[u8]) {
        let digest = Digest::of(blob).to_string();
        self.links.lock().unwrap().insert((repository.to_owned(), digest.clone()));
        self.blobs.lock().unwrap().insert(digest, blob.to_vec());
    }

    fn put_manifest(&self, repository: &str, tag: Option<&str>, media_type: &str, bytes: &[u8]) {
        let digest = Digest::of(bytes).to_string();
        for reference in tag.into_iter().chain([digest.as_str()]) {
            let key = (repository.to_owned(), reference.to_owned());
            self.manifests.lock().unwrap().insert(key, (media_type.to_owned(), bytes.to_vec()));
        }
    }

    fn serve(&self, mut stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        while let Some(request) = Request::read(&mut stream) {
            self.seen.lock().unwrap().push(format!("{} {}", request.method, request.path));
            let mut answer = self.answer(&request);
            if self.has_trick(|trick| matches!(trick, Trick::Drips)) {
                (answer.piece, answer.pause) = (1, Duration::from_millis(100));
            }
            if !answer.write(&mut stream, &request.method) {
                return;
            }
        }
    }

    fn has_trick(&self, which: impl Fn(&Trick) -> bool) -> bool {
        self.tricks.lock().unwrap().iter().any(which)
    }

    fn answer(&self, request: &Request) -> Answer {
        if self.has_trick(|trick| matches!(trick, Trick::Locked)) {
            let said = br#"{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}"#;
            return Answer::new(401, said).with("WWW-Authenticate", "Basic realm=\"test\"");
        }
        let path = request.path.strip_prefix("/v2/").unwrap_or_default();
        for kind in ["/manifests/", "/blobs/uploads/", "/blobs/", "/tags/", "/referrers/"] {
            if let Some((repository, rest)) = path.split_once(kind) {
                return match kind {
                    "/manifests/" => self.on_manifest(request, repository, rest),
                    "/blobs/uploads/" => self.on_upload(request, repository, rest),
                    "/blobs/" => self.on_blob(request, repository, rest),
                    "/tags/" => self.on_tags(repository),
                    _ => self.on_referrers(repository, rest),
                };
            }
        }
        Answer::new(200, b"{}")
    }

    fn on_manifest(&self, request: &Request, repository: &str, reference: &str) -> Answer {
        if request.method == "PUT" {
            let tag = Some(reference).filter(|reference| !reference.starts_with("sha256:"));
            let media_type = request.header("content-type").unwrap_or_default();
            self.put_manifest(repository, tag, &media_type, &request.body);
            let has_subject =
                serde_json::from_slice::<serde_json::Value>(&request.body).unwrap().get("subject").is_some();
            let answer = Answer::new(201, b"");
            return if has_subject { answer.with("OCI-Subject", "yes") } else { answer };
        }
        let key = (repository.to_owned(), reference.to_owned());
        if request.method == "DELETE" {
            let gone = self.manifests.lock().unwrap().remove(&key);
            return Answer::new(if gone.is_some() { 202 } else { 404 }, b"");
        }
        match self.manifests.lock().unwrap().get(&key) {
            Some((media_type, bytes)) => Answer::new(200, bytes)
                .with("Content-Type", media_type)
                .with("Docker-Content-Digest", &Digest::of(bytes).to_string()),
            None => Answer::new(404, br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]}"#),
        }
    }

    fn on_blob(&self, request: &Request, repository: &str, digest: &str) -> Answer {
        if !self.links.lock().unwrap().contains(&(repository.to_owned(), digest.to_owned())) {
            return Answer::new(404, b"");
        }
        let mut bytes = self.blobs.lock().unwrap()[digest].clone();
        let mut answer = Answer::new(200, b"");
        let mut tricks = self.tricks.lock().unwrap();
        tricks.retain(|trick| match trick {
            Trick::Lie(of) if of == digest => {
                bytes.iter_mut().for_each(|byte| *byte = !*byte);
                true
            }
            Trick::Longer(of) if of == digest => {
                bytes.push(0);
                true
            }
            Trick::Cut(of, after) if of == digest && request.method == "GET" => {
                answer.cut = Some(*after);
                false
            }
            Trick::Slow(of) if of == digest => {
                answer.pause = Duration::from_millis(20);
                true
            }
            _ => true,
        });
        answer.body = bytes;
        let Some(range) = request.header("range") else { return answer };
        let from: usize = range.strip_prefix("bytes=").unwrap().trim_end_matches('-').parse().unwrap();
        let total = answer.body.len();
        answer.body.drain(..from);
        answer.status = 206;
        answer.with("Content-Range", &format!("bytes {from}-{}/{total}", total - 1))
    }

    fn on_upload(&self, request: &Request, repository: &str, rest: &str) -> Answer {
        let query = request.query();
        let place = |id: &str| format!("/v2/{repository}/blobs/uploads/{id}");
        match request.method.as_str() {
            "POST" => {
                if let (Some(digest), Some(from)) = (query.get("mount"), query.get("from"))
                    && self.links.lock().unwrap().contains(&(from.clone(), digest.clone()))
                {
                    self.links.lock().unwrap().insert((repository.to_owned(), digest.clone()));
                    return Answer::new(201, b"")
                        .with("Location", &format!("/v2/{repository}/blobs/{digest}"));
                }
                let mut uploads = self.uploads.lock().unwrap();
                let id = format!("u{}", uploads.len());
                uploads.insert(id.clone(), Vec::new());
                Answer::new(202, b"").with("Location", &place(&id))
            }
            "PATCH" => {
                let mut uploads = self.uploads.lock().unwrap();
                let upload = uploads.get_mut(rest).unwrap();
                upload.extend(&request.body);
                let range = format!("0-{}", upload.len().saturating_sub(1));
                Answer::new(202, b"").with("Location", &place(rest)).with("Range", &range)
            }
            "PUT" => {
                let mut bytes = self.uploads.lock().unwrap()[rest].clone();
                bytes.extend(&request.body);
                let digest = Digest::of(&bytes).to_string();
                if query["digest"] != digest {
                    return Answer::new(400, br#"{"errors":[{"code":"DIGEST_INVALID","message":"no"}]}"#);
                }
                self.link(repository, &bytes);
                Answer::new(201, b"").with("Location", &format!("/v2/{repository}/blobs/{digest}"))
            }
            _ => Answer::new(405, b""),
        }
    }

    fn on_tags(&self, repository: &str) -> Answer {
        let manifests = self.manifests.lock().unwrap();
        let of = manifests.keys().filter(|(of, tag)| of == repository && !tag.starts_with("sha256:"));
        let tags: Vec<&String> = of.map(|(_, tag)| tag).collect();
        if tags.is_empty() {
            return Answer::new(404, b"");
        }
        let list = serde_json::json!({ "name": repository, "tags": tags });
        Answer::new(200, list.to_string().as_bytes())
    }

    fn on_referrers(&self, repository: &str, subject: &str) -> Answer {
        let manifests = self.manifests.lock().unwrap();
        let mut found = Vec::new();
        for ((of, reference), (media_type, bytes)) in manifests.iter() {
            let manifest: serde_json::Value = serde_json::from_slice(bytes).unwrap();
            let about = manifest.pointer("/subject/digest").and_then(|digest| digest.as_str());
            if of == repository && reference.starts_with("sha256:") && about == Some(subject) {
                found.push(serde_json::json!({
                    "mediaType": media_type, "digest": reference, "size": bytes.len(),
                    "artifactType": manifest["artifactType"],
                }));
            }
        }
        let index = serde_json::json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": found,
        });
        Answer::new(200, index.to_string().as_bytes())
            .with("Content-Type", "application/vnd.oci.image.index.v1+json")
    }
}
