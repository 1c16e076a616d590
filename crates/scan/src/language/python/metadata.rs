//! Core metadata: <https://packaging.python.org/en/latest/specifications/core-metadata/>.

use model::inventory::PackageKind;

use super::super::text::{Folding, header, headers};
use super::super::zip::{Archive, Budget};
use super::super::{add, licence, malformed, package, text};
use super::normal;
use crate::catalog::Found;
use crate::content::{Content, Flaw};

/// How much of a file is read: headers come first, and what follows is for readers.
const MOST_BYTES: u16 = u16::MAX;
/// How much of an egg's file is read, in bytes.
const MOST_EGG_BYTES: u64 = 4 << 20;

/// Reads `METADATA` or `PKG-INFO`.
pub(super) fn read(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let text = text::beginning(content, MOST_BYTES)?;
    let headers = headers(&text, Folding::Line);
    let (name, version) = (header(&headers, "Name"), header(&headers, "Version"));
    let mut package =
        package(PackageKind::PyPi, &normal(name.unwrap_or_default()), version.unwrap_or_default())
            .ok_or_else(|| malformed("metadata of a Python package", "it has no name and version"))?;
    package.licences = licences(&headers);
    add(found, Some(package))
}

/// Reads an egg's `PKG-INFO`.
pub(super) fn egg(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let mut budget = Budget::new();
    let archive = Archive::open(content, |name| name == "EGG-INFO/PKG-INFO", &mut budget)?;
    let Some(member) = archive.members().first() else {
        return Err(malformed("egg", "it has no EGG-INFO/PKG-INFO"));
    };
    read(&Content::Bytes(&archive.read(member, MOST_EGG_BYTES, &mut budget)?), found)
}

/// An expression where there is one (PEP 639), what the author wrote otherwise, and the classifiers where that is
/// a whole text.
fn licences(headers: &[(&str, String)]) -> Vec<String> {
    let declared = ["License-Expression", "License"]
        .into_iter()
        .find_map(|name| header(headers, name).and_then(licence));
    if let Some(declared) = declared {
        return vec![declared];
    }
    let classifiers = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Classifier"));
    let licences = classifiers.filter_map(|(_, value)| value.strip_prefix("License ::")?.rsplit("::").next());
    licences.filter_map(licence).filter(|name| name != "OSI Approved").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<Found>, Flaw> {
        let mut found = Vec::new();
        read(&Content::Bytes(text.as_bytes()), &mut found).map(|()| found)
    }

    #[test]
    fn a_package_has_name_version_and_licence() {
        let text = "Metadata-Version: 2.1\nName: Flask_Login\nVersion: 0.6.3\nLicense: MIT\n\nName: other\n";
        let found = read_text(text).unwrap();
        let [package] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((package.name.as_str(), package.version.as_str()), ("flask-login", "0.6.3"));
        assert_eq!(package.licences, ["MIT"]);
    }

    #[test]
    fn a_text_of_a_licence_is_no_name_of_one() {
        let text = "Name: a\nVersion: 1\nLicense: Permission\n is granted\n\
                    Classifier: License :: OSI Approved :: BSD License\nClassifier: License :: OSI Approved\n";
        assert_eq!(read_text(text).unwrap().first().unwrap().licences, ["BSD License"]);
    }

    #[test]
    fn metadata_without_a_name_is_a_flaw() {
        for text in ["", "Version: 1\n", "Name: a\n", "Name: a\nVersion: 1 2\n", "\nName: a\nVersion: 1\n"] {
            assert!(matches!(read_text(text), Err(Flaw::Malformed { .. })), "{text:?}");
        }
    }
}
