//! What an advisory says of a package beside the versions.

use model::finding::{Fix, Severity};

use super::bytes::{Cursor, put_bytes, put_number};
use super::error::Damage;
use super::head::{put_score, put_severity, put_texts, score, severity, texts};
use super::strings::{Interner, Strings};
use crate::advisory::{Affected, Status, Vulnerable};

/// What an advisory says of a package.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Details<'a> {
    pub(crate) status: Status,
    pub(crate) fix: Mend<'a>,
    pub(crate) severity: Option<Severity>,
    pub(crate) cvss: Option<(f32, &'a str)>,
    pub(crate) qualifiers: Vec<(&'a str, &'a str)>,
    /// Versions that have no place in the order.
    pub(crate) versions: Vec<&'a str>,
    pub(crate) symbols: Vec<Functions<'a>>,
}

/// [`Fix`], of a text that is not copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mend<'a> {
    In(&'a str),
    None,
    Never,
}

/// [`Vulnerable`], of texts that are not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Functions<'a> {
    pub(crate) path: &'a str,
    pub(crate) names: Vec<&'a str>,
    pub(crate) systems: Vec<&'a str>,
    pub(crate) architectures: Vec<&'a str>,
}

impl<'a> Details<'a> {
    pub(super) fn read(mut body: Cursor<'a>, strings: Strings<'a>) -> Result<Self, Damage> {
        let body = &mut body;
        Ok(Self {
            status: status(body.byte()?)?,
            fix: mend(body, strings)?,
            severity: severity(body)?,
            cvss: score(body, strings)?,
            qualifiers: (0..body.count()?)
                .map(|_| Ok((strings.get(body.number()?)?, strings.get(body.number()?)?)))
                .collect::<Result<_, Damage>>()?,
            versions: texts(body)?,
            symbols: (0..body.count()?).map(|_| Functions::read(body)).collect::<Result<_, Damage>>()?,
        })
    }
}

impl<'a> Functions<'a> {
    fn read(body: &mut Cursor<'a>) -> Result<Self, Damage> {
        let path = body.text()?;
        Ok(Self { path, names: texts(body)?, systems: texts(body)?, architectures: texts(body)? })
    }
}

fn status(byte: u8) -> Result<Status, Damage> {
    match byte {
        0 => Ok(Status::Affected),
        1 => Ok(Status::NotAffected),
        2 => Ok(Status::UnderInvestigation),
        _ => Err(Damage("there is no such status")),
    }
}

fn mend<'a>(body: &mut Cursor<'a>, strings: Strings<'a>) -> Result<Mend<'a>, Damage> {
    match body.byte()? {
        0 => Ok(Mend::None),
        1 => Ok(Mend::Never),
        2 => Ok(Mend::In(strings.get(body.number()?)?)),
        _ => Err(Damage("there is no such fix")),
    }
}

/// `versions` are those of the package that have no place in its order.
pub(super) fn put_details(
    out: &mut Vec<u8>,
    affected: &Affected,
    versions: &[String],
    strings: &mut Interner,
) {
    out.push(match affected.status {
        Status::Affected => 0,
        Status::NotAffected => 1,
        Status::UnderInvestigation => 2,
    });
    match &affected.fix {
        Fix::None => out.push(0),
        Fix::Never => out.push(1),
        Fix::In(version) => {
            out.push(2);
            put_number(out, strings.put(version).into());
        }
    }
    put_severity(out, affected.severity);
    put_score(out, affected.cvss.first(), strings);
    put_number(out, affected.qualifiers.len() as u64);
    for (name, value) in &affected.qualifiers {
        put_number(out, strings.put(name).into());
        put_number(out, strings.put(value).into());
    }
    put_texts(out, versions);
    put_number(out, affected.symbols.len() as u64);
    affected.symbols.iter().for_each(|vulnerable| put_functions(out, vulnerable));
}

fn put_functions(out: &mut Vec<u8>, vulnerable: &Vulnerable) {
    put_bytes(out, vulnerable.path.as_bytes());
    put_texts(out, &vulnerable.symbols);
    put_texts(out, &vulnerable.systems);
    put_texts(out, &vulnerable.architectures);
}
