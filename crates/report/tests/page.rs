//! The page for people: what is on it, and that nothing of an image becomes part of how it works.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

mod common;

use common::any::any_scan;
use common::{Owned, empty, package, sample, vulnerability};
use model::finding::{Severity, Vulnerability};
use model::inventory::PackageKind;
use proptest::prelude::*;
use report::html::html;

/// Every element that the page is made of, and the attributes that each may have.
const ELEMENTS: &[(&str, &[&str])] = &[
    ("a", &["href", "rel"]),
    ("b", &[]),
    ("body", &[]),
    (
        "circle",
        &[
            "class",
            "cx",
            "cy",
            "r",
            "fill",
            "stroke-width",
            "pathLength",
            "transform",
            "stroke-dasharray",
            "stroke-dashoffset",
        ],
    ),
    ("code", &[]),
    ("dd", &[]),
    ("details", &[]),
    ("div", &["class"]),
    ("dl", &["class"]),
    ("dt", &[]),
    ("figcaption", &[]),
    ("figure", &["class"]),
    ("footer", &[]),
    ("form", &["class", "hidden"]),
    ("h1", &[]),
    ("h2", &[]),
    ("head", &[]),
    ("header", &[]),
    ("html", &["lang"]),
    ("input", &["type", "name", "value", "aria-label", "placeholder"]),
    ("label", &["class"]),
    ("li", &["class"]),
    ("main", &[]),
    ("meta", &["charset", "name", "http-equiv", "content"]),
    ("output", &[]),
    ("p", &["class"]),
    ("rect", &["class", "x", "width", "height"]),
    ("script", &[]),
    ("section", &["id"]),
    ("small", &[]),
    ("span", &["class"]),
    ("strong", &[]),
    ("style", &[]),
    ("summary", &[]),
    ("svg", &["class", "viewBox", "preserveAspectRatio", "role", "aria-label", "aria-hidden"]),
    ("table", &["id", "class"]),
    ("tbody", &[]),
    ("td", &["class", "data-value"]),
    ("text", &["x", "y", "text-anchor"]),
    ("th", &["scope", "data-order", "title"]),
    ("thead", &[]),
    ("title", &[]),
    ("tr", &["data-severity", "data-is"]),
    ("ul", &["class"]),
];

/// What would be seen as something else, or not at all.
const UNSEEN: [char; 2] = ['\0', '\u{202e}'];

/// Elements without an end.
const VOID: &[&str] = &["meta", "input", "circle", "rect"];

