use std::collections::BTreeMap;

use model::digest::Digest;
use model::oci::{Annotations, Manifest};
use proptest::prelude::*;

use super::*;
use crate::dsse;
use crate::evidence::{Evidence, Grounds, Verified, verify};
use crate::foreign::ForeignKey;
use crate::key::{Algorithm, Signer as _, SoftKey};
use crate::signature::{By, SignatureError};
use crate::statement::{self, PAYLOAD_TYPE, Predicate};

const ALGORITHMS: [Algorithm; 2] = [Algorithm::Ed25519, Algorithm::EcdsaP256];

fn image() -> ClaimedDigest {
    Digest::of(b"image").into()
}

fn grounds(key: &SoftKey) -> Grounds {
    Grounds { keys: vec![ForeignKey::try_from(key.public()).unwrap()], ..Grounds::default() }
}

/// What a layer comes to.
fn layer(
    (descriptor, bytes): &(model::oci::Descriptor, Vec<u8>),
    digest: &ClaimedDigest,
    grounds: &Grounds,
) -> Result<Verified, SignatureError> {
    let none = Annotations::new();
    let annotations = descriptor.annotations.as_ref().unwrap_or(&none);
    verify(Evidence { media_type: &descriptor.media_type, annotations, bytes }, digest, grounds, 0)
}

fn code(answer: Result<Verified, SignatureError>) -> &'static str {
    answer.map_or_else(|error| error.code(), |_| "holds")
}

fn signed(key: &SoftKey) -> Image {
    let annotations = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
    let (payload, signature) = sign_simple("registry.example/app", &image(), &annotations, key).unwrap();
    add(None, &Layer::Signature { payload: &payload, signature: &signature }).unwrap()
}

fn bundled(key: &SoftKey, predicate: &Predicate) -> Vec<u8> {
    let annotations = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
    let statement = statement::write("app", &image(), &annotations, predicate, b"{}").unwrap();
    seal_bundle(&statement, key).unwrap()
}

fn bundle(bytes: &[u8], digest: &ClaimedDigest, grounds: &Grounds) -> Result<Verified, SignatureError> {
    verify(Evidence { media_type: BUNDLE, annotations: &Annotations::new(), bytes }, digest, grounds, 0)
}

#[test]
fn our_signatures_hold_in_both_layouts() {
    for algorithm in ALGORITHMS {
        let key = SoftKey::generate(algorithm).unwrap();
        let Verified::Signature(tagged) = layer(&signed(&key).layer, &image(), &grounds(&key)).unwrap()
        else {
            panic!("a signature is a statement")
        };
        assert_eq!(tagged.reference.as_deref(), Some("registry.example/app"));
        assert_eq!(tagged.by, By::Key(grounds(&key).keys[0].fingerprint()));
        let Verified::Signature(referring) =
            bundle(&bundled(&key, &Predicate::Signature), &image(), &grounds(&key)).unwrap()
        else {
            panic!("a signature is a statement")
        };
        for signature in [tagged, referring] {
            let wanted = |value: &str| BTreeMap::from([("env".to_owned(), value.to_owned())]);
            signature.require(&wanted("prod")).unwrap();
            assert_eq!(signature.require(&wanted("dev")).unwrap_err().code(), "E-trust-signature-annotation");
        }
    }
}

#[test]
fn what_is_signed_holds_for_its_image_and_its_key_alone() {
    let (key, other) = (SoftKey::generate(ALGORITHMS[1]).unwrap(), SoftKey::generate(ALGORITHMS[1]).unwrap());
    let image2: ClaimedDigest = Digest::of(b"another image").into();
    let (tagged, referring) = (signed(&key).layer, bundled(&key, &Predicate::Signature));
    assert_eq!(code(layer(&tagged, &image2, &grounds(&key))), "E-trust-signature-digest");
    assert_eq!(code(layer(&tagged, &image(), &grounds(&other))), "E-trust-signature-key");
    assert_eq!(code(bundle(&referring, &image2, &grounds(&key))), "E-trust-signature-digest");
    assert_eq!(code(bundle(&referring, &image(), &grounds(&other))), "E-trust-signature-key");
    assert_eq!(code(layer(&tagged, &image(), &Grounds::default())), "E-trust-signature-material");
    assert_eq!(code(bundle(&referring, &image(), &Grounds::default())), "E-trust-signature-material");
}

#[test]
fn a_layer_without_its_signature_is_unsigned() {
    let key = SoftKey::generate(ALGORITHMS[0]).unwrap();
    let (mut descriptor, bytes) = signed(&key).layer;
    descriptor.annotations = None;
    assert_eq!(code(layer(&(descriptor, bytes), &image(), &grounds(&key))), "E-trust-signature-none");
}

