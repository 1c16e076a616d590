//! What a document is, by its name and its beginning.

mod keys;

use std::path::Path;

use keys::{json_keys, yaml_keys};

/// A published format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One record of OSV in JSON.
    Osv,
    /// A list of records of OSV in JSON.
    OsvList,
    /// One record of OSV in YAML, as PyPI has them.
    OsvYaml,
    /// Alpine's secdb in JSON; Wolfi and Chainguard publish it too.
    SecdbJson,
    /// Alpine's secdb in YAML, as it was until 2020.
    SecdbYaml,
    /// Debian's security tracker, `data/json`.
    DebianTracker,
    /// Debian's lists of announcements, `data/DSA/list` and `data/DLA/list`.
    DebianAnnouncements,
    /// CSAF 2.0, VEX included, of Red Hat or SUSE.
    Csaf,
    /// One record of rubysec's database in YAML.
    RubySec,
    /// One record of FriendsOfPHP's database in YAML.
    FriendsOfPhp,
    /// CISA's catalogue of exploited vulnerabilities in JSON.
    Kev,
    /// FIRST's daily scores in CSV.
    Epss,
    /// NVD's answers and feeds in JSON 2.0.
    Nvd,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Osv,
        Self::OsvList,
        Self::OsvYaml,
        Self::SecdbJson,
        Self::SecdbYaml,
        Self::DebianTracker,
        Self::DebianAnnouncements,
        Self::Csaf,
        Self::RubySec,
        Self::FriendsOfPhp,
        Self::Kev,
        Self::Epss,
        Self::Nvd,
    ];

    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Osv | Self::OsvList => "OSV",
            Self::OsvYaml => "OSV in YAML",
            Self::SecdbJson => "Alpine secdb",
            Self::SecdbYaml => "Alpine secdb in YAML",
            Self::DebianTracker => "Debian security tracker",
            Self::DebianAnnouncements => "Debian announcements",
            Self::Csaf => "CSAF",
            Self::RubySec => "rubysec",
            Self::FriendsOfPhp => "FriendsOfPHP",
            Self::Kev => "KEV",
            Self::Epss => "EPSS",
            Self::Nvd => "NVD",
        }
    }
}

/// The format of a document, by its path and its first bytes: some 16 KiB of them, or all where it is shorter.
#[must_use]
pub fn detect(path: &Path, head: &[u8]) -> Option<Format> {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match text.chars().next()? {
        '{' => object(text),
        '[' if text.trim_start_matches('[').trim_start().starts_with('{') => list(text),
        _ if matches!(extension, "yaml" | "yml") => yaml(text),
        _ => lines(text),
    }
}

fn object(text: &str) -> Option<Format> {
    let keys = json_keys(text, 3);
    let has = |depth: usize, name: &str| keys.iter().any(|(at, key)| *at == depth && key == name);
    let is_osv = has(1, "id") || has(1, "schema_version");
    if has(1, "document") && (has(2, "csaf_version") || has(2, "category") || has(2, "aggregate_severity")) {
        Some(Format::Csaf)
    } else if has(1, "catalogVersion") || (has(1, "vulnerabilities") && has(3, "cveID")) {
        Some(Format::Kev)
    } else if has(1, "resultsPerPage") || (has(1, "format") && has(1, "vulnerabilities")) {
        Some(Format::Nvd)
    } else if has(1, "packages") || has(1, "apkurl") || has(1, "distroversion") || has(1, "reponame") {
        (has(1, "apkurl") || has(1, "distroversion") || has(1, "reponame")).then_some(Format::SecdbJson)
    } else if is_osv || (has(1, "affected") && has(3, "ranges")) {
        let others = ["affected", "modified", "published", "aliases", "summary", "details"];
        others.iter().any(|name| has(1, name)).then_some(Format::Osv)
    } else if has(3, "releases") || has(3, "scope") || has(3, "debianbug") {
        Some(Format::DebianTracker)
    } else {
        None
    }
}

fn list(text: &str) -> Option<Format> {
    let keys = json_keys(text, 2);
    let has = |name: &str| keys.iter().any(|(at, key)| *at == 2 && key == name);
    let others = ["affected", "modified", "published", "aliases", "summary", "details", "schema_version"];
    (has("id") && others.iter().any(|name| has(name))).then_some(Format::OsvList)
}

