//! The list of packages in Microsoft's distroless images, which have no database: a line each, with ten fields.

use model::inventory::PackageKind;

use super::header::{source, with_epoch};
use super::malformed;
use crate::catalog::{Candidate, Found, MOST_PACKAGES};
use crate::content::{Content, Flaw};

/// The largest list, in bytes.
const MAX_LIST: u64 = 16 << 20;

/// `NAME VERSION-RELEASE INSTALLED BUILT VENDOR EPOCH SIZE ARCHITECTURE EPOCHNUM SOURCERPM`, between tabs.
pub(super) fn read(_: &Candidate<'_>, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let bytes = content.whole(MAX_LIST)?;
    for line in String::from_utf8_lossy(&bytes).lines().filter(|line| !line.trim().is_empty()) {
        if found.len() >= MOST_PACKAGES {
            return Err(Flaw::TooMany { what: "packages", limit: MOST_PACKAGES });
        }
        found.push(package(line).ok_or_else(|| malformed("a line has not the ten fields of a package"))?);
    }
    Ok(())
}

fn package(line: &str) -> Option<Found> {
    let fields: Vec<&str> = line.split('\t').take(11).collect();
    let [name, release, _, _, _, _, _, architecture, epoch, file] = *fields.as_slice() else { return None };
    let epoch = epoch.parse().ok();
    let mut found = Found::new(PackageKind::Rpm, name, with_epoch(epoch, release));
    found.architecture = architecture.to_owned();
    found.source = source(file.trim(), epoch, release)
        .filter(|source| (&source.name, &source.version) != (&found.name, &found.version));
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_package_and_a_damaged_one_is_named() {
        let list = "openssl-libs\t1.1.1k-13.cm2\t1662000000\t1661000000\tMicrosoft Corporation\t(none)\t123\t\
                    x86_64\t0\topenssl-1.1.1k-13.cm2.src.rpm\nbind-license\t9.16-1\t1\t1\tv\t2\t1\tnoarch\t2\t\
                    bind-9.16-1.src.rpm\nbroken line\n";
        let mut found = Vec::new();
        let file = Candidate { path: "m", size: 0, executable: false };
        let flaw = read(&file, &Content::Bytes(list.as_bytes()), &mut found).unwrap_err();
        assert!(flaw.to_string().ends_with("a line has not the ten fields of a package"));
        let seen: Vec<_> =
            found.iter().map(|found| (&*found.name, &*found.version, &*found.architecture)).collect();
        assert_eq!(
            seen,
            [("openssl-libs", "1.1.1k-13.cm2", "x86_64"), ("bind-license", "2:9.16-1", "noarch")]
        );
        assert_eq!(found[1].source.as_ref().unwrap().version, "2:9.16-1");
    }
}
