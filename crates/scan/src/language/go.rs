//! Go: the module file of a source tree. What a binary says of itself is read elsewhere.

use std::collections::BTreeMap;

use model::inventory::PackageKind;

use super::{MOST_LOCK_BYTES, add, package, text};
use crate::catalog::{Cataloger, Found};
use crate::content::{Content, Flaw};

/// `go.mod`. Since Go 1.17 it names all that is built; `go.sum` also has the sums of what was only weighed.
pub(super) const GO_MOD: Cataloger = Cataloger {
    name: "go-mod",
    wants: |file| file.name() == "go.mod",
    read: |_, content, found| read(content, found),
};

/// What a line of the file is about: it stands at its beginning, or before the parenthesis of its block.
fn directives(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut block = None;
    text.lines().filter_map(move |line| {
        let line = line.split_once("//").map_or(line, |(line, _)| line).trim();
        if line == ")" {
            block = None;
        } else if let Some(verb) = line.strip_suffix('(') {
            block = Some(verb.trim());
        } else if let Some(verb) = block {
            return Some((verb, line));
        } else {
            return line.split_once([' ', '\t']).map(|(verb, rest)| (verb, rest.trim()));
        }
        None
    })
}

fn read(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let text = text::whole(content, MOST_LOCK_BYTES)?;
    let mut replaced: BTreeMap<&str, (Option<&str>, &str, Option<&str>)> = BTreeMap::new();
    for (_, line) in directives(&text).filter(|(verb, _)| *verb == "replace") {
        if let Some((old, new)) = line.split_once("=>") {
            let (mut old, mut new) = (old.split_whitespace(), new.split_whitespace());
            if let (Some(path), Some(by)) = (old.next(), new.next()) {
                replaced.insert(path, (old.next(), by, new.next()));
            }
        }
    }
    for (_, line) in directives(&text).filter(|(verb, _)| *verb == "require") {
        let mut words = line.split_whitespace().map(|word| word.trim_matches('"'));
        let (Some(path), Some(version)) = (words.next(), words.next()) else { continue };
        let module = match replaced.get(path) {
            // Without a version it is a directory, which is the tree's own.
            Some((old, by, new)) if old.is_none_or(|old| old == version) => new.map(|new| (*by, new)),
            _ => Some((path, version)),
        };
        add(found, module.and_then(|(path, version)| package(PackageKind::Go, path, version)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_count_instead() {
        let text = "module example.org/app\n\ngo 1.22\n\nrequire golang.org/x/net v0.17.0 // indirect\n\nrequire (\n\t\
                    example.org/a v1.0.0\n\texample.org/b v1.0.0\n\texample.org/c v1.0.0\n)\n\nreplace (\n\t\
                    example.org/a => example.org/fork v1.1.0\n\texample.org/b => ../b\n\t\
                    example.org/c v0.9.0 => ../c\n)\n";
        let mut found = Vec::new();
        read(&Content::Bytes(text.as_bytes()), &mut found).unwrap();
        let expected =
            [("golang.org/x/net", "v0.17.0"), ("example.org/fork", "v1.1.0"), ("example.org/c", "v1.0.0")];
        assert_eq!(found, expected.map(|(name, version)| Found::new(PackageKind::Go, name, version)));
    }
}
