use proptest::prelude::*;

use super::*;

fn ignore(lines: &str) -> Ignore {
    Ignore::parse(lines.as_bytes(), &Limits::default()).unwrap()
}

fn check(lines: &str, path: &str, expected: bool) {
    assert_eq!(ignore(lines).excludes(path), expected, "{lines:?} {path}");
}

#[test]
fn the_last_rule_that_matches_decides() {
    check("*.go\n!a.go", "a.go", false);
    check("!a.go\n*.go", "a.go", true);
    check("docs\n!docs/README.md", "docs/README.md", false);
    check("docs\n!docs/README.md", "docs/other", true);
    check("**\n!util/web\nutil/web/foo", "util/web/foo", true);
    check("d/x\n!d", "d/x", false);
}

#[test]
fn directories_take_what_is_in_them_along() {
    check("a", "a/b/c", true);
    check("*/temp*", "x/temporary/y", true);
    check("*/temp*", "x/y/temp", false);
    check("a/", "a", true);
}

#[test]
fn two_stars_cross_slashes() {
    for path in ["file", "dir/file", "dir/dir/file"] {
        check("**/file", path, true);
        check("**file", path, true);
        check("**", path, true);
    }
    check("**/.foo", "bar.foo", false);
    check("**.foo", "bar.foo", true);
    check("**.foo*", "bar.foo", false);
    check("dir/**", "dir", false);
    check("dir/**", "dir/a/b", true);
    check("a**/*.txt", "a/b/c.txt", true);
    check("a**/*.txt", "ab/c.txt", true);
    check("**/x/**/y", "x/y", true);
    check("**/x/**/y", "a/x/b/c/y", true);
}

#[test]
fn lines_are_cleaned() {
    let file = "\u{feff}# comment\n  /a/./b/  \n\n! /a/b/../c\r\n #x\n";
    check(file, "a/b", true);
    check(file, "a/c", false);
    check(file, "#x", true);
    check("a\n!A", "a", true);
    let error = |text: &str| Ignore::parse(text.as_bytes(), &Limits::default()).unwrap_err().to_string();
    assert_eq!(error("a\n! "), "line 2: `!` needs a pattern behind it");
    assert!(error("[Local-Only]/").starts_with("line 1: `[Local-Only]` is no pattern"));
    assert!(error("a\\").ends_with("nothing follows `\\`"));
}

#[test]
fn there_are_limits() {
    let limits = Limits { patterns: 2, file_bytes: 10, ..Limits::default() };
    assert_eq!(Ignore::parse(b"a\nb\nc", &limits).unwrap_err(), IgnoreError::Patterns(2));
    assert_eq!(Ignore::parse(b"aaaaaaaaaaa", &limits).unwrap_err(), IgnoreError::Size(10));
    let three = ["a", "b", "c"].map(str::to_owned);
    assert_eq!(Ignore::of(&three, &limits).unwrap_err(), IgnoreError::Patterns(2));
}

#[test]
fn directories_that_nothing_brings_back_are_pruned() {
    let fate = |lines: &str, path: &str| {
        let ignore = ignore(lines);
        ignore.directory(path, &ignore.top()).0
    };
    assert_eq!(fate("node_modules", "node_modules"), Fate::Pruned);
    assert_eq!(fate("node_modules", "src"), Fate::Kept);
    assert_eq!(fate("docs\n!docs/*/a.md", "docs"), Fate::Excluded);
    assert_eq!(fate("!docs/a.md\ndocs", "docs"), Fate::Pruned);
    assert_eq!(fate("*\n!src/**", "docs"), Fate::Pruned);
    assert_eq!(fate("*\n!src/**", "src"), Fate::Excluded);
    assert_eq!(fate("*\n!**/*.md", "docs"), Fate::Excluded);
}

#[test]
fn everything_is_known_without_a_look() {
    assert!(ignore("**/*").excludes_everything() && ignore("a\n*").excludes_everything());
    assert!(!ignore(".*").excludes_everything() && !ignore("*\n!a").excludes_everything());
    assert!(ignore("# x").is_empty() && ignore("!a").has_exceptions());
}

#[test]
fn a_crafted_pattern_is_not_slow() {
    let stars = format!("{}c*", "**/*a".repeat(500));
    let path = "a".repeat(4000);
    let started = std::time::Instant::now();
    check(&stars, &path, false);
    assert!(started.elapsed().as_secs() < 20);
}

/// `a`, `a/b` and `a/b/c` for the last one.
fn ways(path: &str) -> Vec<&str> {
    let slashes = path.match_indices('/').map(|(end, _)| &path[..end]);
    slashes.chain([path]).collect()
}

proptest! {
    #[test]
    fn a_walk_decides_as_a_look_does(
        lines in proptest::collection::vec("!?[ab*?/]{1,6}", 0..5),
        path in "[ab]{1,2}(/[ab]{1,2}){0,3}",
    ) {
        let ignore = ignore(&lines.join("\n"));
        let mut above = ignore.top();
        let mut pruned = false;
        for way in ways(&path) {
            let excluded = ignore.excludes(way);
            prop_assert_eq!(ignore.file(way, &above), excluded);
            if pruned {
                prop_assert!(excluded, "{} is in a pruned directory", way);
            }
            let (fate, below) = ignore.directory(way, &above);
            prop_assert_eq!(fate != Fate::Kept, excluded);
            pruned |= fate == Fate::Pruned;
            above = below;
        }
    }

    #[test]
    fn any_text_is_rules_or_an_error(text in "[!ab*?/\\[\\]\\\\^ #.\n-]{0,30}", path in "[ab/.-]{0,10}") {
        if let Ok(ignore) = Ignore::parse(text.as_bytes(), &Limits::default()) {
            let _ = ignore.excludes(&path);
        }
    }
}
