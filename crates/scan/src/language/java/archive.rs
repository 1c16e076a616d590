//! An archive, and those within it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::malformed;
use super::super::zip::{Archive, Budget, Member, Window};
use super::manifest::Manifest;
use super::name;
use super::pom::Pom;
use crate::catalog::Found;
use crate::content::{Content, Flaw};
use crate::text;

/// How deep archives are followed into each other: a library in an application in a bundle is three deep.
const MOST_DEPTH: u32 = 8;
/// Largest archive within another that has to be inflated to be read, in bytes.
const MOST_INNER_BYTES: u64 = 256 << 20;
/// Largest of those that may be in memory while others are, in bytes.
const MOST_SHARED_BYTES: u64 = 16 << 20;
/// Longest path of an archive within others, in bytes.
const LONGEST_PLACE: usize = 1024;
/// Most packages of one outer file.
const MOST_PACKAGES: usize = 20_000;
/// Largest manifest, `pom.properties` or `pom.xml` that is read, in bytes.
const MOST_TEXT_BYTES: u64 = 4 << 20;
const EXTENSIONS: &[&str] =
    &["ear", "har", "hpi", "jar", "jpi", "kar", "lpkg", "nar", "par", "rar", "sar", "war"];

/// Whether a name is one of an archive of classes.
pub(super) fn is_archive(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

/// Held by whoever has a large archive in memory.
static LARGE: Mutex<()> = Mutex::new(());

/// Reads one and all within it. What is wrong with an inner one is told once the others are read.
pub(super) fn read(file: &str, content: &Content<'_>, found: &mut Vec<Found>) -> Result<(), Flaw> {
    let mut walk = Walk { budget: Budget::new(), found, flaw: None, alone: None };
    walk.archive(Window::of(content), file, "", 0)?;
    walk.flaw.map_or(Ok(()), Err)
}

/// The files that Maven left of one project.
#[derive(Default)]
struct Project<'a> {
    properties: Option<&'a Member>,
    xml: Option<&'a Member>,
}

struct Walk<'a> {
    budget: Budget,
    found: &'a mut Vec<Found>,
    /// The first that was met within.
    flaw: Option<Flaw>,
    /// Once a large archive has been met, until all is read.
    alone: Option<MutexGuard<'static, ()>>,
}