fn yaml(text: &str) -> Option<Format> {
    let keys = yaml_keys(text);
    let has = |name: &str| keys.contains(&name);
    if has("packages") && (has("apkurl") || has("distroversion") || has("reponame")) {
        Some(Format::SecdbYaml)
    } else if has("gem") && (has("title") || has("url")) {
        Some(Format::RubySec)
    } else if has("branches") && has("reference") {
        Some(Format::FriendsOfPhp)
    } else if has("id") && ["modified", "affected", "details"].into_iter().any(has) {
        Some(Format::OsvYaml)
    } else {
        None
    }
}

fn lines(text: &str) -> Option<Format> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next()?;
    let is_epss = |line: &str| line.starts_with("cve,epss");
    if is_epss(first) || (first.starts_with("#model_version") && lines.next().is_some_and(is_epss)) {
        return Some(Format::Epss);
    }
    let (_, name) = first.strip_prefix('[')?.split_once("] ")?;
    ["DSA-", "DLA-", "DTSA-"]
        .iter()
        .any(|start| name.starts_with(start))
        .then_some(Format::DebianAnnouncements)
}

/// What a repository of advisories has beside them, whatever the ends of the names.
const PAPERS: [&str; 9] = [
    "AUTHORS",
    "CHANGELOG",
    "CODE_OF_CONDUCT",
    "CONTRIBUTING",
    "COPYING",
    "LICENCE",
    "LICENSE",
    "NOTICE",
    "README",
];

/// Whether a file that is no document of a known format is none by its name, so that nobody misses it: a licence, or
/// what is there for those who keep the repository.
pub(super) fn is_paper(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    name.starts_with('.')
        || path.contains("/.github/")
        || PAPERS.iter().any(|paper| stem.eq_ignore_ascii_case(paper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_known_by_its_beginning() {
        let check = |path: &str, head: &str, expected| {
            assert_eq!(detect(Path::new(path), head.as_bytes()), expected, "{head}")
        };
        check("a", r#"{"id": "GHSA-1", "modified": "2024"#, Some(Format::Osv));
        check(
            "a",
            r#"{"details": "{\"id\": 1}", "affected": [{"package": {}, "ranges": []}]}"#,
            Some(Format::Osv),
        );
        check("a", r#"[{"id": "GHSA-1", "modified": "2024"}]"#, Some(Format::OsvList));
        check("a.yaml", "id: PYSEC-1\ndetails: x\n", Some(Format::OsvYaml));
        check("a", r#"{"apkurl": "x", "packages": []}"#, Some(Format::SecdbJson));
        check("a.yaml", "---\ndistroversion: v3.8\npackages:\n", Some(Format::SecdbYaml));
        check("a", r#"{"curl": {"CVE-2023-1": {"releases": {}}}}"#, Some(Format::DebianTracker));
        check("list", "[05 Apr 2023] DLA-3383-1 curl - security update\n", Some(Format::DebianAnnouncements));
        check("a", r#"{"document": {"category": "csaf_vex"}}"#, Some(Format::Csaf));
        check("a.yml", "---\ngem: rack\nurl: x\n", Some(Format::RubySec));
        check(
            "a.yaml",
            "title: x\nbranches:\n  a: b\nreference: composer://a/b\n",
            Some(Format::FriendsOfPhp),
        );
        check("a", r#"{"title": "x", "catalogVersion": "1"}"#, Some(Format::Kev));
        check("a.csv", "#model_version:v2023\ncve,epss,percentile\n", Some(Format::Epss));
        check("a", r#"{"resultsPerPage": 1, "format": "NVD_CVE", "vulnerabilities": []}"#, Some(Format::Nvd));
        for (path, other) in [
            ("composer.json", r#"{"name": "x", "description": "y"}"#),
            ("a.yaml", "name: x\non: push\njobs:\n"),
            ("LICENSE", "Permission is hereby granted"),
            ("empty", ""),
        ] {
            check(path, other, None);
        }
    }

    #[test]
    fn papers_are_known_by_their_names() {
        for paper in ["a.tar/./LICENSE", "License.md", "x/README.rst", "x/.gitignore", "x/.github/a/b.yaml"] {
            assert!(is_paper(paper), "{paper}");
        }
        for other in ["a.tar/./composer.json", "data/license-1.json", "./x", "READMES/a.yaml"] {
            assert!(!is_paper(other), "{other}");
        }
    }
}
