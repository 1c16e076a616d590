//! An image with something of everything in it, and advisories about that, made on the spot.

// Each test file is a crate of its own and uses what it needs.
#![allow(dead_code, reason = "shared between test crates")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use model::digest::Digest;
use serde_json::{Value, json};

use crate::layers::{layer, runnable};

const OS_RELEASE: &str =
    "ID=alpine\nVERSION_ID=3.19.1\nNAME=\"Alpine Linux\"\nPRETTY_NAME=\"Alpine Linux v3.19\"\n";

const INSTALLED: &str = "\
P:libcrypto3
V:3.1.4-r1
A:x86_64
L:Apache-2.0
o:openssl

P:libssl3
V:3.1.4-r1
A:x86_64
L:Apache-2.0
o:openssl

P:musl
V:1.2.4-r4
A:x86_64
L:MIT
o:musl

";

const JINJA: &str = "Metadata-Version: 2.1\nName: Jinja2\nVersion: 2.11.1\nLicense: BSD-3-Clause\n\nText.\n";

/// A token by its form alone; put together here, so that none stands in this repository.
fn token() -> String {
    ["glp", "at-", "x7Qm2", "Rk9Vt", "4Wb8N", "c3Lz6"].concat()
}

/// A layer with what an image says of its packages, and a secret.
pub(crate) fn packages(version: &str) -> Vec<u8> {
    let installed = INSTALLED.replace("3.1.4-r1", version);
    runnable(&[
        ("etc/os-release", OS_RELEASE.as_bytes()),
        ("lib/apk/db/installed", installed.as_bytes()),
        ("usr/lib/python3.11/site-packages/jinja2-2.11.1.dist-info/METADATA", JINJA.as_bytes()),
        ("app/settings.env", format!("GITLAB_TOKEN={}\n", token()).as_bytes()),
    ])
}

/// An OCI image layout of two layers at a path; the second removes a file with a secret that the first brought.
pub(crate) fn image(path: &Path, version: &str) {
    layout(path, &[packages(version), layer(&[("app/.wh.settings.env", b"")])]);
}

/// An OCI image layout of layers at a path.
pub(crate) fn layout(path: &Path, layers: &[Vec<u8>]) {
    let blobs = path.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let put = |kind: &str, bytes: &[u8]| {
        std::fs::write(blobs.join(Digest::of(bytes).hex()), bytes).unwrap();
        json!({ "mediaType": format!("application/vnd.oci.image.{kind}"), "digest": Digest::of(bytes).to_string(),
            "size": bytes.len() })
    };
    let digests: Vec<String> = layers.iter().map(|layer| Digest::of(layer).to_string()).collect();
    let config = json!({
        "architecture": "amd64", "os": "linux",
        "config": { "Cmd": ["/probe"], "User": "1000:1000" },
        "rootfs": { "type": "layers", "diff_ids": digests },
        "history": [{ "created_by": "ADD rootfs" }, { "created_by": "RUN rm app/settings.env" }],
    });
    let layers: Vec<Value> = layers.iter().map(|layer| put("layer.v1.tar", layer)).collect();
    let manifest = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": put("config.v1+json", config.to_string().as_bytes()), "layers": layers,
    });
    let entry = put("manifest.v1+json", manifest.to_string().as_bytes());
    let index = json!({ "schemaVersion": 2, "manifests": [entry] });
    std::fs::write(path.join("index.json"), index.to_string()).unwrap();
    std::fs::write(path.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}

/// So many advisories about packages that nobody has, of another publisher.
pub(crate) fn many(path: &Path, count: usize) {
    std::fs::create_dir_all(path).unwrap();
    for number in 0..count {
        let record = json!({
            "schema_version": "1.6.0", "id": format!("GO-{number}"), "modified": "2099-02-01T00:00:00Z",
            "summary": "made up, at some length, so that it takes a while to read all of them".repeat(8),
            "affected": [{
                "package": { "ecosystem": "Go", "name": format!("example.com/{number}") },
                "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": "1.2.3" }] }],
            }],
        });
        std::fs::write(path.join(format!("GO-{number}.json")), record.to_string()).unwrap();
    }
}

/// A directory of advisories, as they are published: OSV, and CISA's list.
pub(crate) fn advisories(path: &Path) {
    std::fs::create_dir_all(path).unwrap();
    let worst = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    let some = "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:L/A:N";
    let alpine = ("Alpine:v3.19", "openssl");
    for (id, cve, package, fixed, cvss, summary) in [
        ("ALPINE-1", "CVE-2099-0001", alpine, "3.1.4-r5", worst, "Anybody can run code"),
        ("ALPINE-2", "CVE-2099-0002", alpine, "3.1.4-r3", some, "A timing leak"),
        ("PYSEC-3", "CVE-2099-0003", ("PyPI", "jinja2"), "2.11.3", some, "A slow expression"),
    ] {
        let kind = "ECOSYSTEM";
        let record = json!({
            "schema_version": "1.6.0", "id": id, "aliases": [cve], "summary": summary,
            "modified": "2099-02-01T00:00:00Z", "published": "2099-01-01T00:00:00Z",
            "affected": [{
                "package": { "ecosystem": package.0, "name": package.1 },
                "ranges": [{ "type": kind, "events": [{ "introduced": "0" }, { "fixed": fixed }] }],
            }],
            "severity": [{ "type": "CVSS_V3", "score": cvss }],
        });
        std::fs::write(path.join(format!("{id}.json")), record.to_string()).unwrap();
    }
    let exploited = json!({
        "title": "CISA Catalog of Known Exploited Vulnerabilities", "catalogVersion": "2099.01.02",
        "dateReleased": "2099-01-02T00:00:00Z", "count": 1,
        "vulnerabilities": [{
            "cveID": "CVE-2099-0001", "vendorProject": "OpenSSL", "product": "OpenSSL",
            "vulnerabilityName": "made up", "dateAdded": "2099-01-02", "shortDescription": "made up",
            "requiredAction": "update", "dueDate": "2099-01-23", "knownRansomwareCampaignUse": "Known",
        }],
    });
    std::fs::write(path.join("known_exploited_vulnerabilities.json"), exploited.to_string()).unwrap();
}