/// The names of the elements in their order, after every one of them was looked at.
#[track_caller]
fn walk(page: &str) -> Vec<&str> {
    let mut rest = page.strip_prefix("<!doctype html>\n").unwrap();
    let (mut names, mut open) = (Vec::new(), Vec::new());
    while let Some((text, markup)) = rest.split_once('<') {
        let is_ours = matches!(open.last(), Some(&("script" | "style")));
        assert!(is_ours || !text.contains('>'), "{text}");
        let (tag, after) = markup.split_once('>').unwrap();
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let name = element(tag);
        names.push(name);
        if name == "script" || name == "style" {
            rest = &rest[rest.find("</").unwrap()..];
        }
        if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert_eq!(open, [""; 0]);
    names
}

/// Looks at the inside of a tag; returns its name.
#[track_caller]
fn element(tag: &str) -> &str {
    let (name, mut rest) = tag.trim_end_matches('/').split_once(' ').unwrap_or((tag, ""));
    let (_, allowed) = ELEMENTS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{tag}"));
    while !rest.is_empty() {
        if rest == "hidden" {
            break;
        }
        let (attribute, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("{tag}"));
        assert!(allowed.contains(&attribute), "{attribute} of {tag}");
        let (value, after) = value.split_once('"').unwrap();
        assert!(attribute != "href" || value.starts_with('#') || value.starts_with("https://"), "{value}");
        rest = after.trim_start();
    }
    name
}

/// The headings of the sections, each with the number of rows below it.
fn outline(page: &str) -> String {
    let sections = page.split("<section id=\"").skip(1);
    let line = |section: &str| {
        let (id, rest) = section.split_once('"').unwrap();
        let count = rest.split("class=\"count\">").nth(1).unwrap().split('<').next().unwrap();
        format!("{id} {count}: {} rows\n", rest.matches("<tr").count().saturating_sub(1))
    };
    sections.map(line).collect()
}

#[test]
fn the_page_has_a_section_for_everything() {
    let page = html(&sample().scan());
    walk(&page);
    let expected = "\
vulnerabilities 5: 5 rows
malware 1: 1 rows
secrets 3: 3 rows
misconfigurations 2: 2 rows
dismissed 2: 2 rows
layers 3: 3 rows
licences 6: 6 rows
packages 6: 6 rows
gaps 1: 1 rows
sources 1: 1 rows
";
    assert_eq!(outline(&page), expected);
    for words in [
        "<title>registry.example/team/app:1 – scan</title>",
        "<strong>It contains 1 malicious file and should not run anywhere.</strong>",
        "It has 5 known vulnerabilities, 1 of them critical. <strong>1 is known to be exploited by attackers.",
        "Updates that exist today mend 2 of them. 3 secrets travel with it. 1 thing could not be read",
        "href=\"https://nvd.nist.gov/vuln/detail/CVE-2021-44228\">CVE-2021-44228</a>",
        "97.5 % likely<span class=\"tag exploited\">exploited by ransomware</span><small>since 2021-12-10",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn the_page_of_nothing_says_so() {
    let mut nothing = empty();
    let page = html(&nothing.scan());
    walk(&page);
    assert_eq!(
        outline(&page),
        "vulnerabilities 0: 0 rows\nsecrets 0: 0 rows\nmisconfigurations 0: 0 rows\npackages 0: 0 rows\n"
    );
    assert!(page.contains("No vulnerability that counts is known in it."));
    nothing.target.name = "x".to_owned();
    let unmatched = report::subject::Scan { database: None, ..nothing.scan() };
    assert!(html(&unmatched).contains("It was not compared with any advisories."));
}

/// The policy names the only style and the only script, and allows nothing else.
#[test]
fn the_page_may_have_only_what_it_has() {
    let page = html(&sample().scan());
    let policy = page.split("http-equiv=\"Content-Security-Policy\" content=\"").nth(1).unwrap();
    let policy = policy.split('"').next().unwrap().replace("&#39;", "'");
    assert!(
        policy.starts_with("default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-")
    );
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    for element in ["style", "script"] {
        let inside = page.split(&format!("<{element}>")).nth(1).unwrap().split("</").next().unwrap();
        let hash = model::digest::Digest::of(inside.as_bytes());
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash.as_bytes());
        assert!(policy.contains(&format!("{element}-src 'sha256-{encoded}'")), "{policy}");
        assert!(!inside.contains("http") && !inside.contains("url(") && !inside.contains("@import"));
        assert_eq!(page.matches(&format!("<{element}")).count(), 1);
    }
}

/// As long as a large image's, and no longer than a browser opens at once.
#[test]
fn thousands_of_findings_are_a_few_megabytes() {
    let summary =
        "A heap-based buffer overflow in a handshake lets a server run code of its choice".to_owned();
    let found = |number: u32| Vulnerability {
        summary: summary.clone(),
        published: "2024-01-01".to_owned(),
        ..vulnerability(&format!("CVE-2024-{number}"), number % 500, Severity::High)
    };
    let mut large = empty();
    large.inventory.packages = (0..500)
        .map(|number| package(PackageKind::Dpkg, &format!("libsomething{number}"), "1.2-3"))
        .collect();
    large.vulnerabilities = (0..5000).map(found).collect();
    let page = html(&large.scan());
    assert_eq!(page.matches("<tr data-severity").count(), 5000);
    assert!(page.len() < 4 << 20, "{}", page.len());
}

/// The same scan with words of nothing but letters in place of what may be in an image.
fn tame(owned: &Owned) -> Owned {
    let mut tame = owned.clone();
    let calm = |text: &mut String| {
        if !text.is_empty() {
            "words".clone_into(text);
        }
    };
    tame.vulnerabilities.iter_mut().for_each(|found| calm(&mut found.summary));
    for package in &mut tame.inventory.packages {
        [&mut package.version, &mut package.location].into_iter().for_each(calm);
    }
    for wrong in &mut tame.misconfigurations {
        [&mut wrong.title, &mut wrong.advice].into_iter().for_each(calm);
    }
    tame
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_of_an_image_becomes_markup(owned in any_scan()) {
        let page = html(&owned.scan());
        let names = walk(&page);
        prop_assert_eq!(names.iter().filter(|name| **name == "script").count(), 1);
        prop_assert!(!page.contains(UNSEEN));
        prop_assert_eq!(&page, &html(&owned.scan()));
        let tame = html(&tame(&owned).scan());
        prop_assert_eq!(names, walk(&tame));
    }
}
