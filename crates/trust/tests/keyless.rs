//! Signatures without keys, by an instance of the test's own: a bundle that holds, and then each part of it wrong by
//! itself, refused in its own words.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod instance;

use std::collections::{BTreeMap, BTreeSet};

use instance::{BEGIN, ISSUER, Instance, MINUTES, Making, SUBJECT};
use model::digest::{ClaimedDigest, Digest};
use model::oci::Annotations;
use rcgen::ExtendedKeyUsagePurpose;
use serde_json::Value;
use trust::cosign::{BUNDLE, Keyless, TrustedRoot};
use trust::evidence::{Evidence, Grounds, Verified, verify};
use trust::signature::{By, SignatureError};
use trust::statement::{self, Predicate};

fn image() -> ClaimedDigest {
    Digest::of(b"image").into()
}

/// A statement that signs an image, as cosign makes it.
fn statement(image: &ClaimedDigest) -> Vec<u8> {
    statement::write("app", image, &BTreeMap::new(), &Predicate::Signature, b"{}").unwrap()
}

fn grounds(root: &Value, subject: &str, issuer: &str) -> Grounds {
    let root = TrustedRoot::parse(root.to_string().as_bytes()).unwrap();
    Grounds { keyless: Some(Keyless::new(root, subject, issuer)), ..Grounds::default() }
}

fn judged(bundle: &Value, grounds: &Grounds) -> Result<Verified, SignatureError> {
    let (annotations, bytes) = (Annotations::new(), bundle.to_string().into_bytes());
    verify(Evidence { media_type: BUNDLE, annotations: &annotations, bytes: &bytes }, &image(), grounds, 0)
}

/// The reason why it does not hold.
#[track_caller]
fn refused(bundle: &Value, grounds: &Grounds) -> String {
    match judged(bundle, grounds) {
        Ok(_) => panic!("it holds: {bundle:#}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_bundle_of_ones_own_instance_holds_and_says_who_signed_and_when() {
    let instance = Instance::new();
    let bundle = instance.making().bundle(&statement(&image()));
    let Verified::Signature(verified) = judged(&bundle, &grounds(&instance.root(), SUBJECT, ISSUER)).unwrap()
    else {
        panic!("a signature is a statement")
    };
    assert_eq!(verified.by, By::Identity { subject: SUBJECT.to_owned(), issuer: ISSUER.to_owned() });
    assert_eq!((verified.digest, verified.witnessed), (image(), Some(BEGIN + MINUTES / 2)));
}

/// Reasons, each of which is given once.
#[derive(Default)]
struct Reasons(BTreeSet<String>);

impl Reasons {
    #[track_caller]
    fn says(&mut self, reason: String, words: &str) {
        assert!(reason.contains(words), "`{words}` in `{reason}`");
        assert!(self.0.insert(reason.clone()), "said twice: {reason}");
    }
}

/// What follows from the part that is wrong is made right.
#[test]
fn a_part_that_somebody_else_made_is_refused() {
    let (instance, other) = (Instance::new(), Instance::new());
    let grounds = grounds(&instance.root(), SUBJECT, ISSUER);
    let made = |making: Making<'_>| refused(&making.bundle(&statement(&image())), &grounds);
    let right = || instance.making();
    let mut reasons = Reasons::default();
    reasons.says(made(Making { authority: &other.authority, ..right() }), "certificate chain is invalid");
    reasons.says(made(Making { witness: None, ..right() }), "missing SCT");
    reasons.says(made(Making { witness: Some(&other.witness), ..right() }), "SCT signature");
    reasons.says(made(Making { promises: &other.log, ..right() }), "No log key");
    reasons.says(made(Making { proves: &other.log, ..right() }), "No matching Rekor key");
    reasons
        .says(made(Making { purpose: ExtendedKeyUsagePurpose::ServerAuth, ..right() }), "certificate chain");
    reasons.says(made(Making { time: BEGIN - 1, ..right() }), "certificate chain");
    reasons.says(made(Making { time: BEGIN + MINUTES + 1, ..right() }), "certificate chain");
    reasons.says(made(Making { time: 4_000_000_000, ..right() }), "in the future");
}

#[test]
fn somebody_else_who_signed_is_named() {
    let instance = Instance::new();
    let bundle = instance.making().bundle(&statement(&image()));
    let root = instance.root();
    let mut reasons = Reasons::default();
    let other = refused(&bundle, &grounds(&root, "ben@example.org", ISSUER));
    reasons.says(other, "it is signed by ci@example.org, not by ben@example.org");
    let elsewhere = refused(&bundle, &grounds(&root, SUBJECT, "https://elsewhere.example"));
    reasons.says(elsewhere, "somebody whom https://accounts.example knows");
    let of_another = instance.making().bundle(&statement(&Digest::of(b"another image").into()));
    reasons.says(refused(&of_another, &grounds(&root, SUBJECT, ISSUER)), "it is about");
    let none = judged(&bundle, &Grounds::default()).unwrap_err();
    assert_eq!(none.code(), "E-trust-signature-material");
    let (mut no_authority, mut no_log, mut no_witness) = (root.clone(), root.clone(), root);
    *no_authority.get_mut("certificateAuthorities").unwrap() = Value::Array(Vec::new());
    *no_log.get_mut("tlogs").unwrap() = Value::Array(Vec::new());
    *no_witness.get_mut("ctlogs").unwrap() = Value::Array(Vec::new());
    reasons
        .says(refused(&bundle, &grounds(&no_authority, SUBJECT, ISSUER)), "no trusted certificate authority");
    reasons.says(refused(&bundle, &grounds(&no_log, SUBJECT, ISSUER)), "No log key");
    reasons.says(refused(&bundle, &grounds(&no_witness, SUBJECT, ISSUER)), "no CT log keys");
}

/// What was changed after it was made.
#[test]
fn a_part_that_was_changed_is_refused() {
    const ENTRY: &str = "/verificationMaterial/tlogEntries/0";
    let instance = Instance::new();
    let grounds = grounds(&instance.root(), SUBJECT, ISSUER);
    let (bundle, other) =
        (instance.making().bundle(&statement(&image())), instance.making().bundle(&statement(&image())));
    let says = |reason: String, words: &str| assert!(reason.contains(words), "`{words}` in `{reason}`");
    let changed = |part: &str, value: Value| {
        let mut bundle = bundle.clone();
        *bundle.pointer_mut(part).unwrap() = value;
        refused(&bundle, &grounds)
    };
    let from_other = |part: &str| changed(part, other.pointer(part).unwrap().clone());
    let (promise, proof) = (format!("{ENTRY}/inclusionPromise"), format!("{ENTRY}/inclusionProof"));
    // Parts of another signature by another key of the same person.
    says(from_other("/dsseEnvelope/signatures/0/sig"), "not signed with the key of its certificate");
    says(from_other("/verificationMaterial/certificate"), "not signed with the key");
    says(from_other(ENTRY), "does not match");
    says(from_other(&format!("{ENTRY}/canonicalizedBody")), "SET verification failed");
    says(from_other(&promise), "SET verification");
    says(from_other(&proof), "inclusion proof");
    says(from_other(&format!("{proof}/checkpoint")), "root hash");
    says(changed(&format!("{proof}/logIndex"), "0".into()), "inclusion proof");
    says(changed(&format!("{ENTRY}/integratedTime"), (BEGIN + 1).to_string().into()), "SET");
    says(changed(&promise, Value::Null), "No verified timestamp");
    says(changed(&proof, Value::Null), "must have an inclusion proof");
    says(changed("/verificationMaterial/tlogEntries", Value::Array(Vec::new())), "must have");
}