impl Walk<'_> {
    fn archive(&mut self, window: Window<'_>, file: &str, within: &str, depth: u32) -> Result<(), Flaw> {
        let archive = Archive::within(window, is_wanted, &mut self.budget)?;
        let manifest = self.manifest(&archive, within);
        let poms = self.poms(&archive, within);
        for package in name::packages(file, &manifest, poms) {
            if self.found.len() >= MOST_PACKAGES {
                return Err(Flaw::TooMany { what: "packages", limit: MOST_PACKAGES });
            }
            self.found.push(Found { within: within.to_owned(), ..package });
        }
        for member in archive.members().iter().filter(|member| is_archive(&member.name) && member.size() > 0)
        {
            let name = text::path(member.name.as_bytes());
            let place = if within.is_empty() { name } else { format!("{within}!{name}") };
            let read = self.inner(&archive, member, &place, depth + 1);
            self.note(read, &place);
        }
        Ok(())
    }

    fn inner(&mut self, archive: &Archive<'_>, member: &Member, place: &str, depth: u32) -> Result<(), Flaw> {
        if place.len() > LONGEST_PLACE {
            return Err(malformed("archive", format!("its path has more than {LONGEST_PLACE} bytes")));
        }
        if depth > MOST_DEPTH {
            return Err(Flaw::TooMany { what: "archives one within another", limit: MOST_DEPTH as usize });
        }
        let file = member.name.rsplit('/').next().unwrap_or_default();
        match archive.stored(member) {
            Some(window) => self.archive(window, file, place, depth),
            None => {
                let bytes = self.inflated(archive, member)?;
                self.archive(Window::of(&Content::Bytes(&bytes)), file, place, depth)
            }
        }
    }

    /// An inner archive in memory. Several threads with a large one each would need more than there is.
    fn inflated(&mut self, archive: &Archive<'_>, member: &Member) -> Result<Vec<u8>, Flaw> {
        if self.alone.is_none() {
            match archive.read(member, MOST_SHARED_BYTES, &mut self.budget) {
                Err(Flaw::TooLarge { .. }) => {}
                read => return read,
            }
            // Whoever panicked with it has left nothing behind.
            self.alone = Some(LARGE.lock().unwrap_or_else(PoisonError::into_inner));
        }
        archive.read(member, MOST_INNER_BYTES, &mut self.budget)
    }

    fn manifest(&mut self, archive: &Archive<'_>, within: &str) -> Manifest {
        let member = archive.members().iter().find(|member| is_manifest(&member.name));
        let bytes = member.and_then(|member| self.small(archive, member, within));
        bytes.map(|bytes| Manifest::read(&bytes)).unwrap_or_default()
    }

    /// What Maven left of each project: its coordinates as they were when it was built, and its licences.
    fn poms(&mut self, archive: &Archive<'_>, within: &str) -> Vec<Pom> {
        let mut projects: BTreeMap<&str, Project<'_>> = BTreeMap::new();
        for member in archive.members() {
            match member.name.rsplit_once('/') {
                Some((directory, "pom.properties")) => {
                    projects.entry(directory).or_default().properties = Some(member)
                }
                Some((directory, "pom.xml")) => projects.entry(directory).or_default().xml = Some(member),
                _ => {}
            }
        }
        projects
            .into_values()
            .map(|project| self.pom(archive, &project, within))
            .filter(Pom::is_whole)
            .collect()
    }

    fn pom(&mut self, archive: &Archive<'_>, project: &Project<'_>, within: &str) -> Pom {
        let xml = project.xml.and_then(|member| self.small(archive, member, within));
        let xml = xml.and_then(|bytes| self.note(Pom::xml(&bytes), within)).unwrap_or_default();
        let properties = project.properties.and_then(|member| self.small(archive, member, within));
        match properties.map(|bytes| Pom::properties(&bytes)).filter(Pom::is_whole) {
            Some(pom) => Pom { licences: xml.licences, ..pom },
            None => xml,
        }
    }

    fn small(&mut self, archive: &Archive<'_>, member: &Member, within: &str) -> Option<Vec<u8>> {
        let read = archive.read(member, MOST_TEXT_BYTES, &mut self.budget);
        self.note(read, within)
    }

    /// Remembers what is wrong with a part, so that the rest can be read.
    fn note<T>(&mut self, read: Result<T, Flaw>, within: &str) -> Option<T> {
        let flaw = match read {
            Ok(value) => return Some(value),
            Err(flaw) if within.is_empty() => flaw,
            Err(flaw) => {
                let within: String = within.chars().take(LONGEST_PLACE).collect();
                malformed("archive", format!("in `{within}`, {flaw}"))
            }
        };
        self.flaw.get_or_insert(flaw);
        None
    }
}

fn is_manifest(name: &str) -> bool {
    name.eq_ignore_ascii_case("META-INF/MANIFEST.MF")
}

fn is_wanted(name: &str) -> bool {
    let is_pom = name.starts_with("META-INF/maven/")
        && (name.ends_with("/pom.properties") || name.ends_with("/pom.xml"));
    is_pom || is_manifest(name) || is_archive(name)
}

#[cfg(test)]
mod tests {
    use super::super::super::zip::tests::{Packing, archive};
    use super::*;

    const PROPERTIES: &str = "META-INF/maven/org.a/lib/pom.properties";

    fn library() -> Vec<u8> {
        let members: &[(&str, &[u8])] = &[
            (PROPERTIES, b"groupId=org.a\nartifactId=lib\nversion=1.0\n"),
            (
                "META-INF/maven/org.a/lib/pom.xml",
                b"<project><licenses><license><name>MIT</name></license></licenses></project>",
            ),
            ("org/a/Lib.class", b"\xca\xfe\xba\xbe"),
        ];
        archive(members, Packing::Deflated)
    }

