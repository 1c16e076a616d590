//! A gem's specification is a program in Ruby. RubyGems writes those of installed gems in one form, with plain
//! text wherever something is assigned; nothing is executed to read them.

use model::inventory::PackageKind;

use super::super::text::quoted;
use super::super::{add, licence, malformed, package, text};
use crate::catalog::Found;
use crate::content::{Content, Flaw};

/// Longest specification, in bytes; some list every file of their gem.
const MOST_BYTES: u64 = 4 << 20;

/// Reads one. Where it computes its name or version, the comment that RubyGems writes above it counts, and then
/// the name of the file.
pub(super) fn read(file: &str, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let text = text::whole(content, MOST_BYTES)?;
    let stub = stub(&text)
        .or_else(|| right_side(&text, "name").and(file.strip_suffix(".gemspec")?.rsplit_once('-')));
    let name = assigned(&text, "name").or(stub.map(|(name, _)| name)).unwrap_or_default();
    let version = assigned(&text, "version").or(stub.map(|(_, version)| version)).unwrap_or_default();
    let package = package(PackageKind::RubyGems, name, version)
        .ok_or_else(|| malformed("specification of a gem", "it has no name and version"))?;
    add(found, Some(Found { licences: licences(&text), ..package }))
}

/// `# stub: rake 13.0.6 ruby lib`
fn stub(text: &str) -> Option<(&str, &str)> {
    let mut words = text.lines().take(8).find_map(|line| line.strip_prefix("# stub: "))?.split(' ');
    Some((words.next()?, words.next()?))
}

/// What `s.field = ` is followed by, whatever `s` is called.
fn right_side<'a>(text: &'a str, field: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (variable, rest) = line.trim_start().split_once('.')?;
        let is_variable = variable.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        let value = rest.strip_prefix(field)?.trim_start().strip_prefix('=')?;
        (is_variable && !value.starts_with(['=', '~'])).then(|| value.trim_start())
    })
}

/// A plain text that a field is set to; a version may stand within `Gem::Version.new`.
fn assigned<'a>(text: &'a str, field: &str) -> Option<&'a str> {
    let value = right_side(text, field)?;
    let value = value.strip_prefix("Gem::Version.new(").unwrap_or(value);
    let is_plain = value.starts_with(['"', '\'']);
    quoted(value).map(|(value, _)| value).filter(|value| is_plain && !value.contains("#{"))
}

fn licences(text: &str) -> Vec<String> {
    const MOST: usize = 32;
    let mut rest = right_side(text, "licenses").or_else(|| right_side(text, "license")).unwrap_or_default();
    let mut licences = Vec::new();
    while let Some((name, after)) = quoted(rest).filter(|_| licences.len() < MOST) {
        licences.extend(licence(name));
        rest = after;
    }
    licences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &str, text: &str) -> Result<Found, Flaw> {
        let mut found = Vec::new();
        read(file, &Content::Bytes(text.as_bytes()), &mut found).map(|()| found.remove(0))
    }

    #[test]
    fn what_rubygems_writes_is_read() {
        let text = "# -*- encoding: utf-8 -*-\n# stub: net-http 0.3.2 ruby lib\n\nGem::Specification.new do |s|\n  \
                    s.name = \"net-http\".freeze\n  s.version = \"0.3.2\"\n\n  s.required_ruby_version = \
                    Gem::Requirement.new(\">= 2.6\".freeze)\n  s.licenses = [\"Ruby\".freeze, \"BSD-2-Clause\".freeze]\n  \
                    s.rubygems_version = \"3.4.1\".freeze\nend\n";
        let gem = of("net-http-0.3.2.gemspec", text).unwrap();
        assert_eq!((gem.name.as_str(), gem.version.as_str()), ("net-http", "0.3.2"));
        assert_eq!(gem.licences, ["Ruby", "BSD-2-Clause"]);
    }

    #[test]
    fn what_is_computed_is_taken_from_elsewhere() {
        let text = "# stub: a-b 1.2.0 ruby lib\nspec.name = \"a-#{b}\"\nspec.version = A::VERSION # \"9\"\n";
        let gem = of("x.gemspec", text).unwrap();
        assert_eq!((gem.name.as_str(), gem.version.as_str()), ("a-b", "1.2.0"));
        let gem = of("a-b-1.3.0.gemspec", "spec.name = NAME\nspec.version = File.read('VERSION')\n").unwrap();
        assert_eq!((gem.name.as_str(), gem.version.as_str()), ("a-b", "1.3.0"));
        assert!(of("a.gemspec", "spec.name == \"a\"\n").is_err());
    }
}
