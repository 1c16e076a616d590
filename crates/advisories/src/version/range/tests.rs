use super::*;

fn contains(dialect: Dialect, range: &str, version: &str) -> bool {
    let intervals = dialect.parse(range).unwrap_or_else(|error| panic!("{error}"));
    intervals.iter().any(|interval| interval.contains(dialect.order(), version).unwrap())
}

#[test]
fn ruby_means_what_its_manual_says() {
    for (range, inside, outside) in [
        ("~> 1.2.3", &["1.2.3", "1.2.3.1", "1.2.99"][..], &["1.2.2", "1.3", "1.3.0.rc1", "1.2.3.a"][..]),
        ("~> 1.2", &["1.2", "1.9.9"], &["1.1", "2", "2.0.a"]),
        ("~> 1", &["1", "1.9"], &["0.9", "2"]),
        ("~> 4.2.5.a", &["4.2.5.b", "4.2.9"], &["4.2.4", "4.3"]),
        (">= 1.0, < 1.5, != 1.2", &["1.0", "1.2.1", "1.4"], &["1.2", "1.5", "0.9"]),
        ("1.2", &["1.2", "1.2.0"], &["1.2.1"]),
    ] {
        assert!(
            inside.iter().all(|version| contains(Dialect::RubyGems, range, version)),
            "{range} {inside:?}"
        );
        assert!(
            !outside.iter().any(|version| contains(Dialect::RubyGems, range, version)),
            "{range} {outside:?}"
        );
    }
}

#[test]
fn plain_ranges_are_comparisons_and_nothing_else() {
    let maven = Dialect::Plain(Order::Maven);
    assert!(contains(maven, ">= 2.0-beta9, < 2.15.0", "2.14.1"));
    assert!(!contains(maven, ">= 2.0-beta9, < 2.15.0", "2.15.0"));
    assert!(contains(maven, "= 1.4", "1.4.0"));
    assert!(contains(maven, "", "anything"));
    assert!(!contains(maven, "> 2, < 1", "1.5"));
    for wrong in ["~> 1", "^1.2", ">= ", "<", ">= 1, <"] {
        assert!(maven.parse(wrong).is_err(), "{wrong}");
    }
    let error = Dialect::Plain(Order::Dpkg).parse("< x:1").unwrap_err();
    assert_eq!(error.to_string(), "`x:1` is not a version: what is before the colon is not a number");
}

#[test]
fn what_is_no_range_is_named() {
    for (dialect, range, reason) in [
        (Dialect::Npm, "1.x.5", "it has a number after a wildcard"),
        (Dialect::Npm, "- 2", "it has a hyphen that is not between two versions"),
        (Dialect::Npm, "hello", "it has a version that begins with no number"),
        (Dialect::Npm, "1.2.3.4", "it has a version of more than three numbers"),
        (Dialect::Composer, "^", "it has a sign without a version"),
        (Dialect::RubyGems, "~> x", "it has a version that begins with no number"),
    ] {
        let expected = format!("`{range}` is not a range of versions: {reason}");
        assert_eq!(dialect.parse(range).map_err(|error| error.to_string()), Err(expected));
    }
    let many = "!=1.0.0 ".repeat(1000);
    assert!(Dialect::Npm.parse(&many).is_ok(), "the same again and again");
    let many: String = (0..1000).map(|number| format!("!={number}.0.0 ")).collect();
    assert!(Dialect::Npm.parse(&many).unwrap_err().to_string().ends_with("8192 bytes"));
    let many: String = (0..500).map(|number| format!("!={number}.0.0 ")).collect();
    assert!(Dialect::Npm.parse(&many).unwrap_err().to_string().ends_with("it has too many parts"));
}
