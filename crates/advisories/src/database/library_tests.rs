use std::os::unix::fs::PermissionsExt as _;
use std::sync::LazyLock;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::advisory::{Advisory, Affected, Record};
use crate::database::{Builder, Built, Publisher, Update};
use crate::version::Interval;

fn built(id: &str) -> Built {
    let affected = Affected { ranges: vec![Interval::ALL], ..Affected::new("npm", "x") };
    let advisory = Advisory { id: id.into(), affected: vec![affected], ..Advisory::default() };
    let mut builder = Builder::new();
    builder.add(&Record::Advisory(Box::new(advisory)));
    builder.finish().unwrap()
}

fn put(update: &mut Update<'_>, source: &str, id: &str) {
    update.put(source, "a file", "2026-11-26T00:00:00Z", &built(id)).unwrap();
}

fn publisher() -> Publisher<'static> {
    Publisher::from_seed(&[1; 32])
}

fn signed() -> Trust {
    Trust::Keys(vec![publisher().public()])
}

/// A database of two sources, signed.
fn library() -> (TempDir, Library) {
    let directory = TempDir::new().unwrap();
    let library = Library::at(directory.path().join("advisories"));
    let mut update = library.update(&signed()).unwrap();
    put(&mut update, "one", "A-1");
    put(&mut update, "two", "A-2");
    update.finish("2026-11-26T00:00:00Z", Some(&publisher())).unwrap();
    (directory, library)
}

/// Which of three advisories are there.
fn known(library: &Library, trust: &Trust) -> Vec<&'static str> {
    let (_, database) = library.open(trust).unwrap();
    ["A-1", "A-2", "A-3"].into_iter().filter(|id| !database.find(id).unwrap().is_empty()).collect()
}

fn files(library: &Library) -> Vec<String> {
    let list = std::fs::read_dir(library.shards()).unwrap();
    let mut names: Vec<_> = list.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn exported(library: &Library) -> Vec<u8> {
    let mut bytes = Vec::new();
    library.export(&signed(), None, &mut bytes).unwrap();
    bytes
}

#[test]
fn an_update_replaces_one_source_and_keeps_the_others() {
    let (_directory, library) = library();
    assert_eq!(known(&library, &signed()), ["A-1", "A-2"]);
    let before = files(&library);
    let mut update = library.update(&signed()).unwrap();
    put(&mut update, "two", "A-3");
    let index = update.finish("2026-11-27T00:00:00Z", Some(&publisher())).unwrap();
    assert_eq!(known(&library, &signed()), ["A-1", "A-3"]);
    let after = files(&library);
    assert_eq!((before.len(), after.len()), (2, 2));
    assert_eq!(after.iter().filter(|name| before.contains(name)).count(), 1);
    let entry = index.entry("two").unwrap();
    assert_eq!((entry.counts.advisories, entry.ecosystems.as_slice()), (1, ["npm".to_owned()].as_slice()));
    let mut update = library.update(&signed()).unwrap();
    update.remove("one");
    update.finish("2026-11-28T00:00:00Z", Some(&publisher())).unwrap();
    assert_eq!(known(&library, &signed()), ["A-3"]);
}

#[test]
fn what_is_not_finished_changes_nothing_and_is_cleared_up_by_the_next() {
    let (_directory, library) = library();
    let mut update = library.update(&signed()).unwrap();
    put(&mut update, "two", "A-3");
    drop(update);
    std::fs::write(library.shards().join("new"), "half of something").unwrap();
    assert_eq!((known(&library, &signed()), files(&library).len()), (vec!["A-1", "A-2"], 4));
    let update = library.update(&signed()).unwrap();
    update.finish("2026-11-27T00:00:00Z", Some(&publisher())).unwrap();
    assert_eq!((known(&library, &signed()), files(&library).len()), (vec!["A-1", "A-2"], 2));
}

#[test]
fn what_is_open_stays_open() {
    let (_directory, library) = library();
    let (_, database) = library.open(&signed()).unwrap();
    let mut update = library.update(&signed()).unwrap();
    update.remove("one");
    update.finish("2026-11-27T00:00:00Z", Some(&publisher())).unwrap();
    assert_eq!(database.find("A-1").unwrap().len(), 1);
}

#[test]
fn another_key_is_refused_for_reading_and_for_changing() {
    let (_directory, library) = library();
    let others = Trust::Keys(vec![Publisher::from_seed(&[2; 32]).public()]);
    assert_eq!(library.open(&others).unwrap_err().code(), "E-advisories-unsigned");
    assert_eq!(library.update(&others).unwrap_err().code(), "E-advisories-unsigned");
    assert_eq!(known(&library, &Trust::Anybody), ["A-1", "A-2"]);
    let nowhere = Library::at("/nonexistent");
    assert_eq!(nowhere.open(&signed()).unwrap_err().code(), "E-advisories-missing");
}

#[test]
fn every_flipped_byte_of_a_shard_is_found_by_verify() {
    let (_directory, library) = library();
    library.verify(&signed()).unwrap();
    let path = library.shards().join(&files(&library)[0]);
    let bytes = std::fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x20;
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, damaged).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
        let code = library.verify(&signed()).unwrap_err().code();
        assert!(["E-advisories-damaged", "E-advisories-format"].contains(&code), "{at}: {code}");
    }
}

