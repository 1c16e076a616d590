//! `pnpm-lock.yaml`: of its YAML only the keys of `packages` are wanted, each on a line of its own.

use model::inventory::PackageKind;

use super::super::{MOST_LOCK_BYTES, add, package, text};
use super::{is_published, locator};
use crate::catalog::Found;
use crate::content::{Content, Flaw};

/// Reads one.
pub(super) fn read(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let text = text::whole(content, MOST_LOCK_BYTES)?;
    let lines = text.lines().skip_while(|line| line.trim_end() != "packages:").skip(1);
    for line in lines.take_while(|line| line.is_empty() || line.starts_with(' ')) {
        let key = line.strip_prefix("  ").filter(|key| !key.starts_with(' '));
        if let Some((name, version)) = key.and_then(coordinates) {
            add(found, package(PackageKind::Npm, name, version))?;
        }
    }
    Ok(())
}

/// `a@1.0.0:` since version 6 of the format, `/a@1.0.0(peer@2.0.0):` in it, `/a/1.0.0_peer@2.0.0:` before.
fn coordinates(key: &str) -> Option<(&str, &str)> {
    let key = key.split_once(": ").map_or(key, |(key, _)| key);
    let key = key.trim().trim_end_matches(':').trim_matches(['\'', '"']);
    let path = key.strip_prefix('/').unwrap_or(key);
    let path = path.split('(').next()?;
    let by_slash = path.rsplit_once('/').filter(|(_, version)| is_published(version));
    let (name, version) = match by_slash {
        Some((name, version)) if key.starts_with('/') => (name, version.split('_').next()?),
        _ => locator(path)?,
    };
    is_published(version).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_changed_with_the_format() {
        assert_eq!(coordinates("a@1.0.0:"), Some(("a", "1.0.0")));
        assert_eq!(coordinates("'@a/b@1.0.0':"), Some(("@a/b", "1.0.0")));
        assert_eq!(coordinates("/@a/b@1.0.0(c@2.0.0)(@d/e@3.0.0):"), Some(("@a/b", "1.0.0")));
        assert_eq!(coordinates("/@a/b/1.0.0_c@2.0.0:"), Some(("@a/b", "1.0.0")));
        assert_eq!(coordinates("a@1.0.0: {}"), Some(("a", "1.0.0")));
        assert_eq!(coordinates("a@file:../a:"), None);
    }

    #[test]
    fn only_packages_are_packages() {
        let text = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n\npackages:\n\n  a@1.0.0:\n    \
                    resolution: {integrity: x}\n    b@9.9.9: x\n\nsnapshots:\n\n  c@1.0.0: {}\n";
        let mut found = Vec::new();
        read(&Content::Bytes(text.as_bytes()), &mut found).unwrap();
        assert_eq!(found, [Found::new(PackageKind::Npm, "a", "1.0.0")]);
    }
}
