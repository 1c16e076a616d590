//! The JWS envelope: notaryproject/specifications, signature-envelope-jws.md; RFC 7515 in its flattened JSON form.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::envelope::{
    AUTHENTIC_TIME, Algorithm, EXPIRY, Envelope, Headers, SIGNING_SCHEME, SIGNING_TIME, few, malformed,
    unknown_algorithm,
};
use crate::foreign::Hash;

use crate::signature::{Result, SignatureError, lenient, shown, strict_url};

/// What an error calls it.
const WHAT: &str = "the JWS envelope";

/// "No additional top level fields are supported."
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    payload: String,
    protected: String,
    header: Unprotected,
    signature: String,
}

#[derive(Deserialize)]
struct Unprotected {
    #[serde(default)]
    x5c: Vec<String>,
}

/// Everything that is signed beside the payload. Headers that nobody knows are passed over unless they are critical.
#[derive(Deserialize)]
struct Protected {
    alg: String,
    #[serde(default)]
    cty: Option<String>,
    #[serde(default)]
    crit: Vec<String>,
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

/// Takes an envelope apart.
pub(super) fn parse(bytes: &[u8]) -> Result<Envelope> {
    let wire: Wire = serde_json::from_slice(bytes).map_err(SignatureError::malformed(WHAT))?;
    let protected = strict_url(WHAT, &wire.protected)?;
    let protected: Protected =
        serde_json::from_slice(&protected).map_err(SignatureError::malformed("the protected header"))?;
    let chain = wire.header.x5c.iter().map(|text| lenient(WHAT, text)).collect::<Result<Vec<_>>>()?;
    few(&chain)?;
    Ok(Envelope {
        message: [&wire.protected, ".", &wire.payload].concat().into_bytes(),
        signature: strict_url(WHAT, &wire.signature)?,
        algorithm: algorithm(&protected.alg)?,
        payload: strict_url(WHAT, &wire.payload)?,
        claims: headers(protected)?.claims()?,
        chain,
    })
}

fn headers(protected: Protected) -> Result<Headers> {
    let text = |name: &str| match protected.other.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(malformed(&format!("`{name}` is no text"))),
    };
    let time = |name: &str| {
        let parsed = text(name)?.map(|text| parse_time(text).ok_or_else(|| unread(name, text)));
        parsed.transpose()
    };
    // What is demanded has to be there: a name in the list without a header would demand nothing.
    if let Some(absent) = protected.crit.iter().find(|name| !protected.other.contains_key(*name)) {
        return Err(SignatureError::Critical(shown(absent)));
    }
    Ok(Headers {
        scheme: text(SIGNING_SCHEME)?.map(str::to_owned),
        signing_time: time(SIGNING_TIME)?,
        authentic_time: time(AUTHENTIC_TIME)?,
        expiry: time(EXPIRY)?,
        content_type: protected.cty,
        critical: protected.crit,
    })
}

fn unread(name: &str, text: &str) -> SignatureError {
    malformed(&format!("`{name}` is no time: `{}`", shown(text)))
}

/// "Mapping of the Notary Project signature approved algorithms to JWS `alg` header values".
fn algorithm(name: &str) -> Result<Algorithm> {
    Ok(match name {
        "PS256" => Algorithm::Pss(Hash::Sha256),
        "PS384" => Algorithm::Pss(Hash::Sha384),
        "PS512" => Algorithm::Pss(Hash::Sha512),
        "ES256" => Algorithm::Ecdsa(Hash::Sha256),
        "ES384" => Algorithm::Ecdsa(Hash::Sha384),
        other => return Err(unknown_algorithm(other)),
    })
}

fn parse_time(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}
