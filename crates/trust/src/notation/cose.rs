//! The COSE envelope: notaryproject/specifications, signature-envelope-cose.md; RFC 9052, COSE_Sign1_Tagged.

use super::cbor::{Item, malformed, write_bytes, write_head, write_text};
use super::envelope::{
    AUTHENTIC_TIME, Algorithm, EXPIRY, Envelope, Headers, SIGNING_SCHEME, SIGNING_TIME, few,
    unknown_algorithm,
};
use crate::foreign::Hash;
use crate::signature::{Result, SignatureError, shown};

/// RFC 9052, section 2: COSE_Sign1.
const SIGN1: u64 = 18;
/// RFC 9052, section 3.1, and RFC 9360: labels of headers.
const ALG: Item<'_> = Item::Number(1);
const CRIT: Item<'_> = Item::Number(2);
const CONTENT_TYPE: Item<'_> = Item::Number(3);
const X5CHAIN: Item<'_> = Item::Number(33);

/// Takes an envelope apart.
pub(super) fn parse(bytes: &[u8]) -> Result<Envelope> {
    let Item::Tagged(SIGN1, inside) = Item::parse(bytes)? else {
        return Err(malformed("it is no COSE_Sign1"));
    };
    let Some(
        [Item::Bytes(protected), unprotected @ Item::Map(_), Item::Bytes(payload), Item::Bytes(signature)],
    ) = inside.list()
    else {
        return Err(malformed("it does not have its four parts"));
    };
    let headers = Item::parse(protected)?;
    let algorithm = algorithm(headers.get(&ALG).and_then(Item::number))?;
    let chain = chain(unprotected.get(&X5CHAIN).or_else(|| headers.get(&X5CHAIN)))?;
    few(&chain)?;
    Ok(Envelope {
        message: to_be_signed(protected, payload),
        signature: signature.to_vec(),
        algorithm,
        claims: read(&headers)?.claims()?,
        payload: payload.to_vec(),
        chain,
    })
}

/// RFC 9052, section 4.4: `Sig_structure = ["Signature1", body_protected, external_aad, payload]`.
fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    write_head(&mut message, 4, 4);
    write_text(&mut message, "Signature1");
    write_bytes(&mut message, protected);
    write_bytes(&mut message, b"");
    write_bytes(&mut message, payload);
    message
}

fn read(headers: &Item<'_>) -> Result<Headers> {
    let time = |name: &'static str| match headers.get(&Item::Text(name)) {
        None => Ok(None),
        Some(item) => item.time().map(Some).ok_or_else(|| malformed(&format!("`{name}` is no time"))),
    };
    let text = |label: &Item<'_>| headers.get(label).and_then(Item::text).map(str::to_owned);
    Ok(Headers {
        content_type: text(&CONTENT_TYPE),
        scheme: text(&Item::Text(SIGNING_SCHEME)),
        signing_time: time(SIGNING_TIME)?,
        authentic_time: time(AUTHENTIC_TIME)?,
        expiry: time(EXPIRY)?,
        critical: critical(headers)?,
    })
}

/// What is demanded, all of it there: a label without a header would demand nothing.
fn critical(headers: &Item<'_>) -> Result<Vec<String>> {
    let labels = headers.get(&CRIT).and_then(Item::list).unwrap_or_default();
    labels
        .iter()
        .map(|label| match (label, headers.get(label)) {
            (Item::Text(name), Some(_)) => Ok((*name).to_owned()),
            (Item::Text(name), None) => Err(SignatureError::Critical(shown(name))),
            (Item::Number(number), _) => Err(SignatureError::Critical(format!("header {number}"))),
            _ => Err(malformed("its list of critical headers has something else in it")),
        })
        .collect()
}

/// RFC 9360: one certificate is bytes, several are a list of them.
fn chain(item: Option<&Item<'_>>) -> Result<Vec<Vec<u8>>> {
    let certificate = |item: &Item<'_>| item.bytes().map(<[u8]>::to_vec);
    let chain = match item {
        Some(Item::List(items)) => items.iter().map(certificate).collect(),
        Some(item) => certificate(item).map(|certificate| vec![certificate]),
        None => Some(Vec::new()),
    };
    chain.ok_or_else(|| malformed("its certificates are none"))
}

/// "Mapping of the Notary Project signature approved algorithms to COSE `alg` header parameter values".
fn algorithm(label: Option<i64>) -> Result<Algorithm> {
    Ok(match label {
        Some(-37) => Algorithm::Pss(Hash::Sha256),
        Some(-38) => Algorithm::Pss(Hash::Sha384),
        Some(-39) => Algorithm::Pss(Hash::Sha512),
        Some(-7) => Algorithm::Ecdsa(Hash::Sha256),
        Some(-35) => Algorithm::Ecdsa(Hash::Sha384),
        Some(other) => return Err(unknown_algorithm(&other.to_string())),
        None => return Err(unknown_algorithm("none")),
    })
}
