//! Risks that somebody accepts: which, why, and until when. A file without a reason or an end is refused, so that
//! nobody has to wonder later.

use std::collections::{BTreeMap, HashMap};

use model::finding::{Dismissal, Vulnerability};
use model::inventory::{Inventory, Package};
use serde::Deserialize;

/// The most that such a file may be long, in bytes.
const MAX_FILE: usize = 1 << 20;

/// What `until` says where a risk is accepted for good.
const NEVER: &str = "never";

/// What an ignore file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    source: String,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    ignore: Vec<Rule>,
}

/// A risk that somebody accepts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The vulnerability, by any of its names.
    pub id: String,
    /// Only in the package of this name, or built from the source of this name.
    pub package: Option<String>,
    /// Only at this path, or below it where it ends in a slash.
    pub path: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day, `2027-01-31`, or `never`.
    pub until: String,
}

/// What is wrong with an ignore file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IgnoreError {
    /// It is none.
    #[error("`{0}` is no ignore file: {1}")]
    Malformed(String, String),
    /// It is too long.
    #[error("`{0}` is longer than 1 MiB")]
    TooLong(String),
    /// A rule lacks something, or has something odd.
    #[error("`{source_file}` cannot ignore `{id}`: {reason}")]
    Rule {
        /// The file.
        source_file: String,
        /// The vulnerability.
        id: String,
        /// What is wrong.
        reason: &'static str,
    },
}

impl IgnoreError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(..) | Self::TooLong(_) => "E-ignore-malformed",
            Self::Rule { .. } => "E-ignore-rule",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        "each `[[ignore]]` has id, reason and until = \"YYYY-MM-DD\" or \"never\"; docs/scan.md shows one"
    }
}

impl Ignored {
    /// Reads an ignore file; `source` is its name, for people.
    ///
    /// # Errors
    /// [`IgnoreError`].
    pub fn parse(text: &str, source: &str) -> Result<Self, IgnoreError> {
        if text.len() > MAX_FILE {
            return Err(IgnoreError::TooLong(source.to_owned()));
        }
        let malformed = |error: toml::de::Error| {
            let message = error.message().to_owned();
            IgnoreError::Malformed(source.to_owned(), message)
        };
        let file: File = toml::from_str(text).map_err(malformed)?;
        for rule in &file.ignore {
            if let Some(reason) = rule.flaw() {
                let (source_file, id) = (source.to_owned(), rule.id.clone());
                return Err(IgnoreError::Rule { source_file, id, reason });
            }
        }
        Ok(Self { source: source.to_owned(), rules: file.ignore })
    }

    /// Dismisses what is accepted and says so in the findings; returns the rules that are past their end and would
    /// otherwise have counted, in the file's order. `today` is `2026-11-26`.
    pub fn apply(&self, found: &mut [Vulnerability], inventory: &Inventory, today: &str) -> Vec<&Rule> {
        let mut by_id: HashMap<String, Vec<(usize, &Rule)>> = HashMap::new();
        for rule in self.rules.iter().enumerate() {
            by_id.entry(folded(&rule.1.id)).or_default().push(rule);
        }
        let mut expired = BTreeMap::new();
        for vulnerability in found.iter_mut().filter(|found| found.dismissed.is_none()) {
            let Some(package) = inventory.packages.get(vulnerability.package as usize) else { continue };
            let names = std::iter::once(&vulnerability.id).chain(&vulnerability.aliases);
            let named = names.filter_map(|name| by_id.get(&folded(name))).flatten();
            let rules: BTreeMap<_, _> = named.copied().filter(|(_, rule)| rule.concerns(package)).collect();
            match rules.values().find(|rule| rule.holds(today)) {
                Some(rule) => vulnerability.dismissed = Some(rule.dismissal(&self.source)),
                None => expired.extend(rules),
            }
        }
        expired.into_values().collect()
    }
}

/// Names of vulnerabilities are the same in small letters.
fn folded(id: &str) -> String {
    id.trim().to_ascii_uppercase()
}

