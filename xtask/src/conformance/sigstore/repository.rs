//! A repository as documents and bytes, by the registry's own protocol: what no client would put there can be put there.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::registry::Registry;
use crate::shell::{self, Outcome};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// One repository.
pub(crate) struct Repository<'a> {
    registry: &'a Registry,
    name: &'a str,
    /// For bodies.
    work: &'a Path,
}

/// Bytes that are there.
pub(crate) struct Put {
    pub(crate) digest: String,
    size: usize,
}

impl<'a> Repository<'a> {
    pub(crate) fn new(registry: &'a Registry, name: &'a str, work: &'a Path) -> Self {
        Self { registry, name, work }
    }

    pub(crate) fn manifest(&self, reference: &str) -> Outcome<Value> {
        self.json(&self.url(&format!("manifests/{reference}")), &accept())
    }

    /// What a list would say of the manifest.
    pub(crate) fn descriptor(&self, digest: &str) -> Outcome<Value> {
        let bytes = self.bytes(&self.url(&format!("manifests/{digest}")), &accept())?;
        let manifest: Value = serde_json::from_slice(&bytes).map_err(|error| format!("{digest}: {error}"))?;
        let kind = manifest.get("mediaType").and_then(Value::as_str).unwrap_or(MANIFEST);
        Ok(json!({ "mediaType": kind, "digest": digest, "size": bytes.len() }))
    }

    pub(crate) fn blob(&self, digest: &str) -> Outcome<Vec<u8>> {
        self.bytes(&self.url(&format!("blobs/{digest}")), "Accept: */*")
    }

    /// What refers to a digest: by the API for it, or under the tag that stands for one.
    pub(crate) fn referrers(&self, digest: &str) -> Outcome<Vec<Value>> {
        let index = match self.json(&self.url(&format!("referrers/{digest}")), "Accept: */*") {
            Ok(index) => index,
            Err(_) => self.manifest(&fallback(digest))?,
        };
        let manifests = index.get("manifests").and_then(Value::as_array);
        manifests.cloned().ok_or_else(|| format!("what refers to {digest} is no list"))
    }

    pub(crate) fn put_blob(&self, bytes: &[u8]) -> Outcome<Put> {
        let put = self.put(bytes)?;
        let begun = shell::capture(
            self.curl().args(["-X", "POST", "-D", "-", "-o", "/dev/null"]).arg(self.url("blobs/uploads/")),
        )?;
        let place = begun.lines().find_map(|line| line.split_once(": ").filter(is_location));
        let (_, place) = place.ok_or("the registry begins no upload")?;
        let place = place.trim();
        let absolute =
            if place.starts_with('/') { format!("{}{place}", self.origin()) } else { place.to_owned() };
        let joint = if place.contains('?') { '&' } else { '?' };
        let digest = &put.digest;
        self.send("application/octet-stream", &format!("{absolute}{joint}digest={digest}"))?;
        Ok(put)
    }

    /// Under a tag or, without one, under its digest.
    pub(crate) fn put_manifest(&self, tag: Option<&str>, manifest: &Value) -> Outcome<Put> {
        let put = self.put(manifest.to_string().as_bytes())?;
        let kind = manifest.get("mediaType").and_then(Value::as_str).unwrap_or(MANIFEST);
        self.send(kind, &self.url(&format!("manifests/{}", tag.unwrap_or(&put.digest))))?;
        Ok(put)
    }

    /// A manifest that refers to another one; where the registry does not notice that itself, its tag says so.
    pub(crate) fn put_referrer(&self, manifest: &Value, subject: &str) -> Outcome {
        let put = self.put_manifest(None, manifest)?;
        let is_there = |all: Vec<Value>| all.iter().any(|one| one.get("digest") == Some(&json!(put.digest)));
        if self.referrers(subject).is_ok_and(is_there) {
            return Ok(());
        }
        let kind = manifest.get("artifactType").cloned();
        let kind = kind.or_else(|| manifest.pointer("/config/mediaType").cloned()).unwrap_or_default();
        let referrer = json!({
            "mediaType": MANIFEST, "digest": put.digest, "size": put.size, "artifactType": kind,
        });
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [referrer] });
        self.put_manifest(Some(&fallback(subject)), &index).map(drop)
    }

    /// Keeps the bytes to be sent.
    fn put(&self, bytes: &[u8]) -> Outcome<Put> {
        let body = self.body();
        std::fs::write(&body, bytes).map_err(|error| format!("{}: {error}", body.display()))?;
        let sum = shell::capture(Command::new("sha256sum").arg(&body))?;
        let sum = sum.split_whitespace().next().ok_or("sha256sum says nothing")?;
        Ok(Put { digest: format!("sha256:{sum}"), size: bytes.len() })
    }

    fn send(&self, kind: &str, url: &str) -> Outcome {
        let body = format!("@{}", self.body().display());
        let kind = format!("Content-Type: {kind}");
        shell::capture(self.curl().args(["-X", "PUT", "-H", &kind, "--data-binary", &body, url])).map(drop)
    }

    fn json(&self, url: &str, accept: &str) -> Outcome<Value> {
        let bytes = self.bytes(url, accept)?;
        serde_json::from_slice(&bytes).map_err(|error| format!("{url}: {error}"))
    }

    fn bytes(&self, url: &str, accept: &str) -> Outcome<Vec<u8>> {
        let body = self.body();
        shell::capture(self.curl().args(["-H", accept, "-o"]).arg(&body).arg(url))?;
        std::fs::read(&body).map_err(|error| format!("{}: {error}", body.display()))
    }

    fn curl(&self) -> Command {
        let mut command = shell::program("curl", ["--silent", "--show-error", "--fail", "--location"]);
        if let Some((user, password)) = self.registry.credentials() {
            command.args(["--user", &format!("{user}:{password}")]);
        }
        command
    }

    fn body(&self) -> PathBuf {
        self.work.join("body")
    }

    fn origin(&self) -> String {
        format!("http://{}", self.registry.address())
    }

    fn url(&self, path: &str) -> String {
        format!("{}/v2/{}/{path}", self.origin(), self.name)
    }
}

impl Put {
    /// A descriptor of these bytes, otherwise as `like` is.
    pub(crate) fn described(&self, like: &Value) -> Value {
        with(with(like.clone(), "digest", json!(self.digest)), "size", json!(self.size))
    }
}

/// The object with this member, in place of another where it has one.
pub(crate) fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    object
}

fn accept() -> String {
    format!("Accept: {MANIFEST}, {INDEX}")
}

fn is_location((name, _): &(&str, &str)) -> bool {
    name.eq_ignore_ascii_case("location")
}

/// The tag that has what refers to a digest, where the API for it is missing.
fn fallback(digest: &str) -> String {
    digest.replacen(':', "-", 1)
}
