//! The head of an advisory: all of it but what it says of packages.

use model::finding::{Cvss, Severity};

use super::bytes::{Cursor, put_bytes, put_number};
use super::error::Damage;
use super::strings::{Interner, Strings};
use crate::advisory::{Advisory, Topic};

/// The longest summary that is kept, in bytes; the rest is behind the reference.
const MAX_SUMMARY: usize = 300;

const SEVERITIES: [Option<Severity>; 7] = [
    None,
    Some(Severity::Unknown),
    Some(Severity::Negligible),
    Some(Severity::Low),
    Some(Severity::Medium),
    Some(Severity::High),
    Some(Severity::Critical),
];

/// The head of an advisory.
#[derive(Debug, Clone, PartialEq)]
pub struct Head<'a> {
    /// Its own name.
    pub id: &'a str,
    /// Who publishes it.
    pub source: &'a str,
    /// What it is about: a vulnerability or a malicious package; nothing else is kept.
    pub topic: Topic,
    /// By whom publishes it.
    pub severity: Option<Severity>,
    /// Score and vector.
    pub cvss: Option<(f32, &'a str)>,
    /// `2023-10-11`; empty where nobody says.
    pub published: &'a str,
    /// One line for people.
    pub summary: &'a str,
    /// Where people read more.
    pub reference: &'a str,
    /// Other names of the very same.
    pub aliases: Vec<&'a str>,
    /// The vulnerabilities that it mends, where it is an update.
    pub mends: Vec<&'a str>,
}

impl<'a> Head<'a> {
    pub(super) fn read(mut body: Cursor<'a>, strings: Strings<'a>) -> Result<Self, Damage> {
        let body = &mut body;
        Ok(Self {
            id: body.text()?,
            source: strings.get(body.number()?)?,
            topic: if body.byte()? == 0 { Topic::Vulnerability } else { Topic::Malice },
            severity: severity(body)?,
            cvss: score(body, strings)?,
            published: strings.get(body.number()?)?,
            summary: strings.get(body.number()?)?,
            reference: strings.get(body.number()?)?,
            aliases: texts(body)?,
            mends: texts(body)?,
        })
    }

    /// Every name that it goes by, its own first.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        std::iter::once(self.id).chain(self.aliases.iter().copied()).chain(self.mends.iter().copied())
    }
}

pub(super) fn head(advisory: &Advisory, strings: &mut Interner) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, advisory.id.as_bytes());
    put_number(&mut out, strings.put(&advisory.source).into());
    out.push(u8::from(advisory.topic == Topic::Malice));
    put_severity(&mut out, advisory.severity);
    put_score(&mut out, advisory.cvss.first(), strings);
    let summary = beginning(&advisory.summary);
    for text in [advisory.published.as_str(), summary, &advisory.reference] {
        put_number(&mut out, strings.put(text).into());
    }
    put_texts(&mut out, &advisory.aliases);
    put_texts(&mut out, &advisory.mends);
    out
}

/// The first line of a text, cut where it is too long.
fn beginning(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.get(..line.floor_char_boundary(MAX_SUMMARY)).unwrap_or_default()
}

pub(super) fn texts<'a>(body: &mut Cursor<'a>) -> Result<Vec<&'a str>, Damage> {
    (0..body.count()?).map(|_| body.text()).collect()
}

pub(super) fn put_texts(out: &mut Vec<u8>, texts: &[String]) {
    put_number(out, texts.len() as u64);
    for text in texts {
        put_bytes(out, text.as_bytes());
    }
}

pub(super) fn severity(body: &mut Cursor<'_>) -> Result<Option<Severity>, Damage> {
    SEVERITIES.get(usize::from(body.byte()?)).copied().ok_or(Damage("there is no such severity"))
}

pub(super) fn put_severity(out: &mut Vec<u8>, severity: Option<Severity>) {
    let index = SEVERITIES.iter().position(|other| *other == severity);
    out.push(index.and_then(|index| u8::try_from(index).ok()).unwrap_or_default());
}

pub(super) fn score<'a>(
    body: &mut Cursor<'a>,
    strings: Strings<'a>,
) -> Result<Option<(f32, &'a str)>, Damage> {
    match body.byte()? {
        0 => Ok(None),
        _ => Ok(Some((body.float()?, strings.get(body.number()?)?))),
    }
}

pub(super) fn put_score(out: &mut Vec<u8>, cvss: Option<&Cvss>, strings: &mut Interner) {
    out.push(u8::from(cvss.is_some()));
    if let Some(cvss) = cvss {
        out.extend(cvss.score.to_le_bytes());
        put_number(out, strings.put(&cvss.vector).into());
    }
}
