use model::digest::Digest;
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

use super::cbor::{write_bytes, write_head, write_text};
use super::*;
use crate::evidence::{Evidence, Grounds, Verified, verify};
use crate::signature::standard;

/// 2026-01-01, within the validity of what is made here.
const NOW: i64 = 1_767_225_600;
const SUBJECT: &str = "x509.subject: C=US, ST=WA, O=example, CN=build";

fn image() -> ClaimedDigest {
    Digest::of(b"image").into()
}

/// A signer below an authority.
struct Signer {
    pair: EcdsaKeyPair,
    chain: Vec<Vec<u8>>,
}

type Change = fn(&mut CertificateParams);

fn params(name: &str, change: Change) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    let subject = [
        (DnType::CountryName, "US"),
        (DnType::StateOrProvinceName, "WA"),
        (DnType::OrganizationName, "example"),
        (DnType::CommonName, name),
    ];
    subject.into_iter().for_each(|(kind, text)| params.distinguished_name.push(kind, text));
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2027, 1, 1));
    change(&mut params);
    params
}

fn authority(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
}

fn code_signer(params: &mut CertificateParams) {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
}

impl Signer {
    fn new(leaf: Change, root: Change) -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &SystemRandom::new())
                .unwrap();
        let key = KeyPair::try_from(pkcs8.as_ref()).unwrap();
        let root_key = KeyPair::generate().unwrap();
        let root = params("root", root);
        let issuer = root.self_signed(&root_key).unwrap().der().to_vec();
        let leaf = params("build", leaf).signed_by(&key, &Issuer::new(root, root_key)).unwrap();
        Self { pair, chain: vec![leaf.der().to_vec(), issuer] }
    }

    fn usual() -> Self {
        Self::new(code_signer, authority)
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }

    fn policy(&self, identity: &str) -> Grounds {
        let roots = vec![Certificate::parse(self.chain.last().unwrap()).unwrap()];
        let identities = Identities::parse([identity]).unwrap();
        let policy = TrustPolicy { roots: roots.clone(), signing_authorities: Vec::new(), identities };
        Grounds { notation: Some(policy), ..Grounds::default() }
    }

    fn jws(&self, change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut protected = json!({
            "alg": "ES256",
            "cty": envelope::PAYLOAD_TYPE,
            "crit": [envelope::SIGNING_SCHEME],
            envelope::SIGNING_SCHEME: "notary.x509",
            envelope::SIGNING_TIME: "2025-12-31T00:00:00Z",
        });
        change(&mut protected);
        let url =
            |text: String| standard(text.as_bytes()).replace('+', "-").replace('/', "_").replace('=', "");
        let (protected, payload) = (url(protected.to_string()), url(payload()));
        let signature = self.sign(format!("{protected}.{payload}").as_bytes());
        let signature = standard(&signature).replace('+', "-").replace('/', "_").replace('=', "");
        let x5c: Vec<_> = self.chain.iter().map(|der| standard(der)).collect();
        let envelope = json!({
            "payload": payload, "protected": protected, "header": {"x5c": x5c}, "signature": signature,
        });
        envelope.to_string().into_bytes()
    }

    fn cose(&self) -> Vec<u8> {
        let mut protected = Vec::new();
        write_head(&mut protected, 5, 5);
        write_head(&mut protected, 0, 1);
        write_head(&mut protected, 1, 6);
        write_head(&mut protected, 0, 2);
        write_head(&mut protected, 4, 1);
        write_text(&mut protected, envelope::SIGNING_SCHEME);
        write_head(&mut protected, 0, 3);
        write_text(&mut protected, envelope::PAYLOAD_TYPE);
        write_text(&mut protected, envelope::SIGNING_SCHEME);
        write_text(&mut protected, "notary.x509");
        write_text(&mut protected, envelope::SIGNING_TIME);
        write_head(&mut protected, 6, 1);
        write_head(&mut protected, 0, NOW.unsigned_abs());
        let mut message = Vec::new();
        write_head(&mut message, 4, 4);
        write_text(&mut message, "Signature1");
        for part in [&protected[..], b"", payload().as_bytes()] {
            write_bytes(&mut message, part);
        }
        let mut out = Vec::new();
        write_head(&mut out, 6, 18);
        write_head(&mut out, 4, 4);
        write_bytes(&mut out, &protected);
        write_head(&mut out, 5, 1);
        write_head(&mut out, 0, 33);
        write_head(&mut out, 4, self.chain.len() as u64);
        self.chain.iter().for_each(|der| write_bytes(&mut out, der));
        write_bytes(&mut out, payload().as_bytes());
        write_bytes(&mut out, &self.sign(&message));
        out
    }
}

