//! What nobody signed, made of what somebody did: evidence beside another image, and evidence that says something else.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::conformance::sigstore::repository::{Repository, with};
use crate::conformance::sigstore::scene::Image;
use crate::shell::{self, Outcome};

/// Where evidence lies beside an image.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// Under a tag made of the digest, which ends so.
    Tag(&'static str),
    /// As what refers to the image.
    Referrer,
}

impl Beside {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tag(_) => "tag",
            Self::Referrer => "referrer",
        }
    }

    /// The manifest of the only evidence there.
    fn find(self, there: &Repository<'_>, digest: &str) -> Outcome<Value> {
        match self {
            Self::Tag(end) => there.manifest(&tag(digest, end)),
            Self::Referrer => {
                let all = there.referrers(digest)?;
                let [one] = all.as_slice() else {
                    return Err(format!("{digest} has {} referrers", all.len()));
                };
                let found = one.get("digest").and_then(Value::as_str).ok_or("a referrer has no digest")?;
                there.manifest(found)
            }
        }
    }

    fn put(self, there: &Repository<'_>, manifest: Value, digest: &str) -> Outcome {
        match self {
            Self::Tag(end) => there.put_manifest(Some(&tag(digest, end)), &manifest).map(drop),
            Self::Referrer => {
                let subject = there.descriptor(digest)?;
                there.put_referrer(&with(manifest, "subject", subject), digest)
            }
        }
    }
}

/// Puts the evidence beside one image beside another, as it is.
pub(crate) fn moved(there: &Repository<'_>, beside: Beside, from: &Image, to: &Image) -> Outcome {
    beside.put(there, beside.find(there, from.digest())?, to.digest())
}

/// Puts the evidence beside one image beside another, where it says something that nobody signed.
pub(crate) fn changed(there: &Repository<'_>, beside: Beside, from: &Image, to: &Image) -> Outcome {
    let manifest = beside.find(there, from.digest())?;
    let layer = manifest.pointer("/layers/0").cloned().ok_or("the evidence has no layer")?;
    let digest = layer.get("digest").and_then(Value::as_str).ok_or("the layer has no digest")?;
    let bytes = rewritten(&there.blob(digest)?, from.digest(), to.digest())?;
    let put = there.put_blob(&bytes)?;
    beside.put(there, with(manifest, "layers", json!([put.described(&layer)])), to.digest())
}

/// The same about another image, whether its own is named as it is or in a payload in base64.
fn rewritten(bytes: &[u8], from: &str, to: &str) -> Outcome<Vec<u8>> {
    let names = [hex(from), hex(to)];
    if let Some(plain) = replaced(bytes, names) {
        return Ok(plain);
    }
    let mut document: Value = serde_json::from_slice(bytes).map_err(|error| format!("evidence: {error}"))?;
    let place = if document.get("dsseEnvelope").is_some() { "/dsseEnvelope/payload" } else { "/payload" };
    // Only JWS has its signature beside its payload, and only JWS has the alphabet for addresses.
    let alphabet = if document.get("signature").is_some() { "--base64url" } else { "--base64" };
    let payload = document.pointer_mut(place).ok_or("the evidence has no payload")?;
    let text = payload.as_str().ok_or("the payload is no text")?;
    let signed = basenc(&["--decode", alphabet], padded(text).as_bytes())?;
    let forged = replaced(&signed, names).ok_or("the payload does not name the image")?;
    let forged = basenc(&["--wrap=0", alphabet], &forged)?;
    let forged = String::from_utf8(forged).map_err(|_| "basenc writes no text")?;
    let kept = if text.ends_with('=') { forged.as_str() } else { forged.trim_end_matches('=') };
    *payload = json!(kept);
    Ok(document.to_string().into_bytes())
}

/// With what JWS leaves out.
fn padded(text: &str) -> String {
    format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4))
}

/// What coreutils' `basenc` makes of the bytes.
fn basenc(options: &[&str], bytes: &[u8]) -> Outcome<Vec<u8>> {
    let failed = |error: std::io::Error| format!("basenc: {error}");
    let mut command = shell::program("basenc", options);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut input = child.stdin.take().ok_or("basenc reads nothing")?;
    let output = std::thread::scope(|scope| {
        let fed = scope.spawn(move || input.write_all(bytes));
        let output = child.wait_with_output().map_err(failed)?;
        fed.join().map_err(|_| "basenc was not fed".to_owned())?.map_err(failed)?;
        Ok::<_, String>(output)
    })?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(format!("basenc failed ({})", output.status))
    }
}

/// The bytes with one text in place of another of the same length; `None` where it is not there.
fn replaced(bytes: &[u8], [from, to]: [&str; 2]) -> Option<Vec<u8>> {
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes())?;
    let mut replaced = bytes.to_vec();
    replaced.splice(at..at + from.len(), to.bytes());
    Some(replaced)
}

/// The digest without its algorithm.
fn hex(digest: &str) -> &str {
    digest.split_once(':').map_or(digest, |(_, hex)| hex)
}

fn tag(digest: &str, end: &str) -> String {
    format!("{}.{end}", digest.replacen(':', "-", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "sha256:1111";
    const TWO: &str = "sha256:2222";

    #[test]
    fn evidence_names_another_image_afterwards() {
        let rewritten =
            |text: &str| String::from_utf8(rewritten(text.as_bytes(), ONE, TWO).unwrap()).unwrap();
        assert_eq!(rewritten(r#"{"digest":"sha256:1111"}"#), r#"{"digest":"sha256:2222"}"#);
        // `<image 1111>` and `<image 2222>`.
        assert_eq!(rewritten(r#"{"payload":"PGltYWdlIDExMTE+"}"#), r#"{"payload":"PGltYWdlIDIyMjI+"}"#);
        let jws = r#"{"payload":"PGltYWdlIDExMTE_Pg","signature":""}"#;
        assert_eq!(rewritten(jws), r#"{"payload":"PGltYWdlIDIyMjI_Pg","signature":""}"#);
        let bundle = r#"{"dsseEnvelope":{"payload":"MTExMQ=="}}"#;
        assert_eq!(rewritten(bundle), r#"{"dsseEnvelope":{"payload":"MjIyMg=="}}"#);
    }

    #[test]
    fn evidence_about_nothing_is_no_material() {
        let error = rewritten(br#"{"payload":"PGltYWdlPg=="}"#, ONE, TWO).unwrap_err();
        assert_eq!(error, "the payload does not name the image");
    }
}
