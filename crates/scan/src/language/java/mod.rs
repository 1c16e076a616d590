//! Java: archives, archives within them, and Gradle's lock file.

mod manifest;
mod pom;
mod name;
mod group;
mod archive;

use model::inventory::PackageKind;

use super::{MOST_LOCK_BYTES, add, package, text};
use crate::catalog::{Cataloger, Found};
use crate::content::{Content, Flaw};

/// Everything that is a zip archive of classes, by its name.
pub(super) const ARCHIVE: Cataloger = Cataloger {
    name: "java",
    wants: |file| file.size > 0 && archive::is_archive(file.path),
    read: |file, content, found| archive::read(file.name(), content, found),
};

/// `gradle.lockfile`.
pub(super) const GRADLE_LOCK: Cataloger = Cataloger {
    name: "gradle-lock",
    wants: |file| matches!(file.name(), "gradle.lockfile" | "buildscript-gradle.lockfile"),
    read: |_, content, found| gradle(content, found),
};

/// Lines `group:artifact:version=configurations`.
fn gradle(content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let text = text::whole(content, MOST_LOCK_BYTES)?;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let coordinates = line.split_once('=').map(|(coordinates, _)| coordinates);
        if let Some((name, version)) = coordinates.and_then(|text| text.rsplit_once(':')) {
            add(found, package(PackageKind::Maven, name, version))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradle_names_coordinates() {
        let text =
            "# do not edit\norg.a:b:1.0=compileClasspath,runtimeClasspath\nempty=annotationProcessor\n";
        let mut found = Vec::new();
        gradle(&Content::Bytes(text.as_bytes()), &mut found).unwrap();
        assert_eq!(found, [Found::new(PackageKind::Maven, "org.a:b", "1.0")]);
    }
}