fn payload() -> String {
    let annotations = json!({"io.example.build": "7"});
    let target = json!({
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": image().to_string(), "size": 5,
        "annotations": annotations,
    });
    json!({ "targetArtifact": target }).to_string()
}

fn judge(
    media_type: &str,
    bytes: &[u8],
    digest: &ClaimedDigest,
    grounds: &Grounds,
    now: i64,
) -> &'static str {
    let annotations = model::oci::Annotations::new();
    let answer = verify(Evidence { media_type, annotations: &annotations, bytes }, digest, grounds, now);
    match answer {
        Ok(Verified::Signature(signature)) => {
            assert_eq!(signature.annotations.get("io.example.build").map(String::as_str), Some("7"));
            assert!(signature.by.to_string().contains("CN=build"), "{}", signature.by);
            "holds"
        }
        Ok(Verified::Statement(_)) => "a statement",
        Err(error) => error.code(),
    }
}

fn jws(signer: &Signer, change: impl FnOnce(&mut Value)) -> &'static str {
    judge(JWS, &signer.jws(change), &image(), &signer.policy(SUBJECT), NOW)
}

#[test]
fn a_file_has_as_many_certificates_as_it_has() {
    let signer = Signer::usual();
    let line = x509_cert::der::pem::LineEnding::LF;
    let pem = |label: &str, der: &[u8]| x509_cert::der::pem::encode_string(label, line, der).unwrap();
    let both: String = signer.chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
    let subjects = |bytes: &[u8]| -> Vec<String> {
        Certificate::parse_all(bytes).unwrap().iter().map(Certificate::subject).collect()
    };
    assert_eq!(subjects(both.as_bytes()).len(), 2);
    assert_eq!(subjects(&signer.chain[1]), subjects(both.as_bytes())[1..]);
    let code = |text: &str| Certificate::parse_all(text.as_bytes()).unwrap_err().code();
    assert_eq!(code(&format!("{both}{}", pem("PUBLIC KEY", b"key"))), "E-trust-pem");
    assert_eq!(code(&format!("{both}-----BEGIN CERTIFICATE-----\n")), "E-trust-signature-malformed");
    assert_eq!(code(&both.repeat(501)), "E-trust-signature-limit");
    assert_eq!(code(""), "E-trust-signature-malformed");
}

#[test]
fn both_envelopes_hold() {
    let signer = Signer::usual();
    assert_eq!(jws(&signer, |_| ()), "holds");
    assert_eq!(judge(COSE, &signer.cose(), &image(), &signer.policy(SUBJECT), NOW), "holds");
    assert_eq!(judge(COSE, &signer.cose(), &image(), &signer.policy("*"), NOW), "holds");
}

#[test]
fn a_signature_holds_for_its_image_and_its_roots_alone() {
    let (signer, other) = (Signer::usual(), Signer::usual());
    let another: ClaimedDigest = Digest::of(b"another").into();
    for (media_type, bytes) in [(JWS, signer.jws(|_| ())), (COSE, signer.cose())] {
        let policy = signer.policy(SUBJECT);
        assert_eq!(judge(media_type, &bytes, &another, &policy, NOW), "E-trust-signature-digest");
        assert_eq!(judge(media_type, &bytes, &image(), &other.policy("*"), NOW), "E-trust-certificate-root");
        let nothing = Grounds::default();
        assert_eq!(judge(media_type, &bytes, &image(), &nothing, NOW), "E-trust-signature-material");
        let foreign = signer.policy("x509.subject: C=US, ST=WA, O=example, CN=somebody");
        assert_eq!(judge(media_type, &bytes, &image(), &foreign, NOW), "E-trust-signature-signer");
    }
}

#[test]
fn certificates_end_and_begin() {
    let signer = Signer::usual();
    let at = |now| judge(JWS, &signer.jws(|_| ()), &image(), &signer.policy(SUBJECT), now);
    assert_eq!(at(NOW + 366 * 86_400), "E-trust-signature-expired");
    assert_eq!(at(NOW - 366 * 86_400), "E-trust-signature-early");
}

