//! Node: what npm and its kind installed, and the lock files of a source tree.

mod installed;
mod npm;
mod yarn;
mod pnpm;
mod bun;

use crate::catalog::Cataloger;

/// `package.json` at the root of a package.
pub(super) const PACKAGE: Cataloger = Cataloger {
    name: "npm",
    wants: |file| file.name() == "package.json" && installed::is_root(file.path),
    read: |file, content, found| installed::read(file.path, content, found),
};

/// `package-lock.json` and `npm-shrinkwrap.json`, in all three versions.
pub(super) const PACKAGE_LOCK: Cataloger = Cataloger {
    name: "npm-lock",
    wants: |file| matches!(file.name(), "package-lock.json" | "npm-shrinkwrap.json" | ".package-lock.json"),
    read: |_, content, found| npm::read(content, found),
};

/// `yarn.lock`, of yarn 1 and of those after it.
pub(super) const YARN_LOCK: Cataloger = Cataloger {
    name: "yarn-lock",
    wants: |file| file.name() == "yarn.lock",
    read: |_, content, found| yarn::read(content, found),
};

/// `pnpm-lock.yaml`.
pub(super) const PNPM_LOCK: Cataloger = Cataloger {
    name: "pnpm-lock",
    wants: |file| file.name() == "pnpm-lock.yaml",
    read: |_, content, found| pnpm::read(content, found),
};

/// `bun.lock`, the one that is text.
pub(super) const BUN_LOCK: Cataloger = Cataloger {
    name: "bun-lock",
    wants: |file| file.name() == "bun.lock",
    read: |_, content, found| bun::read(content, found),
};

/// Name and version of `name@1.2.3`, `@scope/name@1.2.3`, `name@npm:1.2.3`.
fn locator(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().skip(1).find(|(_, letter)| *letter == '@')?.0;
    let (name, version) = (text.get(..at)?, text.get(at + 1..)?);
    Some((name, version.strip_prefix("npm:").unwrap_or(version)))
}

/// Whether a version is one of the registry, and not an address, a path or a link.
fn is_published(version: &str) -> bool {
    version.starts_with(|letter: char| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locator_has_name_and_version() {
        assert_eq!(locator("a@1.0.0"), Some(("a", "1.0.0")));
        assert_eq!(locator("@a/b@npm:1.0.0"), Some(("@a/b", "1.0.0")));
        assert_eq!(locator("@a/b"), None);
        assert_eq!(locator(""), None);
    }
}