#[test]
fn attestations_say_what_was_said() {
    let key = SoftKey::generate(ALGORITHMS[1]).unwrap();
    let said = br#"{"scanner":{"result":[1,2]}}"#;
    let statement =
        statement::write("app", &image(), &BTreeMap::new(), &Predicate::Vulnerabilities, said).unwrap();
    let envelope = dsse::seal(PAYLOAD_TYPE, &statement, &key).unwrap();
    let tagged =
        add(None, &Layer::Attestation { envelope: &envelope, predicate: &Predicate::Vulnerabilities })
            .unwrap();
    for answer in [
        layer(&tagged.layer, &image(), &grounds(&key)),
        bundle(&seal_bundle(&statement, &key).unwrap(), &image(), &grounds(&key)),
    ] {
        let Verified::Statement(verified) = answer.unwrap() else { panic!("a statement is a signature") };
        assert_eq!(verified.statement.predicate(), &Predicate::Vulnerabilities);
        let read: serde_json::Value = verified.statement.said().unwrap();
        assert_eq!(read.pointer("/scanner/result/1"), Some(&2.into()));
    }
}

#[test]
fn payloads_that_want_more_understood_are_refused() {
    let key = SoftKey::generate(ALGORITHMS[0]).unwrap();
    let of = |payload: &str| {
        let signature = key.sign(payload.as_bytes()).unwrap();
        let layer = Layer::Signature { payload: payload.as_bytes(), signature: &signature };
        code(super::tests::layer(&add(None, &layer).unwrap().layer, &image(), &grounds(&key)))
    };
    let whole = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":""}},"image":{{"docker-manifest-digest":"{}"}},"type":"cosign container image signature"}},"optional":null}}"#,
        image()
    );
    assert_eq!(of(&whole), "holds");
    assert_eq!(of(&whole.replace("cosign container image", "atomic container")), "E-trust-signature-type");
    assert_eq!(of(&whole.replace(r#""type":"#, r#""more":1,"type":"#)), "E-trust-signature-malformed");
    assert_eq!(of(&whole.replace(r#""type":"#, r#""type":"x","type":"#)), "E-trust-signature-malformed");
    assert_eq!(of("{}"), "E-trust-signature-malformed");
}

#[test]
fn bundles_of_unknown_versions_are_refused() {
    let key = SoftKey::generate(ALGORITHMS[0]).unwrap();
    let text = String::from_utf8(bundled(&key, &Predicate::Custom)).unwrap();
    assert_eq!(code(bundle(text.as_bytes(), &image(), &grounds(&key))), "holds");
    let newer = text.replace("bundle.v0.3", "bundle.v0.4");
    assert_eq!(code(bundle(newer.as_bytes(), &image(), &grounds(&key))), "E-trust-signature-type");
    let certificate = text.replace(r#""publicKey":{"#, r#""certificate":{"rawBytes":"AA=="},"publicKey":{"#);
    assert_eq!(code(bundle(certificate.as_bytes(), &image(), &grounds(&key))), "E-trust-signature-material");
}

#[test]
fn more_signatures_are_added_to_those_that_are_there() {
    let keys = [SoftKey::generate(ALGORITHMS[0]).unwrap(), SoftKey::generate(ALGORITHMS[0]).unwrap()];
    let first = signed(&keys[0]);
    let there: Manifest = serde_json::from_slice(&first.manifest).unwrap();
    let (payload, signature) = sign_simple("app", &image(), &BTreeMap::new(), &keys[1]).unwrap();
    let layer = Layer::Signature { payload: &payload, signature: &signature };
    let both = add(Some(there), &layer).unwrap();
    let both: Manifest = serde_json::from_slice(&both.manifest).unwrap();
    assert_eq!(both.layers[0], first.layer.0);
    assert_eq!(both.layers.len(), 2);
    let again: Manifest = serde_json::from_slice(&add(Some(both), &layer).unwrap().manifest).unwrap();
    assert_eq!(again.layers.len(), 2);
}

#[test]
fn tags_are_cosigns() {
    let hex = image().hex();
    assert_eq!(tags(&image()), [format!("sha256-{hex}.sig"), format!("sha256-{hex}.att")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is changed in what is signed, it no longer holds.
    #[test]
    fn a_changed_byte_is_noticed(at in 0_usize..10_000, bit in 0_u8..8) {
        let key = SoftKey::from_seed(&[7; 32]).unwrap();
        let (descriptor, mut bytes) = signed(&key).layer;
        let index = at % bytes.len();
        bytes[index] ^= 1 << bit;
        prop_assert!(layer(&(descriptor, bytes), &image(), &grounds(&key)).is_err());
    }

    /// Annotations come back as they were signed, whatever is in them.
    #[test]
    fn annotations_survive(annotations in proptest::collection::btree_map(".{0,20}", ".{0,20}", 0..5)) {
        let key = SoftKey::from_seed(&[7; 32]).unwrap();
        let (payload, signature) = sign_simple("app", &image(), &annotations, &key).unwrap();
        let image_of = add(None, &Layer::Signature { payload: &payload, signature: &signature }).unwrap();
        let Ok(Verified::Signature(verified)) = layer(&image_of.layer, &image(), &grounds(&key)) else {
            return Err(TestCaseError::fail("it does not hold"));
        };
        prop_assert_eq!(verified.annotations, annotations);
    }
}