#[test]
fn a_signature_ends_when_its_signer_says() {
    let signer = Signer::usual();
    let expiring = |when: &'static str| {
        jws(&signer, |protected| {
            protected[envelope::EXPIRY] = when.into();
            protected["crit"] = json!([envelope::SIGNING_SCHEME, envelope::EXPIRY]);
        })
    };
    assert_eq!(expiring("2026-01-01T00:00:01Z"), "holds");
    assert_eq!(expiring("2026-01-01T00:00:00Z"), "E-trust-signature-expired");
    assert_eq!(expiring("tomorrow"), "E-trust-signature-malformed");
}

#[test]
fn headers_that_are_not_understood_are_refused_where_they_are_critical() {
    let signer = Signer::usual();
    let plugin = "io.cncf.notary.verificationPlugin";
    let with = |critical: Value| {
        jws(&signer, |protected| {
            protected[plugin] = "hsm".into();
            protected["crit"] = critical;
        })
    };
    assert_eq!(with(json!([envelope::SIGNING_SCHEME])), "holds");
    assert_eq!(with(json!([envelope::SIGNING_SCHEME, plugin])), "E-trust-signature-critical");
    assert_eq!(with(json!([envelope::SIGNING_SCHEME, "absent"])), "E-trust-signature-critical");
    assert_eq!(with(json!([])), "E-trust-signature-malformed");
}

#[test]
fn the_key_decides_the_algorithm() {
    let signer = Signer::usual();
    let with = |algorithm: &'static str| jws(&signer, |protected| protected["alg"] = algorithm.into());
    for algorithm in ["ES384", "PS256", "none", "HS256", "ES512", "RS256"] {
        assert_eq!(with(algorithm), "E-trust-signature-algorithm", "{algorithm}");
    }
}

#[test]
fn other_schemes_types_and_times_are_refused() {
    let signer = Signer::usual();
    let with = |name: &'static str, value: Value| jws(&signer, |protected| protected[name] = value);
    assert_eq!(with(envelope::SIGNING_SCHEME, "notary.pgp".into()), "E-trust-signature-type");
    assert_eq!(with("cty", "text/plain".into()), "E-trust-signature-type");
    let authority = "notary.x509.signingAuthority";
    assert_eq!(with(envelope::SIGNING_SCHEME, authority.into()), "E-trust-signature-malformed");
}

#[test]
fn a_certificate_that_may_not_sign_code_signs_nothing() {
    let refused: [(Change, Change); 6] = [
        (|params| params.key_usages = vec![KeyUsagePurpose::KeyEncipherment], authority),
        (|_| (), authority),
        (
            |params| {
                code_signer(params);
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            },
            authority,
        ),
        (
            |params| {
                code_signer(params);
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            },
            authority,
        ),
        (code_signer, |params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]),
        (code_signer, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
    ];
    for (at, (leaf, root)) in refused.into_iter().enumerate() {
        assert_eq!(jws(&Signer::new(leaf, root), |_| ()), "E-trust-certificate", "{at}");
    }
}

#[test]
fn a_chain_is_in_order_and_whole() {
    let whole = Signer::usual();
    for order in [vec![1, 0], vec![0], vec![0, 0, 1], vec![0, 1, 1, 0]] {
        let mut signer = Signer::usual();
        signer.chain = order.iter().map(|at| signer.chain[*at].clone()).collect();
        let judged = judge(JWS, &signer.jws(|_| ()), &image(), &whole.policy("*"), NOW);
        assert_eq!(judged, "E-trust-certificate", "{order:?}");
    }
    let mut stranger = Signer::usual();
    stranger.chain[1] = whole.chain[1].clone();
    assert_eq!(jws(&stranger, |_| ()), "E-trust-certificate");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is changed of an envelope, it holds no longer, or says the same.
    #[test]
    fn a_changed_byte_changes_nothing_that_is_believed(at in 0_usize..100_000, bit in 0_u8..8, cose in any::<bool>()) {
        let signer = Signer::usual();
        let (media_type, mut bytes) = if cose { (COSE, signer.cose()) } else { (JWS, signer.jws(|_| ())) };
        let index = at % bytes.len();
        bytes[index] ^= 1 << bit;
        let another: ClaimedDigest = Digest::of(b"another").into();
        judge(media_type, &bytes, &image(), &signer.policy(SUBJECT), NOW);
        prop_assert_ne!(judge(media_type, &bytes, &another, &signer.policy("*"), NOW), "holds");
    }
}
