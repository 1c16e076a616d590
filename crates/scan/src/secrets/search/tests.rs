//! Files that are searched in windows, by lines, and not at all.

use std::fs::File;
use std::io::Write as _;

use proptest::prelude::*;

use super::*;
use crate::secrets::check::base62;

/// A token of GitHub with its checksum.
fn token() -> String {
    let body = "QxZkJvWpLmRtYbNcHsGdFe19283746";
    let sum = String::from_utf8(base62(crc32fast::hash(body.as_bytes())).to_vec()).unwrap();
    ["gh", "p_", body, &sum].concat()
}

fn candidate(path: &str, size: usize) -> Candidate<'_> {
    Candidate { path, size: size as u64, executable: false }
}

/// The lines of what is found, out of memory and out of a file, which must be the same.
fn lines_of(bytes: &[u8]) -> Vec<u32> {
    let candidate = candidate("app/settings", bytes.len());
    let (mut in_memory, mut in_file) = (Vec::new(), Vec::new());
    search(&candidate, &Content::Bytes(bytes), &mut in_memory).unwrap();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    search(&candidate, &Content::File(&file, bytes.len() as u64), &mut in_file).unwrap();
    assert_eq!(in_memory, in_file);
    in_memory.iter().map(|secret| secret.line).collect()
}

#[test]
fn a_secret_is_found_with_its_line() {
    let text = format!("a\nb = 1\ntoken: {}\n", token());
    let mut found = Vec::new();
    let candidate = candidate("app/settings", text.len());
    search(&candidate, &Content::Bytes(text.as_bytes()), &mut found).unwrap();
    let secret = found.pop().unwrap();
    assert_eq!(
        (secret.rule.as_str(), secret.line, secret.path.as_str()),
        ("github-token", 3, "app/settings")
    );
    assert_eq!(secret.redacted, "ghp_… (40 characters)");
    assert!(found.is_empty());
}

#[test]
fn secrets_on_the_edges_of_windows_are_found_once() {
    let edge = WINDOW - FARTHEST;
    for at in
        [edge - 60, edge - 20, edge - 1, edge, edge + 1, WINDOW - 20, WINDOW, 2 * edge - 1, 3 * edge + 5]
    {
        let mut text = ".\n".repeat(at / 2 + 1).into_bytes();
        text.truncate(at);
        text.extend_from_slice(format!("\n{}\n", token()).as_bytes());
        text.resize(4 * WINDOW, b'\n');
        let line = u32::try_from(at / 2 + 2).unwrap();
        assert_eq!(lines_of(&text), [line], "{at}");
    }
}

#[test]
fn a_file_is_not_reported_without_end() {
    let same = format!("{}\n", token()).repeat(100);
    assert_eq!(lines_of(same.as_bytes()).len(), MOST_OF_A_RULE);
    let on_one_line = format!("{} ", token()).repeat(100);
    assert_eq!(lines_of(on_one_line.as_bytes()), [1]);
}

#[test]
fn files_that_are_no_text_are_passed_over() {
    let text = format!("\0{}", token());
    assert_eq!(lines_of(text.as_bytes()), [0; 0]);
}

#[test]
fn keywords_without_end_are_a_flaw_that_is_named() {
    let text = b"token token token token";
    let flaw = matcher::shared().hits(text, text.len(), None, &mut 3).unwrap_err();
    assert_eq!(flaw.to_string(), format!("it has more than {MOST_TRIES} words that secrets begin with"));
    assert!(matcher::shared().hits(text, text.len(), None, &mut 8).is_ok());
}

#[test]
fn only_files_of_some_size_in_places_that_matter_are_wanted() {
    assert!(wants(&candidate("app/settings.py", 10)));
    assert!(!wants(&candidate("app/settings.py", 0)));
    assert!(!wants(&candidate("app/logo.png", 10)));
    assert!(!wants(&Candidate { size: LARGEST + 1, ..candidate("app/dump.sql", 0) }));
}

proptest! {
    #[test]
    fn any_file_is_searched(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        let mut found = Vec::new();
        let _either = search(&candidate("root/.netrc", bytes.len()), &Content::Bytes(&bytes), &mut found);
        prop_assert!(found.len() <= MOST_OF_A_FILE);
    }
}

#[test]
fn a_file_that_shrinks_meanwhile_is_read_as_far_as_it_goes() {
    let file: File = tempfile::tempfile().unwrap();
    let mut found = Vec::new();
    search(&candidate("a", 10), &Content::File(&file, 10), &mut found).unwrap();
    assert!(found.is_empty());
}
