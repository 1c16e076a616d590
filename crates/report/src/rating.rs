//! How bad something is, and where more is written about it, as other tools' formats have it.

use model::finding::{Cvss, Severity};

use crate::day::number;

/// The word for a severity.
pub(crate) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Negligible => "negligible",
        Severity::Unknown => "unknown",
    }
}

/// A number from 0 to 10 in place of a score that nobody gives: the middle of what CVSS calls by that word.
pub(crate) fn score(severity: Severity) -> f32 {
    match severity {
        Severity::Critical => 9.5,
        Severity::High => 8.0,
        Severity::Medium => 5.5,
        Severity::Low => 2.0,
        Severity::Negligible => 0.5,
        Severity::Unknown => 0.0,
    }
}

/// The version of CVSS that a vector is of, as CycloneDX calls it.
pub(crate) fn method(cvss: &Cvss) -> &'static str {
    const METHODS: [(&str, &str); 4] =
        [("CVSS:4.0/", "CVSSv4"), ("CVSS:3.1/", "CVSSv31"), ("CVSS:3.0/", "CVSSv3"), ("AV:", "CVSSv2")];
    METHODS.iter().find(|(prefix, _)| cvss.vector.starts_with(prefix)).map_or("other", |(_, method)| method)
}

/// The page about a vulnerability; `None` for a name that could be anything.
pub(crate) fn page(id: &str) -> Option<String> {
    const PAGES: [(&str, &str); 6] = [
        ("CVE-", "https://nvd.nist.gov/vuln/detail/"),
        ("GHSA-", "https://github.com/advisories/"),
        ("DSA-", "https://security-tracker.debian.org/tracker/"),
        ("DLA-", "https://security-tracker.debian.org/tracker/"),
        ("TEMP-", "https://security-tracker.debian.org/tracker/"),
        ("RHSA-", "https://access.redhat.com/errata/"),
    ];
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':');
    if id.is_empty() || id.len() > 100 || !id.bytes().all(plain) {
        return None;
    }
    let page = PAGES.iter().find(|(prefix, _)| id.starts_with(prefix));
    Some(format!("{}{id}", page.map_or("https://osv.dev/vulnerability/", |(_, page)| page)))
}

/// A day as a point in time; `None` for what is no day.
pub(crate) fn time_of(day: &str) -> Option<String> {
    number(day).map(|_| format!("{day}T00:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_only_for_names_that_cannot_break_out() {
        assert_eq!(page("CVE-2023-38545").unwrap(), "https://nvd.nist.gov/vuln/detail/CVE-2023-38545");
        assert_eq!(page("RUSTSEC-2020-0001").unwrap(), "https://osv.dev/vulnerability/RUSTSEC-2020-0001");
        for id in ["", "a b", "\"onclick=", "../../x", "é", &"a".repeat(101)] {
            assert_eq!(page(id), None, "{id}");
        }
    }

    #[test]
    fn a_day_is_a_point_in_time() {
        assert_eq!(time_of("2023-10-11").unwrap(), "2023-10-11T00:00:00Z");
        for day in ["", "2023-10-1", "2023-02-30", "2023-10-11T00:00:00Z"] {
            assert_eq!(time_of(day), None, "{day}");
        }
    }
}
