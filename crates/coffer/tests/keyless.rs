//! `coffer verify --identity` against an instance of the test's own: what holds, and what is said where it does not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod layers;
mod shipping;
#[path = "../../trust/tests/instance/mod.rs"]
mod instance;

use conversation::Session;
use instance::{ISSUER, Instance, Making, SUBJECT};
use model::digest::Digest;
use serde_json::{Value, json};
use shipping::{Image, Registry};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

fn described(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len() })
}

/// A signature of an image, as cosign states it.
fn statement(image: &Image) -> Vec<u8> {
    let digest = json!({ "sha256": Digest::of(&image.manifest).hex() });
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "app", "digest": digest }],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
    });
    statement.to_string().into_bytes()
}

/// What has a bundle refer to an image.
fn referrer(image: &Image, bundle: &Value) -> Image {
    let (empty, bundle) = (b"{}".to_vec(), bundle.to_string().into_bytes());
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2, "mediaType": kind, "artifactType": BUNDLE,
        "config": described("application/vnd.oci.empty.v1+json", &empty),
        "layers": [described(BUNDLE, &bundle)],
        "subject": described(&image.media_type, &image.manifest),
    });
    let mut referrer = Image::of(kind.to_owned(), manifest.to_string().into_bytes());
    referrer.blobs = vec![bundle, empty];
    referrer
}

/// What `coffer verify` says of an image with this bundle beside it.
fn verified(root: &Value, image: &Image, bundle: &Value, subject: &str) -> (bool, String) {
    let (session, registry) = (Session::new(), Registry::new());
    registry.has("team/app", Some("1"), image);
    registry.has("team/app", None, &referrer(image, bundle));
    std::fs::write(session.work().join("root.json"), root.to_string()).unwrap();
    let name = format!("{}/team/app:1", registry.address);
    let line = format!("verify {name} --identity {subject} --issuer {ISSUER} --trusted-root root.json");
    let output = session.coffer(line.split(' '));
    (output.status.success(), session.said(&output))
}

#[test]
fn an_identity_that_its_issuer_vouches_for_is_verified() {
    let (instance, image) = (Instance::new(), Image::small("signed without a key"));
    let bundle = instance.making().bundle(&statement(&image));
    let (holds, said) = verified(&instance.root(), &image, &bundle, SUBJECT);
    assert!(holds && said.contains(SUBJECT) && said.contains(ISSUER), "{said}");
}

#[test]
fn what_is_wrong_is_said() {
    let (instance, other, image) = (Instance::new(), Instance::new(), Image::small("signed without a key"));
    let (root, statement) = (instance.root(), statement(&image));
    let refused = |making: Making<'_>, subject: &str, words: &str| {
        let (holds, said) = verified(&root, &image, &making.bundle(&statement), subject);
        assert!(
            !holds && said.contains(words) && said.contains("[E-trust-signature-"),
            "`{words}` in {said}"
        );
    };
    refused(instance.making(), "ben@example.org", "it is signed by ci@example.org");
    refused(Making { authority: &other.authority, ..instance.making() }, SUBJECT, "certificate chain");
    refused(Making { witness: None, ..instance.making() }, SUBJECT, "missing SCT");
    refused(Making { promises: &other.log, ..instance.making() }, SUBJECT, "No log key");
    refused(Making { proves: &other.log, ..instance.making() }, SUBJECT, "No matching Rekor key");
}
