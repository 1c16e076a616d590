//! A sigstore instance of a test's own: an authority that vouches for identities, a log of its certificates and a log of
//! signatures, and bundles of version 0.3 as cosign makes them.

// Each test file is a crate of its own and uses what it needs.
#![allow(dead_code, reason = "shared between test crates")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod certificate;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::digest::Digest;
use rcgen::{ExtendedKeyUsagePurpose, KeyPair, PublicKeyData as _, SigningKey as _};
use serde_json::{Value, json};

pub(crate) use certificate::Authority;

/// Midnight on 2025-01-01, when every certificate begins.
pub(crate) const BEGIN: i64 = 1_735_689_600;
/// How long a certificate is good, in seconds.
pub(crate) const MINUTES: i64 = 600;
/// Who signs, and who says so.
pub(crate) const SUBJECT: &str = "ci@example.org";
pub(crate) const ISSUER: &str = "https://accounts.example";

/// What an envelope is around.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Everybody who is trusted.
pub(crate) struct Instance {
    pub(crate) authority: Authority,
    /// Of certificates.
    pub(crate) witness: KeyPair,
    /// Of signatures.
    pub(crate) log: KeyPair,
}

/// How a bundle is made; each part may be somebody else's than the instance's.
pub(crate) struct Making<'a> {
    pub(crate) authority: &'a Authority,
    /// Whose word there is that the certificate was logged.
    pub(crate) witness: Option<&'a KeyPair>,
    /// Who promises to log the signature.
    pub(crate) promises: &'a KeyPair,
    /// Who says what the log has.
    pub(crate) proves: &'a KeyPair,
    pub(crate) purpose: ExtendedKeyUsagePurpose,
    /// When the log was told.
    pub(crate) time: i64,
}

impl Instance {
    pub(crate) fn new() -> Self {
        let key = || KeyPair::generate().unwrap();
        Self { authority: Authority::new(), witness: key(), log: key() }
    }

    /// As it is done right.
    pub(crate) fn making(&self) -> Making<'_> {
        Making {
            authority: &self.authority,
            witness: Some(&self.witness),
            promises: &self.log,
            proves: &self.log,
            purpose: ExtendedKeyUsagePurpose::CodeSigning,
            time: BEGIN + MINUTES / 2,
        }
    }

    /// `trusted_root.json`
    pub(crate) fn root(&self) -> Value {
        let start = json!({ "start": "2024-01-01T00:00:00Z" });
        let log = |key: &KeyPair| {
            json!({
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": STANDARD.encode(key.subject_public_key_info()),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": start,
                },
                "logId": { "keyId": STANDARD.encode(id(key)) },
            })
        };
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(&self.log)],
            "ctlogs": [log(&self.witness)],
            "certificateAuthorities": [{
                "subject": { "organization": "example", "commonName": "authority" },
                "uri": "https://authority.example",
                "certChain": { "certificates": [{ "rawBytes": STANDARD.encode(self.authority.certificate()) }] },
                "validFor": start,
            }],
            "timestampAuthorities": [],
        })
    }
}

/// What a log calls itself: the hash of its key.
fn id(key: &KeyPair) -> [u8; 32] {
    *Digest::of(&key.subject_public_key_info()).as_bytes()
}

impl Making<'_> {
    /// A bundle around a statement.
    pub(crate) fn bundle(&self, statement: &[u8]) -> Value {
        let signer = KeyPair::generate().unwrap();
        let certificate = self.authority.certify(&signer, self.purpose.clone(), self.witness);
        let signature = STANDARD.encode(signer.sign(&encoded(statement)).unwrap());
        let envelope = json!({
            "payload": STANDARD.encode(statement),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{ "sig": signature }],
        });
        let body = body(&envelope, statement, &signature, &certificate);
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": { "rawBytes": STANDARD.encode(&certificate) },
                "tlogEntries": [self.entry(body.as_bytes())],
            },
            "dsseEnvelope": envelope,
        })
    }

    /// The second of the two that the log has; others came long before.
    fn entry(&self, body: &[u8]) -> Value {
        let (index, sibling) = (7, Digest::of(b"another entry"));
        let leaf = Digest::of(&[&[0], body].concat());
        let root = Digest::of(&[&[1], sibling.as_bytes().as_slice(), leaf.as_bytes()].concat());
        let root = STANDARD.encode(root.as_bytes());
        json!({
            "logIndex": index.to_string(),
            "logId": { "keyId": STANDARD.encode(id(self.promises)) },
            "kindVersion": { "kind": "dsse", "version": "0.0.1" },
            "integratedTime": self.time.to_string(),
            "inclusionPromise": { "signedEntryTimestamp": self.promise(body, index) },
            "inclusionProof": {
                "logIndex": "1",
                "rootHash": root,
                "treeSize": "2",
                "hashes": [STANDARD.encode(sibling.as_bytes())],
                "checkpoint": { "envelope": self.checkpoint(&root) },
            },
            "canonicalizedBody": STANDARD.encode(body),
        })
    }

    /// Rekor's signed entry timestamp, over an object with its names in order (RFC 8785).
    fn promise(&self, body: &[u8], index: i64) -> String {
        let log = hex(&id(self.promises));
        let (body, time) = (STANDARD.encode(body), self.time);
        let said =
            format!(r#"{{"body":"{body}","integratedTime":{time},"logID":"{log}","logIndex":{index}}}"#);
        STANDARD.encode(self.promises.sign(said.as_bytes()).unwrap())
    }

    /// A signed note: C2SP, signed-note.md and tlog-checkpoint.md.
    fn checkpoint(&self, root: &str) -> String {
        let note = format!("log.example - 1\n2\n{root}\n");
        let hint = id(self.proves).into_iter().take(4);
        let signed: Vec<u8> = hint.chain(self.proves.sign(note.as_bytes()).unwrap()).collect();
        format!("{note}\n\u{2014} log.example {}\n", STANDARD.encode(signed))
    }
}

/// What of an envelope is signed: its pre-authentication encoding.
fn encoded(statement: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), statement.len());
    [head.as_bytes(), statement].concat()
}

/// Rekor's entry of a DSSE envelope, 0.0.1.
fn body(envelope: &Value, statement: &[u8], signature: &str, certificate: &[u8]) -> String {
    let hash = |bytes: &[u8]| json!({ "algorithm": "sha256", "value": Digest::of(bytes).hex() });
    let body = json!({
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {
            "envelopeHash": hash(envelope.to_string().as_bytes()),
            "payloadHash": hash(statement),
            "signatures": [{ "signature": signature, "verifier": STANDARD.encode(pem(certificate)) }],
        },
    });
    body.to_string()
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
