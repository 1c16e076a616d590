//! What cosign 2 keeps of a signature without a key: the certificate, and the log's promise, in annotations. Put into
//! a bundle of version 0.1, which has the same, it is verified as every bundle is.

use model::digest::Digest;
use model::oci::Annotations;
use serde::Deserialize;
use serde_json::{Value, json};
use x509_cert::der::pem;

use super::{CERTIFICATE, SIGNATURE};
use crate::signature::{Result, SignatureError, lenient, shown, standard};

/// The annotation with the certificates above the signer's, in PEM.
const CHAIN: &str = "dev.sigstore.cosign/chain";
/// The annotation with the log's entry and promise.
const PROMISE: &str = "dev.sigstore.cosign/bundle";
/// The version of bundles that needs no proof beside the promise.
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";
/// Bytes of an annotation; the log's entry of an attestation has its envelope in it.
const MOST_BYTES: usize = 16 << 20;
/// Certificates above the signer's.
const MOST_CERTIFICATES: usize = 10;
/// What an error calls it.
const WHAT: &str = "what cosign 2 keeps of a signature";

#[derive(Deserialize)]
struct Promise {
    #[serde(rename = "SignedEntryTimestamp")]
    promise: String,
    #[serde(rename = "Payload")]
    entry: Entry,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    body: String,
    integrated_time: i64,
    log_index: i64,
    #[serde(rename = "logID")]
    log_id: String,
}

/// What of an entry says how the rest is to be read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    kind: String,
    api_version: String,
}

/// A bundle around a signature layer.
pub(super) fn signature(payload: &[u8], annotations: &Annotations) -> Result<Vec<u8>> {
    let signature = annotations.get(SIGNATURE).ok_or(SignatureError::Unsigned)?;
    let digest = json!({ "algorithm": "SHA2_256", "digest": standard(Digest::of(payload).as_bytes()) });
    let signed = json!({ "messageDigest": digest, "signature": signature });
    bundle("messageSignature", signed, annotations)
}

/// A bundle around an attestation layer.
pub(super) fn attestation(envelope: &[u8], annotations: &Annotations) -> Result<Vec<u8>> {
    let envelope = serde_json::from_slice(envelope).map_err(SignatureError::malformed(WHAT))?;
    bundle("dsseEnvelope", envelope, annotations)
}

fn bundle(kind: &str, signed: Value, annotations: &Annotations) -> Result<Vec<u8>> {
    let promise = annotations.get(PROMISE).ok_or_else(|| {
        SignatureError::Keyless("no log promises that it was signed while its certificate was valid".into())
    })?;
    SignatureError::fits(WHAT, promise.as_bytes(), MOST_BYTES)?;
    let promise: Promise = serde_json::from_str(promise).map_err(SignatureError::malformed(WHAT))?;
    let bundle = json!({
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {
            "x509CertificateChain": { "certificates": certificates(annotations)? },
            "tlogEntries": [entry(promise)?],
        },
        kind: signed,
    });
    Ok(bundle.to_string().into_bytes())
}

fn entry(Promise { promise, entry }: Promise) -> Result<Value> {
    let body = lenient(WHAT, &entry.body)?;
    let body: Body = serde_json::from_slice(&body).map_err(SignatureError::malformed(WHAT))?;
    let log = model::hex::decode(&entry.log_id)
        .ok_or_else(|| SignatureError::malformed(WHAT)(format!("`{}` is no log", shown(&entry.log_id))))?;
    Ok(json!({
        "logIndex": entry.log_index.to_string(),
        "logId": { "keyId": standard(&log) },
        "kindVersion": { "kind": body.kind, "version": body.api_version },
        "integratedTime": entry.integrated_time.to_string(),
        "inclusionPromise": { "signedEntryTimestamp": promise },
        "canonicalizedBody": entry.body,
    }))
}

/// The signer's certificate, and those above it.
fn certificates(annotations: &Annotations) -> Result<Vec<Value>> {
    let texts = [CERTIFICATE, CHAIN].into_iter().filter_map(|name| annotations.get(name));
    let mut certificates = Vec::new();
    for block in texts.flat_map(|text| text.split_inclusive("-----END CERTIFICATE-----")) {
        if block.trim().is_empty() {
            continue;
        }
        SignatureError::few("certificates of a chain", certificates.len(), MOST_CERTIFICATES)?;
        SignatureError::fits(WHAT, block.as_bytes(), MOST_BYTES)?;
        let (_, der) = pem::decode_vec(block.trim().as_bytes()).map_err(SignatureError::malformed(WHAT))?;
        certificates.push(json!({ "rawBytes": standard(&der) }));
    }
    Ok(certificates)
}