    fn of(file: &str, bytes: &[u8]) -> (Vec<String>, Result<(), Flaw>) {
        let mut found = Vec::new();
        let read = read(file, &Content::Bytes(bytes), &mut found);
        (
            found
                .into_iter()
                .map(|found| format!("{} {} {}", found.name, found.version, found.within))
                .collect(),
            read,
        )
    }

    #[test]
    fn archives_are_known_by_their_extension() {
        assert!(is_archive("A.JAR") && !is_archive("jar") && !is_archive("a.jar.txt"));
    }

    #[test]
    fn libraries_within_applications_are_found() {
        let library = library();
        for packing in [Packing::Stored, Packing::Deflated] {
            let war = archive(&[("WEB-INF/lib/lib-1.0.jar", &library)], packing);
            let ear = archive(
                &[("app.war", &war), ("META-INF/MANIFEST.MF", b"Implementation-Version: 2\n")],
                packing,
            );
            let (found, read) = of("all.ear", &ear);
            assert!(read.is_ok(), "{read:?}");
            assert_eq!(found, ["all 2 ", "org.a:lib 1.0 app.war!WEB-INF/lib/lib-1.0.jar"]);
        }
    }

    #[test]
    fn licences_come_from_the_pom() {
        let mut found = Vec::new();
        read("lib-1.0.jar", &Content::Bytes(&library()), &mut found).unwrap();
        assert_eq!(found.first().unwrap().licences, ["MIT"]);
    }

    #[test]
    fn a_broken_library_hides_no_other() {
        let library = library();
        let members: &[(&str, &[u8])] = &[("a/broken.jar", b"no zip"), ("a/lib-1.0.jar", &library)];
        let (found, read) = of("app.jar", &archive(members, Packing::Deflated));
        assert_eq!(found, ["org.a:lib 1.0 a/lib-1.0.jar"]);
        let error = read.unwrap_err().to_string();
        assert!(error.contains("in `a/broken.jar`"), "{error}");
    }

    #[test]
    fn archives_are_followed_only_so_deep() {
        let mut inner = library();
        for _ in 0..20 {
            inner = archive(&[("x.jar", &inner)], Packing::Stored);
        }
        let (found, read) = of("a.jar", &inner);
        assert!(found.is_empty());
        assert!(read.unwrap_err().to_string().contains("archives one within another"));
    }

    #[test]
    fn places_do_not_grow_without_end() {
        let name = format!("{}.jar", "x".repeat(LONGEST_PLACE));
        let (found, read) = of("a.jar", &archive(&[(name.as_str(), &library())], Packing::Deflated));
        assert!(found.is_empty());
        assert!(read.unwrap_err().to_string().contains("its path has more than 1024 bytes"));
        let bell = archive(&[("a\x07.jar", &library())], Packing::Stored);
        assert_eq!(of("a.jar", &bell).0, [r"org.a:lib 1.0 a\x07.jar"]);
    }

    #[test]
    fn packages_of_one_archive_are_counted() {
        let names: Vec<String> =
            (0..=MOST_PACKAGES).map(|number| format!("META-INF/maven/g/{number}/pom.properties")).collect();
        let pom: &[u8] = b"groupId=g\nartifactId=a\nversion=1\n";
        let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), pom)).collect();
        let (found, read) = of("a-1.jar", &archive(&members, Packing::Stored));
        assert_eq!(found.len(), MOST_PACKAGES);
        assert!(matches!(read, Err(Flaw::TooMany { what: "packages", limit: MOST_PACKAGES })));
    }

    #[test]
    fn large_archives_within_others_are_read_one_after_the_other() {
        let mut large = vec![0; MOST_SHARED_BYTES as usize + 1];
        large.extend(library());
        let outer = archive(&[("one.jar", &large), ("two.jar", &large)], Packing::Deflated);
        let expected = ["org.a:lib 1.0 one.jar", "org.a:lib 1.0 two.jar"];
        std::thread::scope(|scope| {
            let read = || of("a.jar", &outer);
            for reader in [scope.spawn(read), scope.spawn(read)] {
                assert_eq!(reader.join().unwrap().0, expected);
            }
        });
    }
}
