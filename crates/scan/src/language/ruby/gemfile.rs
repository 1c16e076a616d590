//! `Gemfile.lock`: the gems of a source stand four spaces in, what they need six.

use model::inventory::PackageKind;

use super::super::{MOST_LOCK_BYTES, add, package, text};
use crate::catalog::Found;
use crate::content::{Content, Flaw};

/// Reads one; gems of a path are the tree's own.
pub(super) fn read(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let text = text::whole(content, MOST_LOCK_BYTES)?;
    let mut section = "";
    for line in text.lines() {
        if !line.starts_with(' ') {
            section = line.trim_end();
        }
        let gem =
            line.strip_prefix("    ").filter(|gem| !gem.starts_with(' ') && matches!(section, "GEM" | "GIT"));
        if let Some((name, version)) = gem.and_then(|gem| gem.trim_end().strip_suffix(')')?.split_once(" ("))
        {
            add(found, package(PackageKind::RubyGems, name, without_platform(version)))?;
        }
    }
    Ok(())
}

/// `1.16.0-x86_64-linux` is built of `1.16.0`.
fn without_platform(version: &str) -> &str {
    version.split_once('-').map_or(version, |(version, _)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gems_are_told_from_what_they_need() {
        let text = "PATH\n  remote: .\n  specs:\n    app (1.0)\n\nGEM\n  remote: https://example.org/\n  specs:\n    \
                    nokogiri (1.16.0-x86_64-linux)\n      racc (~> 1.4)\n    racc (1.7.3)\n\nDEPENDENCIES\n    x (1)\n";
        let mut found = Vec::new();
        read(&Content::Bytes(text.as_bytes()), &mut found).unwrap();
        let expected = [("nokogiri", "1.16.0"), ("racc", "1.7.3")];
        assert_eq!(found, expected.map(|(name, version)| Found::new(PackageKind::RubyGems, name, version)));
    }
}
