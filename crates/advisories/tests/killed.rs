//! Whoever is killed while they replace the database leaves the old one or the new one, whole.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::process::parent_id;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use advisories::advisory::{Advisory, Affected, Record};
use advisories::database::{Builder, Built, Database, Library, Trust};
use advisories::version::Interval;

const DIRECTORY: &str = "ADVISORIES_KILLED_DIRECTORY";
const SOURCES: [&str; 3] = ["one", "two", "three"];

/// One generation of a source: all its advisories go by the generation's number.
fn built(generation: u32) -> Built {
    let mut builder = Builder::new();
    for number in 0..200 {
        let affected =
            Affected { ranges: vec![Interval::ALL], ..Affected::new("npm", &format!("p{number}")) };
        let advisory = Advisory {
            id: format!("A-{generation}-{number}"),
            aliases: vec![format!("A-{generation}")],
            affected: vec![affected],
            ..Advisory::default()
        };
        builder.add(&Record::Advisory(Box::new(advisory)));
    }
    builder.finish().unwrap()
}

fn replace(directory: &Path, generation: u32) {
    let library = Library::at(directory);
    let mut update = library.update(&Trust::Anybody).unwrap();
    for source in SOURCES {
        let built = built(generation);
        update.put(source, "test", &generation.to_string(), &built).unwrap();
    }
    update.finish(&format!("{generation:09}"), None).unwrap();
}

/// In a child: replaces the database until killed, or until nobody is left to kill it. As a test of its own it
/// checks that one generation follows another.
#[test]
fn child_replaces() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        let parent = parent_id();
        let wanted = (0..).take_while(|_| parent_id() == parent);
        wanted.for_each(|generation| replace(Path::new(&directory), generation));
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for generation in [1, 2] {
        replace(directory.path(), generation);
        assert_eq!(generation_of(directory.path()), generation);
    }
}

/// Killed when it is dropped, which is also where a test fails.
struct Writer(Child);

impl Writer {
    fn start(directory: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child_replaces", "--test-threads=1"]).env(DIRECTORY, directory);
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The generation of the database, after all of it was read.
fn generation_of(directory: &Path) -> u32 {
    let library = Library::at(directory);
    let index = library.verify(&Trust::Anybody).unwrap();
    let generation: u32 = index.created.parse().unwrap();
    assert_eq!(index.shards.len(), SOURCES.len());
    assert!(index.shards.iter().all(|entry| entry.imported == generation.to_string()), "{index:?}");
    let (_, database) = library.open(&Trust::Anybody).unwrap();
    assert!(is_whole(&database, generation));
    generation
}

/// Whether each source has all advisories and all packages.
fn is_whole(database: &Database, generation: u32) -> bool {
    let heads = database.find(&format!("A-{generation}")).unwrap().len();
    let has = |number| {
        let name = format!("p{number}");
        database.shards().iter().all(|shard| shard.package("npm", &name).unwrap().is_some())
    };
    heads == SOURCES.len() * 200 && (0..200).all(has)
}

#[test]
fn a_killed_writer_leaves_one_whole_database() {
    let directory = tempfile::tempdir().unwrap();
    replace(directory.path(), 0);
    for turn in 0..12 {
        let writer = Writer::start(directory.path());
        std::thread::sleep(Duration::from_millis(40 + turn * 17));
        drop(writer);
        generation_of(directory.path());
    }
    // Whoever comes next is not held up, and clears up.
    replace(directory.path(), 7);
    assert_eq!(generation_of(directory.path()), 7);
    let shards = std::fs::read_dir(directory.path().join("shards")).unwrap().count();
    // All three sources have the same advisories, and so the same file.
    assert_eq!(shards, 1);
}

#[test]
fn a_reader_sees_one_generation_while_another_is_written() {
    let directory = tempfile::tempdir().unwrap();
    replace(directory.path(), 0);
    let _writer = Writer::start(directory.path());
    for _ in 0..40 {
        let (index, database) = Library::at(directory.path()).open(&Trust::Anybody).unwrap();
        let generation: u32 = index.created.parse().unwrap();
        assert!(is_whole(&database, generation));
    }
}