impl Rule {
    fn flaw(&self) -> Option<&'static str> {
        if self.id.trim().is_empty() {
            return Some("it does not say which vulnerability");
        }
        if self.reason.trim().is_empty() {
            return Some("it gives no reason");
        }
        if [&self.package, &self.path].into_iter().flatten().any(|only| only.trim_matches('/').is_empty()) {
            return Some("`package` or `path` is empty, which would mean nothing or everything");
        }
        (self.until != NEVER && !is_day(&self.until)).then_some("`until` is neither a day nor `never`")
    }

    /// Whether it is about this package; an archive's path is that of what is within, too.
    fn concerns(&self, package: &Package) -> bool {
        let source = package.source.as_ref().map(|source| &source.name);
        let of_package = |name: &String| *name == package.name || source.is_some_and(|source| source == name);
        let at = |path: &String| {
            let path = path.trim_start_matches('/');
            let rest = package.location.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('!') || path.ends_with('/'))
        };
        self.package.as_ref().is_none_or(of_package) && self.path.as_ref().is_none_or(at)
    }

    fn holds(&self, today: &str) -> bool {
        self.until == NEVER || today <= self.until.as_str()
    }

    fn dismissal(&self, source: &str) -> Dismissal {
        let until = (self.until != NEVER).then(|| self.until.clone());
        Dismissal { reason: self.reason.clone(), source: source.to_owned(), until }
    }
}