#[test]
fn a_shard_that_somebody_may_write_is_not_opened() {
    let (_directory, library) = library();
    let path = library.shards().join(&files(&library)[0]);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(library.open(&signed()).unwrap_err().code(), "E-advisories-io");
}

#[test]
fn a_damaged_index_is_said_to_be_lost() {
    let (_directory, library) = library();
    std::fs::remove_file(library.index_path()).unwrap();
    std::fs::write(library.index_path(), "{").unwrap();
    let update = library.update(&signed()).unwrap();
    assert_eq!(update.lost().unwrap().code(), "E-advisories-damaged");
}

#[test]
fn taking_over_asks_only_for_what_is_not_here() {
    let (_directory, theirs) = library();
    let (_other, ours) = library();
    let mut update = theirs.update(&signed()).unwrap();
    put(&mut update, "two", "A-3");
    update.finish("2026-11-27T00:00:00Z", Some(&publisher())).unwrap();
    let (envelope, _) = theirs.envelope(&signed()).unwrap();
    let mut adoption = ours.adopt(&envelope, &signed(), Age::NotOlder).unwrap();
    let [missing] = adoption.missing().to_vec().try_into().unwrap();
    assert_eq!(missing.source, "two");
    let wrong = adoption.receive(&missing, built("A-1").bytes.as_slice()).unwrap_err();
    assert_eq!(wrong.code(), "E-advisories-damaged");
    let endless = adoption.receive(&missing, std::io::repeat(0)).unwrap_err();
    assert_eq!(endless.code(), "E-advisories-damaged");
    adoption.receive(&missing, built("A-3").bytes.as_slice()).unwrap();
    adoption.finish().unwrap();
    assert_eq!(known(&ours, &signed()), ["A-1", "A-3"]);
}

#[test]
fn what_is_incomplete_or_older_is_not_taken_over() {
    let (_directory, theirs) = library();
    let (_other, ours) = library();
    let (old, _) = theirs.envelope(&signed()).unwrap();
    let mut update = theirs.update(&signed()).unwrap();
    put(&mut update, "two", "A-3");
    update.finish("2026-11-27T00:00:00Z", Some(&publisher())).unwrap();
    let (new, _) = theirs.envelope(&signed()).unwrap();
    let adoption = ours.adopt(&new, &signed(), Age::NotOlder).unwrap();
    assert_eq!(adoption.finish().unwrap_err().code(), "E-advisories-damaged");
    assert_eq!(known(&ours, &signed()), ["A-1", "A-2"]);
    assert_eq!(theirs.adopt(&old, &signed(), Age::NotOlder).unwrap_err().code(), "E-advisories-older");
    assert_eq!(theirs.adopt(&old, &signed(), Age::Any).unwrap().missing().len(), 1);
}

