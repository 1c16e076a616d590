//! SPDX 2 as lines of tags and values.

use super::collect::Collector;
use super::malformed;
use super::spdx::{Annotation, Package, Reference};
use super::stream::Taker as _;
use crate::content::Flaw;
use crate::text;

/// What encloses a value of several lines.
const OPEN: &str = "<text>";
const CLOSE: &str = "</text>";

/// The most references and remarks of one package.
const MOST_PARTS: usize = 256;

/// Reads a document.
pub(super) fn read(bytes: &[u8], collector: &mut Collector) -> Result<(), Flaw> {
    let mut package = None;
    let mut lines = text::lines(bytes);
    while let Some(line) = lines.next() {
        let line = String::from_utf8_lossy(line);
        let Some((tag, value)) = line.split_once(':').filter(|_| !line.starts_with('#')) else { continue };
        let value = whole(value.trim(), &mut lines);
        match tag.trim() {
            "SPDXVersion" if value.starts_with("SPDX-2.") => collector.format = value.replace('-', " "),
            "DocumentName" => collector.subject = value,
            "PackageName" => {
                let next = Package { name: value, ..Package::default() };
                finish(package.replace(next), collector);
            }
            // What follows a file or a snippet is no more about the package.
            "FileName" | "SnippetSPDXID" => finish(package.take(), collector),
            tag => package.iter_mut().for_each(|package| take(package, tag, &value)),
        }
    }
    finish(package, collector);
    if collector.format.is_empty() {
        return Err(malformed("it is neither JSON nor the tags of SPDX 2"));
    }
    Ok(())
}

fn finish(package: Option<Package>, collector: &mut Collector) {
    if let Some(package) = package {
        package.done(collector);
    }
}

/// A value, with the lines up to the one that closes it.
fn whole<'a>(value: &str, lines: &mut impl Iterator<Item = &'a [u8]>) -> String {
    let Some(rest) = value.strip_prefix(OPEN) else { return value.to_owned() };
    if let Some((text, _)) = rest.split_once(CLOSE) {
        return text.to_owned();
    }
    let mut text = rest.to_owned();
    for line in lines {
        let line = String::from_utf8_lossy(line);
        text.push('\n');
        if let Some((last, _)) = line.split_once(CLOSE) {
            text.push_str(last);
            break;
        }
        text.push_str(&line);
    }
    text
}

fn take(package: &mut Package, tag: &str, value: &str) {
    let text = || value.to_owned();
    match tag {
        "SPDXID" => package.id = text(),
        "PackageVersion" => package.version = text(),
        "PackageSummary" => package.summary = text(),
        "PrimaryPackagePurpose" => package.purpose = text(),
        "PackageLicenseDeclared" => package.declared = text(),
        "PackageLicenseConcluded" => package.concluded = text(),
        "PackageSourceInfo" => package.source_info = text(),
        "ExternalRef" if package.references.len() < MOST_PARTS => {
            let mut words = value.split_whitespace().skip(1);
            if let (Some(kind), Some(locator)) = (words.next(), words.next()) {
                package.references.push(Reference { kind: kind.to_owned(), locator: locator.to_owned() });
            }
        }
        "AnnotationComment" if package.annotations.len() < MOST_PARTS => {
            package.annotations.push(Annotation { comment: text() });
        }
        _ => {}
    }
}
