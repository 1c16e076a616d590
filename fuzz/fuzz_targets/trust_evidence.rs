//! Signatures, attestations, certificates and keys of other people: nothing that a key did not sign holds.
#![cfg_attr(fuzzing, no_main)]

use std::collections::BTreeMap;

use driver::fuzz_target;
use model::digest::Digest;
use trust::cosign::{BUNDLE, DSSE_ENVELOPE, SIMPLE_SIGNING};
use trust::evidence::{Evidence, Grounds, verify};
use trust::foreign::ForeignKey;
use trust::key::{Signer as _, SoftKey};
use trust::notation::{COSE, Certificate, Identities, JWS, TrustPolicy};
use trust::statement::Statement;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let media_type = match first % 8 {
        0 => SIMPLE_SIGNING,
        1 => DSSE_ENVELOPE,
        2 => BUNDLE,
        3 => JWS,
        4 => COSE,
        5 => return drop(Certificate::parse(bytes)),
        6 => return drop(Statement::parse(bytes.to_vec())),
        _ => {
            let text = String::from_utf8_lossy(bytes);
            let _read =
                (ForeignKey::from_pem(&text), ForeignKey::from_der(bytes), Identities::parse([&*text]));
            return;
        }
    };
    let Ok(key) = SoftKey::from_seed(&[7; 32]) else { return };
    let Ok(key) = ForeignKey::try_from(key.public()) else { return };
    let grounds = Grounds { keys: vec![key], keyless: None, notation: Some(TrustPolicy::default()) };
    let signature = ("dev.cosignproject.cosign/signature".to_owned(), "AAAA".to_owned());
    let annotations = BTreeMap::from([signature]);
    let evidence = Evidence { media_type, annotations: &annotations, bytes };
    assert!(verify(evidence, &Digest::of(b"image").into(), &grounds, 0).is_err());
});
