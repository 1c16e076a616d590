//! PHP: what Composer installed, and its lock file.

use model::inventory::PackageKind;
use serde::Deserialize;

use super::json::Licences;
use super::{MOST_LOCK_BYTES, add, json, package};
use crate::catalog::{Cataloger, Found};
use crate::content::{Content, Flaw};

/// `vendor/composer/installed.json`.
pub(super) const INSTALLED: Cataloger = Cataloger {
    name: "composer",
    wants: |file| file.path.ends_with("composer/installed.json"),
    read: |_, content, found| installed(content, found),
};

/// `composer.lock`; what only development needs does not count.
pub(super) const COMPOSER_LOCK: Cataloger = Cataloger {
    name: "composer-lock",
    wants: |file| file.name() == "composer.lock",
    read: |_, content, found| {
        let list: List = json::document(&content.whole(MOST_LOCK_BYTES)?, "composer.lock")?;
        take(list.packages, found)
    },
};

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    name: json::Lenient,
    #[serde(default)]
    version: json::Lenient,
    #[serde(default)]
    license: Licences,
}

/// Composer 1 wrote the packages alone, Composer 2 writes them as a member.
fn installed(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    const WHAT: &str = "installed.json of Composer";
    let bytes = content.whole(MOST_LOCK_BYTES)?;
    let is_list = bytes.iter().find(|byte| matches!(byte, b'[' | b'{')) == Some(&b'[');
    let packages = if is_list {
        json::document(&bytes, WHAT)?
    } else {
        json::document(&bytes, WHAT).map(|List { packages }| packages)?
    };
    take(packages, found)
}

fn take(packages: Vec<Package>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    for Package { name, version, license } in packages {
        let version = version.0.strip_prefix('v').unwrap_or(&version.0);
        let package = package(PackageKind::Packagist, &name.0.to_lowercase(), version);
        add(found, package.map(|package| Found { licences: license.0, ..package }))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_name_the_same_packages() {
        let packages =
            r#"[{"name": "Symfony/Console", "version": "v6.4.1", "license": ["MIT"]}, {"version": "1"}]"#;
        for text in [packages.to_owned(), format!("{{\"packages\": {packages}, \"dev\": true}}")] {
            let mut found = Vec::new();
            installed(&Content::Bytes(text.as_bytes()), &mut found).unwrap();
            let [package] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!((package.name.as_str(), package.version.as_str()), ("symfony/console", "6.4.1"));
            assert_eq!(package.licences, ["MIT"]);
        }
    }

    #[test]
    fn what_is_no_list_is_a_flaw() {
        let mut found = Vec::new();
        assert!(installed(&Content::Bytes(b"{\"packages\": 7}"), &mut found).is_err());
    }
}
