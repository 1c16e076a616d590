//! What may not stand in a source file.

use crate::tree::{File, file, files, none};

/// The longest a source file may be, in lines.
const LONGEST: usize = 700;

/// How a test says that the kernel lab runs it.
const LAB: &str = r#"#[ignore = "for the kernel lab: cargo xtask vm suite"]"#;

/// These very tests name what they forbid.
const HERE: &str = "xtask/tests/architecture/";

fn rust() -> impl Iterator<Item = File> {
    files().into_iter().filter(|file| file.is_rust() && !file.path.starts_with(HERE))
}

fn places(files: impl Iterator<Item = File>, what: impl Fn(&str) -> bool) -> Vec<String> {
    files.flat_map(|file| file.places(&what).collect::<Vec<_>>()).collect()
}

#[test]
fn nothing_is_left_open() {
    let marks = ["todo!", "unimplemented!", "#[ignore", "FIXME", "XXX"];
    let open = places(rust(), |line| line.trim() != LAB && marks.iter().any(|mark| line.contains(mark)));
    none(open, "left open");
}

/// What cannot run on the machine at hand runs in the kernel lab, every time that all tests do.
#[test]
fn what_only_the_lab_can_run_is_on_its_list() {
    let list = file("xtask/src/vm/suite.rs").text;
    let marked: Vec<File> = rust().filter(|file| file.text.lines().any(|line| line.trim() == LAB)).collect();
    assert!(!marked.is_empty(), "nothing bears the lab's mark any more");
    let absent = marked.into_iter().filter(|file| {
        let stem = file.path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs"));
        !stem.is_some_and(|stem| list.contains(&format!("/{stem}\", filters: &[] }}")))
    });
    none(absent.map(|file| file.path), "not on the list of xtask/src/vm/suite.rs, or not all of it");
}

#[test]
fn no_source_file_is_longer_than_a_person_reads() {
    let long = rust().filter(|file| file.text.lines().count() > LONGEST);
    none(long.map(|file| file.path), "more than 700 lines; is there a seam?");
}

#[test]
fn no_file_knows_a_machine_of_its_author() {
    let machine =
        ["/work/main", "/work/shared", "/tmp/images", "/tmp/target-", "/tmp/bash_jobs", "/root/.cargo"];
    let ours = files().into_iter().filter(|file| !file.path.starts_with(HERE) && file.path != "Cargo.lock");
    let paths = places(ours, |line| machine.iter().any(|path| line.contains(path)));
    none(paths, "a path of a particular machine");
}

/// Times and settings come in as values; binaries are where they come from.
#[test]
fn libraries_read_neither_clock_nor_environment() {
    let sources = ["SystemTime::now", "env::var", "env::home_dir", "env::current_dir", "env::args"];
    let libraries = rust().filter(|file| {
        let not = ["crates/coffer/", "crates/probe/", "crates/runtime/", "xtask/", "fuzz/"];
        !not.iter().any(|start| file.path.starts_with(start)) && file.path.contains("/src/")
    });
    let readers = libraries.filter(|file| sources.iter().any(|source| file.product().contains(source)));
    none(readers.map(|file| file.path), "a library reads the clock or the environment");
}

#[test]
fn model_and_policy_do_no_io() {
    let io = ["std::fs", "std::net", "std::process", "std::io", "rustix::"];
    let pure = rust().filter(|file| {
        file.path.starts_with("crates/model/src/") || file.path.starts_with("crates/policy/src/")
    });
    let impure = pure.filter(|file| io.iter().any(|module| file.product().contains(module)));
    none(impure.map(|file| file.path), "model and policy are pure");
}

/// `E-store-digest`: the crate or topic, then what it is about, in lower-case words.
#[test]
fn error_codes_have_one_form() {
    let malformed = rust().flat_map(|file| {
        let codes = file.product().split('"').filter(|literal| literal.starts_with("E-"));
        let bad = codes.filter(|code| !well_formed(code)).map(|code| format!("{}: {code}", file.path));
        bad.collect::<Vec<_>>()
    });
    none(malformed, "an error code is not of the form `E-word-word`");
}

fn well_formed(code: &str) -> bool {
    let words: Vec<&str> = code.split('-').skip(1).collect();
    let word =
        |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    words.len() >= 2 && words.iter().all(word)
}

#[test]
fn the_form_of_a_code_is_judged_by_all_its_words() {
    assert!(well_formed("E-store-digest") && well_formed("E-launch-cgroup-v1"));
    assert!(!well_formed("E-store") && !well_formed("E-Store-digest") && !well_formed("E-store--digest"));
}
