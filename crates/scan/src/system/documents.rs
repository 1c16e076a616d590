//! Packages whose documents, and so whose licences, are those of another package: links in Debian's `usr/share/doc`.

use crate::facts::Documents;

/// Where each package has its documents.
const PLACE: &str = "usr/share/doc";

/// The file among them that has the licences.
const FILE: &str = "copyright";

/// Whether a link may be one of those.
pub(crate) fn wants(path: &str) -> bool {
    package(path).is_some()
}

/// What a link says: `usr/share/doc/libgcc-s1`, which leads to `gcc-12-base`. Nothing where it leads elsewhere.
pub(crate) fn read(path: &str, target: &str) -> Option<Documents> {
    let package = package(path)?;
    let of = self::package(&led_to(path, target)?)?.to_owned();
    Some(Documents { path: path.to_owned(), package: package.to_owned(), of })
}

/// The package whose documents, or whose licences alone, are at a path.
fn package(path: &str) -> Option<&str> {
    let name = path.strip_prefix(PLACE)?.strip_prefix('/')?;
    let name = name.strip_suffix(FILE).and_then(|name| name.strip_suffix('/')).unwrap_or(name);
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// Where a link leads by its words alone; whether something is there is for others to see.
fn led_to(path: &str, target: &str) -> Option<String> {
    let start = if target.starts_with('/') { "" } else { path.rsplit_once('/')?.0 };
    let mut steps: Vec<&str> = start.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    Some(steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_within_the_place_of_documents_name_the_other_package() {
        for (path, target, of) in [
            ("usr/share/doc/libgcc-s1", "gcc-12-base", Some("gcc-12-base")),
            ("usr/share/doc/a", "/usr/share/doc/b", Some("b")),
            ("usr/share/doc/a", "./../doc//b/", Some("b")),
            ("usr/share/doc/a/copyright", "../b/copyright", Some("b")),
            ("usr/share/doc/a/copyright", "/usr/share/doc/b/copyright", Some("b")),
            ("usr/share/doc/a", "../b", None),
            ("usr/share/doc/a", "/etc/passwd", None),
            ("usr/share/doc/a", "../../../../../usr/share/doc/b", Some("b")),
            ("usr/share/doc/a", "", None),
            ("usr/share/doc/a/changelog", "../b/changelog", None),
            ("usr/share/man/a", "b", None),
        ] {
            assert_eq!(read(path, target).map(|documents| documents.of).as_deref(), of, "{path} {target}");
        }
    }
}
