//! Signatures and statements beside images, as text and as data.

use engine::attest::{Accepted, Attested, Testimony, Verified};
use serde::Serialize;

use super::style::{Style, Tone};
use super::{text, time};
use crate::errors::Failure;

/// `coffer attest`
#[derive(Debug, Serialize)]
pub(crate) struct AttestedJson<'a> {
    image: &'a str,
    digest: String,
    #[serde(rename = "type")]
    kind: &'a str,
    at: &'a [String],
}

/// `coffer verify`
#[derive(Debug, Serialize)]
pub(crate) struct TestimonyJson<'a> {
    image: &'a str,
    digest: String,
    accepted: Vec<AcceptedJson<'a>>,
    refused: Vec<RefusedJson<'a>>,
}

#[derive(Debug, Serialize)]
struct AcceptedJson<'a> {
    at: &'a str,
    #[serde(rename = "type")]
    kind: String,
    by: String,
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    witnessed: Option<String>,
}

#[derive(Debug, Serialize)]
struct RefusedJson<'a> {
    at: &'a str,
    code: &'static str,
    why: String,
}

impl<'a> AttestedJson<'a> {
    pub(crate) fn new(attested: &'a Attested, kind: &'a str) -> Self {
        let Attested { name, digest, at } = attested;
        Self { image: name, digest: digest.to_string(), kind, at }
    }
}

impl<'a> TestimonyJson<'a> {
    pub(crate) fn new(testimony: &'a Testimony) -> Self {
        let refused = testimony.refused.iter().map(|refused| RefusedJson {
            at: &refused.at,
            code: refused.error.code(),
            why: refused.error.to_string(),
        });
        Self {
            image: &testimony.name,
            digest: testimony.digest.to_string(),
            accepted: testimony.accepted.iter().map(AcceptedJson::new).collect(),
            refused: refused.collect(),
        }
    }
}

impl<'a> AcceptedJson<'a> {
    fn new(accepted: &'a Accepted) -> Self {
        let (kind, by, digest, witnessed) = match &accepted.verified {
            Verified::Signature(signature) => {
                ("signature".to_owned(), signature.by.to_string(), signature.digest, signature.witnessed)
            }
            Verified::Statement(said) => {
                (said.statement.predicate().to_string(), said.by.to_string(), said.digest, said.witnessed)
            }
        };
        let witnessed = witnessed.map(time::rfc3339);
        Self { at: &accepted.at, kind, by, digest: digest.to_string(), witnessed }
    }
}

/// What was put where.
pub(crate) fn attested(attested: &Attested, kind: &str, style: Style) -> String {
    let at: String =
        attested.at.iter().map(|at| format!("{}  {}\n", style.faint("in"), text::plain(at))).collect();
    format!(
        "{}  {}  {}\n{at}",
        style.strong(&text::plain(&attested.name)),
        attested.digest,
        text::plain(kind)
    )
}

/// What holds, and what does not.
pub(crate) fn testimony(testimony: &Testimony, style: Style) -> String {
    let mut page = format!("{}  {}\n", style.strong(&text::plain(&testimony.name)), testimony.digest);
    for accepted in testimony.accepted.iter().map(AcceptedJson::new) {
        let at = accepted.witnessed.map_or_else(String::new, |at| format!(", at {at}"));
        let words = format!("{} by {}{at}", accepted.kind, accepted.by);
        page += &format!("{}  {}\n", style.paint(Tone::Good, "holds"), text::plain(&words));
    }
    for refused in &testimony.refused {
        let words = format!("in {}: {}", refused.at, refused.error);
        page += &format!("{}  {}\n", style.faint("other"), text::plain(&words));
    }
    page
}

/// What is said, one statement on each line.
pub(crate) fn said(testimony: &Testimony) -> Result<String, Failure> {
    let mut lines = String::new();
    for accepted in &testimony.accepted {
        if let Verified::Statement(said) = &accepted.verified {
            let value: serde_json::Value =
                said.statement.said().map_err(|error| Failure::internal(&error))?;
            lines += &format!("{value}\n");
        }
    }
    Ok(lines)
}
