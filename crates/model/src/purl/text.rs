//! The one line: read from the right, as the specification has it, and written in its canonical form.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use super::{Parts, Purl, PurlError};

/// Longest package URL that is read, in bytes.
pub const LONGEST: usize = 8192;

/// The type whose names are paths, and whose namespaces are hosts.
const DEEP: &str = "git";

/// What is made of qualifiers whose names have capitals.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Capitals {
    Refused,
    Folded,
}

impl FromStr for Purl {
    type Err = PurlError;

    fn from_str(text: &str) -> Result<Self, PurlError> {
        read(text, Capitals::Refused)
    }
}

impl Purl {
    /// Reads what other tools write that do not keep to the standard in everything.
    ///
    /// # Errors
    /// Text that is no package URL even so.
    pub fn forgiving(text: &str) -> Result<Self, PurlError> {
        read(text.trim(), Capitals::Folded)
    }
}

fn read(text: &str, capitals: Capitals) -> Result<Purl, PurlError> {
    if text.len() > LONGEST {
        return Err(PurlError::Length(text.len()));
    }
    let (rest, subpath) = text.rsplit_once('#').unwrap_or((text, ""));
    let (rest, qualifiers) = rest.rsplit_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once(':').ok_or(PurlError::Scheme)?;
    if !scheme.eq_ignore_ascii_case("pkg") {
        return Err(PurlError::Scheme);
    }
    let rest = rest.trim_start_matches('/');
    let (kind, rest) = rest.split_once('/').ok_or_else(|| PurlError::Type(rest.to_owned()))?;
    let kind = kind.to_ascii_lowercase();
    let (path, version) = versioned(rest);
    let (namespace, name) = match kind.as_str() {
        DEEP => path.split_once('/').unwrap_or(("", path)),
        _ => path.rsplit_once('/').unwrap_or(("", path)),
    };
    Purl::try_from(Parts {
        namespace: segments(namespace)?,
        name: if kind == DEEP { segments(name)? } else { decoded(name)? },
        kind,
        version: decoded(version)?,
        qualifiers: qualifiers_of(qualifiers, capitals)?,
        subpath: segments(subpath)?,
    })
}

/// A path and the version after its last `@`; scopes of npm that are not encoded begin with one, too.
fn versioned(rest: &str) -> (&str, &str) {
    match rest.rsplit_once('@') {
        Some((before, after)) if !is_scope(before, after) => (before, after),
        _ => (rest.trim_end_matches('/'), ""),
    }
}

fn is_scope(before: &str, after: &str) -> bool {
    (before.is_empty() || before.ends_with('/')) && after.contains('/')
}

fn qualifiers_of(text: &str, capitals: Capitals) -> Result<BTreeMap<String, String>, PurlError> {
    let mut qualifiers = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let refused = || PurlError::Qualifier(pair.to_owned());
        let (name, value) = pair.split_once('=').ok_or_else(refused)?;
        let name = match capitals {
            Capitals::Refused => name.to_owned(),
            Capitals::Folded => name.to_ascii_lowercase(),
        };
        if qualifiers.insert(name, decoded(value)?).is_some() {
            return Err(refused());
        }
    }
    Ok(qualifiers)
}

fn segments(path: &str) -> Result<String, PurlError> {
    let mut decoded_path = String::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let segment = decoded(segment)?;
        if segment.contains('/') {
            return Err(PurlError::Encoding(segment));
        }
        decoded_path.push('/');
        decoded_path.push_str(&segment);
    }
    Ok(decoded_path.trim_start_matches('/').to_owned())
}

fn decoded(text: &str) -> Result<String, PurlError> {
    let refused = || PurlError::Encoding(text.to_owned());
    let mut bytes = Vec::with_capacity(text.len());
    let mut pieces = text.split('%');
    bytes.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        let (code, rest) = piece.split_at_checked(2).ok_or_else(refused)?;
        if !code.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(refused());
        }
        bytes.push(u8::from_str_radix(code, 16).map_err(|_| refused())?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| refused())
}

impl fmt::Display for Purl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts();
        write!(formatter, "pkg:{}/", parts.kind)?;
        if !parts.namespace.is_empty() {
            path(formatter, &parts.namespace)?;
            formatter.write_char('/')?;
        }
        if parts.kind == DEEP {
            path(formatter, &parts.name)?;
        } else {
            write!(formatter, "{}", Encoded(&parts.name))?;
        }
        if !parts.version.is_empty() {
            write!(formatter, "@{}", Encoded(&parts.version))?;
        }
        for (index, (name, value)) in parts.qualifiers.iter().enumerate() {
            write!(formatter, "{}{name}={}", if index == 0 { '?' } else { '&' }, Encoded(value))?;
        }
        if !parts.subpath.is_empty() {
            formatter.write_char('#')?;
            path(formatter, &parts.subpath)?;
        }
        Ok(())
    }
}

fn path(formatter: &mut fmt::Formatter<'_>, path: &str) -> fmt::Result {
    for (index, segment) in path.split('/').enumerate() {
        write!(formatter, "{}{}", if index == 0 { "" } else { "/" }, Encoded(segment))?;
    }
    Ok(())
}

struct Encoded<'a>(&'a str);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                    formatter.write_char(char::from(byte))?;
                }
                _ => write!(formatter, "%{byte:02X}")?,
            }
        }
        Ok(())
    }
}