#[test]
fn what_is_exported_can_be_imported_elsewhere() {
    let (_directory, library) = library();
    let bytes = exported(&library);
    assert_eq!(bytes, exported(&library));
    let elsewhere = TempDir::new().unwrap();
    let other = Library::at(elsewhere.path());
    other.import(bytes.as_slice(), &signed(), Age::NotOlder).unwrap();
    assert_eq!(known(&other, &signed()), ["A-1", "A-2"]);
    other.verify(&signed()).unwrap();
    // Again, with nothing missing.
    other.import(bytes.as_slice(), &signed(), Age::NotOlder).unwrap();
}

#[test]
fn an_export_that_is_cut_off_replaces_nothing() {
    let (_directory, theirs) = library();
    let mut update = theirs.update(&signed()).unwrap();
    put(&mut update, "three", "A-3");
    update.finish("2026-11-27T00:00:00Z", Some(&publisher())).unwrap();
    let bytes = exported(&theirs);
    let (_other, ours) = library();
    for length in (0..bytes.len()).step_by(40) {
        let cut = ours.import(&bytes[..length], &signed(), Age::NotOlder);
        assert_eq!(cut.unwrap_err().code(), "E-advisories-damaged", "{length}");
        assert_eq!(known(&ours, &signed()), ["A-1", "A-2"]);
    }
    ours.import(bytes.as_slice(), &signed(), Age::NotOlder).unwrap();
    assert_eq!(known(&ours, &signed()), ["A-1", "A-2", "A-3"]);
}

/// An export before it was packed. Making one for each case would be waiting for the disk.
static PLAIN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let (_directory, theirs) = library();
    zstd::decode_all(exported(&theirs).as_slice()).unwrap()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn an_altered_export_is_refused_or_the_same(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut plain = PLAIN.clone();
        for (place, byte) in places {
            let place = place.index(plain.len());
            plain[place] = byte;
        }
        let elsewhere = TempDir::new().unwrap();
        let other = Library::at(elsewhere.path());
        let bytes = zstd::encode_all(plain.as_slice(), 1).unwrap();
        if other.import(bytes.as_slice(), &Trust::Anybody, Age::Any).is_ok() {
            prop_assert!(other.verify(&Trust::Anybody).is_ok());
        }
    }
}

#[test]
fn what_is_signed_on_its_way_out_is_believed_elsewhere() {
    let directory = TempDir::new().unwrap();
    let unsigned = Library::at(directory.path().join("here"));
    let mut update = unsigned.update(&Trust::Anybody).unwrap();
    put(&mut update, "one", "A-1");
    update.finish("2026-11-26T00:00:00Z", None).unwrap();
    let export = |publisher: Option<&Publisher<'_>>| {
        let mut bytes = Vec::new();
        unsigned.export(&Trust::Anybody, publisher, &mut bytes).unwrap();
        bytes
    };
    let elsewhere = Library::at(directory.path().join("there"));
    let import = |bytes: &[u8]| elsewhere.import(bytes, &signed(), Age::NotOlder);
    assert_eq!(import(&export(None)).unwrap_err().code(), "E-advisories-unsigned");
    let foreign = Publisher::from_seed(&[2; 32]);
    assert_eq!(import(&export(Some(&foreign))).unwrap_err().code(), "E-advisories-unsigned");
    assert_eq!(elsewhere.index(&signed()).unwrap_err().code(), "E-advisories-missing");
    import(&export(Some(&publisher()))).unwrap();
    assert_eq!(known(&elsewhere, &signed()), ["A-1"]);
}