/// Whether a text is a day as we write them, so that its order as a text is its order in time.
fn is_day(text: &str) -> bool {
    let digits = |part: &str, length: usize, range: std::ops::RangeInclusive<u16>| {
        let all = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        all && part.parse().is_ok_and(|number| range.contains(&number))
    };
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] => {
            digits(year, 4, 2000..=9999) && digits(month, 2, 1..=12) && digits(day, 2, 1..=31)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use model::finding::{Fix, Reach, Severity};
    use model::inventory::{PackageKind, SourcePackage, Symbols};
    use proptest::prelude::*;

    use super::*;

    fn inventory() -> Inventory {
        let package = Package {
            kind: PackageKind::Dpkg,
            name: "libcurl4".into(),
            version: "1".into(),
            source: Some(SourcePackage { name: "curl".into(), version: "1".into() }),
            architecture: String::new(),
            licences: Vec::new(),
            location: "var/lib/dpkg/status".into(),
            layer: 0,
            owner: None,
            symbols: Symbols::Unknown,
        };
        Inventory { packages: vec![package], ..Inventory::default() }
    }

    fn found() -> Vulnerability {
        Vulnerability {
            id: "CVE-2023-1".into(),
            aliases: vec!["DSA-1".into()],
            package: 0,
            severity: Severity::High,
            severity_source: String::new(),
            cvss: None,
            fix: Fix::None,
            summary: String::new(),
            published: String::new(),
            source: String::new(),
            range: String::new(),
            reach: Reach::Unknown,
            epss: None,
            exploited: None,
            priority: 0,
            dismissed: None,
        }
    }

    /// What becomes of the finding, and how many rules are past their end.
    fn apply(rule: &str) -> (Option<Dismissal>, usize) {
        let ignored = Ignored::parse(&format!("[[ignore]]\n{rule}"), "file.toml").unwrap();
        let mut all = [found()];
        let expired = ignored.apply(&mut all, &inventory(), "2026-11-26").len();
        (all[0].dismissed.clone(), expired)
    }

    #[test]
    fn a_rule_dismisses_what_it_names_until_its_last_day() {
        let rule = "id = 'CVE-2023-1'\nreason = 'not reachable'\n";
        let (dismissed, _) = apply(&format!("{rule}until = '2026-11-26'"));
        let until = Some("2026-11-26".to_owned());
        let expected = Dismissal { reason: "not reachable".into(), source: "file.toml".into(), until };
        assert_eq!(dismissed, Some(expected));
        assert_eq!(apply(&format!("{rule}until = '2026-11-25'")), (None, 1));
        assert_eq!(apply(&format!("{rule}until = 'never'")).0.unwrap().until, None);
    }

    #[test]
    fn a_rule_for_one_package_or_path_is_for_no_other() {
        for (rule, dismisses) in [
            ("id = 'DSA-1'", true),
            ("id = 'CVE-2023-2'", false),
            ("id = 'CVE-2023-1'\npackage = 'curl'", true),
            ("id = 'CVE-2023-1'\npackage = 'libcurl4'", true),
            ("id = 'CVE-2023-1'\npackage = 'libcurl'", false),
            ("id = 'CVE-2023-1'\npath = '/var/lib/'", true),
            ("id = 'CVE-2023-1'\npath = 'var/lib/dpkg/status'", true),
            ("id = 'CVE-2023-1'\npath = 'var/lib'", false),
            ("id = 'CVE-2023-1'\npath = 'var/lib/dpkg/status!x'", false),
            ("id = ' cve-2023-1'", true),
        ] {
            let (dismissed, _) = apply(&format!("{rule}\nreason = 'r'\nuntil = 'never'"));
            assert_eq!(dismissed.is_some(), dismisses, "{rule}");
        }
    }

    #[test]
    fn what_is_in_an_archive_is_at_the_archive_s_path() {
        let rule = "id = 'CVE-2023-1'\nreason = 'r'\nuntil = 'never'\npath = 'app/app.jar'";
        let ignored = Ignored::parse(&format!("[[ignore]]\n{rule}"), "f").unwrap();
        for (location, dismisses) in
            [("app/app.jar", true), ("app/app.jar!lib/a.jar", true), ("app/app.jar2", false)]
        {
            let mut inventory = inventory();
            inventory.packages[0].location = location.to_owned();
            let mut all = [found()];
            ignored.apply(&mut all, &inventory, "2026-11-26");
            assert_eq!(all[0].dismissed.is_some(), dismisses, "{location}");
        }
    }

    /// A rule that still holds wins over one that does not, whichever comes first; expired ones come each once.
    #[test]
    fn of_several_rules_the_one_that_holds_counts() {
        let rule =
            |id: &str, until: &str| format!("[[ignore]]\nid = '{id}'\nreason = 'r'\nuntil = '{until}'\n");
        let old = [rule("DSA-1", "2020-01-01"), rule("CVE-2023-1", "2021-01-01")].concat();
        let apply = |text: &str| {
            let ignored = Ignored::parse(text, "f").unwrap();
            let mut all = [found(), found()];
            let expired = ignored.apply(&mut all, &inventory(), "2026-11-26");
            let expired: Vec<_> = expired.iter().map(|rule| rule.id.clone()).collect();
            (all.iter().filter(|found| found.dismissed.is_some()).count(), expired)
        };
        assert_eq!(apply(&old), (0, vec!["DSA-1".to_owned(), "CVE-2023-1".to_owned()]));
        assert_eq!(apply(&(old + &rule("CVE-2023-1", "never"))), (2, Vec::new()));
    }

    #[test]
    fn a_rule_without_reason_or_end_is_refused() {
        for (rule, code) in [
            ("id = 'a'\nuntil = 'never'", "E-ignore-malformed"),
            ("id = 'a'\nreason = 'r'", "E-ignore-malformed"),
            ("id = 'a'\nreason = ' '\nuntil = 'never'", "E-ignore-rule"),
            ("id = ''\nreason = 'r'\nuntil = 'never'", "E-ignore-rule"),
            ("id = 'a'\nreason = 'r'\nuntil = '2026-13-01'", "E-ignore-rule"),
            ("id = 'a'\nreason = 'r'\nuntil = 'soon'", "E-ignore-rule"),
            ("id = 'a'\nreason = 'r'\nuntil = 'never'\npath = '/'", "E-ignore-rule"),
            ("id = 'a'\nreason = 'r'\nuntil = 'never'\npackage = ''", "E-ignore-rule"),
            ("id = 'a'\nreason = 'r'\nuntil = 'never'\nexpires = 1", "E-ignore-malformed"),
        ] {
            let refused = Ignored::parse(&format!("[[ignore]]\n{rule}"), "f").unwrap_err();
            assert_eq!(refused.code(), code, "{rule}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_ignore_file_or_an_error(text in "(\\[\\[ignore\\]\\]\n)?([a-z]{1,6} = ('[ -~]{0,9}'|[0-9\\[{]{0,3})\n){0,5}") {
            let _either = Ignored::parse(&text, "f");
        }
    }
}
