//! `yarn.lock`. Yarn 1 has a format of its own, those after it write YAML; what is wanted of both stands on lines
//! of the same shape.

use model::inventory::PackageKind;

use super::super::{MOST_LOCK_BYTES, add, package, text};
use super::{is_published, locator};
use crate::catalog::Found;
use crate::content::{Content, Flaw};

/// Reads one.
pub(super) fn read(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let text = text::whole(content, MOST_LOCK_BYTES)?;
    let mut name = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if !line.starts_with(' ') {
            name = heading(line);
            continue;
        }
        // Two spaces: deeper lines belong to what the package needs.
        let Some(field) = line.strip_prefix("  ").filter(|field| !field.starts_with(' ')) else { continue };
        let version = field.strip_prefix("version").map(|rest| rest.trim_matches([' ', ':', '"', '\'']));
        if let (Some(version), Some(name)) = (version, name)
            && is_published(version)
        {
            add(found, package(PackageKind::Npm, name, version))?;
        }
    }
    Ok(())
}

/// The package that a block is about: `"@a/b@^1.0.0", "@a/b@^1.1.0":`, `alias@npm:real@^1`, `app@workspace:.`.
fn heading(line: &str) -> Option<&str> {
    let first = line.trim_start_matches(['"', '\'']);
    let first = first.split([',', '"', '\'']).next()?.trim_end_matches(':');
    let (name, range) = locator(first)?;
    match locator(range) {
        Some((real, _)) if !range.contains("://") && first.contains("@npm:") => Some(real),
        _ if range.starts_with("workspace:") => None,
        _ => Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        read(&Content::Bytes(text.as_bytes()), &mut found).unwrap();
        found.into_iter().map(|package| format!("{}@{}", package.name, package.version)).collect()
    }

    #[test]
    fn yarn_1_has_words() {
        let text = "# yarn lockfile v1\n\n\n\"@a/b@^1.0.0\", \"@a/b@^1.1.0\":\n  version \"1.2.0\"\n  resolved \"x\"\n  \
                    dependencies:\n    version \"^9\"\n\nc@2, c@^2.1:\n  version \"2.1.0\"\n\n\
                    alias@npm:real@^3:\n  version \"3.0.0\"\n";
        assert_eq!(of(text), ["@a/b@1.2.0", "c@2.1.0", "real@3.0.0"]);
    }

    #[test]
    fn yarn_2_has_yaml() {
        let text = "__metadata:\n  version: 8\n\n\"@a/b@npm:^1.0.0, @a/b@npm:^1.1.0\":\n  version: 1.2.0\n  \
                    resolution: \"@a/b@npm:1.2.0\"\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n";
        assert_eq!(of(text), ["@a/b@1.2.0"]);
    }
}
