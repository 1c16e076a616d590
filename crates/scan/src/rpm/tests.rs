//! The three formats, with databases that rpm and Berkeley DB wrote, and damaged ones.

use std::io::Read as _;

use flate2::read::GzDecoder;
use model::inventory::SourcePackage;
use proptest::prelude::*;

use super::header::tests::written;
use super::*;

fn fixture(bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut whole).unwrap();
    whole
}

fn sqlite_database() -> Vec<u8> {
    fixture(include_bytes!("../../tests/fixtures/rpmdb.sqlite.gz"))
}

fn hash_database() -> Vec<u8> {
    fixture(include_bytes!("../../tests/fixtures/Packages.gz"))
}

/// A database as rpm's lib/backend/ndb/rpmpkg.c writes it; the second slot of the three is free.
fn ndb_database() -> Vec<u8> {
    let number = |number: u32| number.to_le_bytes();
    let mut bytes = [&b"RpmP"[..], &number(0), &number(9), &number(1), &number(3), &[0; 12]].concat();
    let (mut slots, mut blobs) = (Vec::new(), Vec::new());
    for (index, header) in [(1, written("bash", None)), (0, Vec::new()), (2, written("bash-doc", Some(3)))] {
        let offset = (4096 + blobs.len()) as u32 / 16;
        blobs.extend(
            [&b"BlbS"[..], &number(index), &number(9), &number(header.len() as u32), &header].concat(),
        );
        blobs.extend(vec![0; blobs.len().wrapping_neg() % 16 + 16]);
        let length = (4096 + blobs.len()) as u32 / 16 - offset;
        slots.extend([&b"Slot"[..], &number(index), &number(offset), &number(length)].concat());
    }
    bytes.extend(slots);
    bytes.resize(4096, 0);
    [bytes, blobs].concat()
}

fn read(path: &str, bytes: &[u8]) -> (Vec<Found>, Result<(), Flaw>) {
    let file = Candidate { path, size: bytes.len() as u64, executable: false };
    let mut found = Vec::new();
    let cataloger = CATALOGERS.iter().find(|cataloger| (cataloger.wants)(&file)).expect("somebody wants it");
    let result = (cataloger.read)(&file, &Content::Bytes(bytes), &mut found);
    (found, result)
}

const SQLITE: &str = "usr/lib/sysimage/rpm/rpmdb.sqlite";
const NDB: &str = "usr/lib/sysimage/rpm/Packages.db";
const HASH: &str = "var/lib/rpm/Packages";

#[test]
fn databases_that_rpm_and_berkeley_db_wrote() {
    for (path, bytes) in [(SQLITE, sqlite_database()), (HASH, hash_database())] {
        let (mut found, result) = read(path, &bytes);
        result.unwrap();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        let seen: Vec<_> =
            found.iter().map(|found| (&*found.name, &*found.version, found.files.len())).collect();
        assert_eq!(seen, [("harbour", "2:1.4.2-3.el9", 1), ("harbour-docs", "1:7.0-3.el9", 61)], "{path}");
        assert_eq!(found[0].licences, ["MIT and GPLv2+"]);
        assert!(found[1].files.contains(&"usr/share/doc/harbour/page-60.txt".to_owned()));
        let source = SourcePackage { name: "harbour".to_owned(), version: "1.4.2-3.el9".to_owned() };
        assert_eq!(found[1].source, Some(source));
    }
}

#[test]
fn slots_of_the_new_format_that_are_free_are_passed_over() {
    let (found, result) = read(NDB, &ndb_database());
    result.unwrap();
    let seen: Vec<_> = found.iter().map(|found| (&*found.name, &*found.version)).collect();
    assert_eq!(seen, [("bash", "5.1.8-6.el9"), ("bash-doc", "3:5.1.8-6.el9")]);
}

#[test]
fn a_log_beside_the_database_is_a_gap_unless_it_is_empty() {
    let (_, result) = read("var/lib/rpm/rpmdb.sqlite-wal", &[1; 32]);
    assert!(result.unwrap_err().to_string().contains("rpm --rebuilddb"));
    let empty = Candidate { path: "var/lib/rpm/rpmdb.sqlite-wal", size: 0, executable: false };
    assert!(!CATALOGERS.iter().any(|cataloger| (cataloger.wants)(&empty)));
    let elsewhere = Candidate { path: "home/Packages", size: 9, executable: false };
    assert!(!CATALOGERS.iter().any(|cataloger| (cataloger.wants)(&elsewhere)));
}

/// Overwrites bytes at `at`.
fn with(mut bytes: Vec<u8>, at: usize, new: &[u8]) -> Vec<u8> {
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

#[test]
fn circles_overlaps_and_lengths_that_lie_are_refused() {
    let reason = |path, bytes: Vec<u8>| read(path, &bytes).1.unwrap_err().to_string();
    // A chain of pages that returns to its beginning.
    let hash = hash_database();
    let chained = (1..hash.len() / 4096).find(|page| {
        let page = &hash[page * 4096..];
        page[25] == 7 && page[16..20] != [0; 4]
    });
    let chained = chained.expect("a chain of pages");
    let circle = with(hash.clone(), chained * 4096 + 16, &(chained as u32).to_le_bytes());
    assert!(reason(HASH, circle).ends_with("it points to a page twice"));
    // Two slots of one blob.
    let ndb = ndb_database();
    let slot = ndb[32..48].to_vec();
    let many = (1..200).fold(ndb.clone(), |ndb, index| with(ndb, 32 + index * 16, &slot));
    assert!(reason(NDB, many).ends_with("its rows lie upon each other"));
    // A blob of four gigabytes.
    let long = with(ndb.clone(), 4096 + 12, &[0xff; 4]);
    assert!(reason(NDB, long).contains("are the most that are read"));
    // A page of no size, and one that points at itself.
    let sqlite = sqlite_database();
    assert!(reason(SQLITE, with(sqlite.clone(), 16, &[0, 3])).ends_with("no size that pages may have"));
    let mut own = with(sqlite, 100, &[INTERIOR_PAGE, 0, 0, 0, 0, 0, 0, 0]);
    own = with(own, 108, &1_u32.to_be_bytes());
    assert!(reason(SQLITE, own).ends_with("it points to a page twice"));
}

const INTERIOR_PAGE: u8 = 5;

#[test]
fn one_damaged_header_does_not_hide_the_others() {
    let ndb = ndb_database();
    let (found, result) = read(NDB, &with(ndb, 4096 + 16, &[0xff; 8]));
    assert_eq!(found.len(), 1);
    assert!(result.unwrap_err().to_string().ends_with("the header of a package is damaged"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..4096),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..16),
    ) {
        let sound = [(SQLITE, sqlite_database()), (NDB, ndb_database()), (HASH, hash_database())];
        for (path, mut sound) in sound {
            let _any = read(path, &bytes);
            for (index, byte) in &changes {
                let at = index.index(sound.len());
                sound[at] = *byte;
            }
            let _any = read(path, &sound);
            sound.truncate(changes[0].0.index(sound.len()));
            let _any = read(path, &sound);
        }
    }
}
