//! Words that several formats share.

use model::finding::Severity;
use serde::{Deserialize, Deserializer};

use crate::advisory::Topic;

/// Most bytes of a summary.
const MAX_SUMMARY: usize = 200;

/// Most places at which a text is looked at for a CVE.
const MAX_MENTIONS: usize = 10_000;

/// A vendor's word for how bad something is.
pub(super) fn severity(word: &str) -> Option<Severity> {
    Some(match word.trim().to_ascii_lowercase().as_str() {
        "critical" => Severity::Critical,
        "high" | "important" => Severity::High,
        "medium" | "moderate" => Severity::Medium,
        "low" => Severity::Low,
        "negligible" | "unimportant" | "none" => Severity::Negligible,
        _ => return None,
    })
}

/// The day of a time such as `2023-10-11T08:00:00Z`; empty where it is none, or the zero of Go's clock.
pub(super) fn day(time: &str) -> String {
    let shape: String =
        time.chars().take(10).map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    if shape != "0000-00-00" || time.starts_with("0001-") {
        return String::new();
    }
    time.chars().take(10).collect()
}

/// One line for people: the summary, or the first sentence or so of the details.
pub(super) fn line(summary: &str, details: &str) -> String {
    let text = if summary.trim().is_empty() { details } else { summary };
    let mut line = String::new();
    for word in text.split_whitespace() {
        if line.len() + word.len() > MAX_SUMMARY {
            line.push_str(" ...");
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The CVEs that `text` names, each once, in its order.
pub(super) fn cves(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("CVE").take(MAX_MENTIONS) {
        let name = text.get(at..).and_then(cve);
        found.extend(name.filter(|name| !found.contains(name)));
    }
    found
}

/// The CVE at the beginning of `text`; the sign between its parts is often another one.
fn cve(text: &str) -> Option<String> {
    let rest = text.strip_prefix("CVE")?.trim_start_matches(['-', '_', ' ']);
    let (year, rest) = rest.split_at_checked(4)?;
    let digits: String = rest.strip_prefix('-')?.chars().take_while(char::is_ascii_digit).collect();
    let whole = year.bytes().all(|byte| byte.is_ascii_digit()) && (4..=19).contains(&digits.len());
    whole.then(|| format!("CVE-{year}-{digits}"))
}

/// What an update of Red Hat or of those who rebuild it is, by its name: `S` of `ALSA-2025:11884` for security, `B`
/// for bugs, `E` for enhancements.
pub(super) fn errata(id: &str) -> Option<char> {
    let mut letters = id.split('-').next()?.chars();
    let family = ["AL", "EL", "RH", "RL", "RX"].contains(&id.get(..2)?);
    let kind = letters.nth(2).filter(|kind| family && matches!(kind, 'S' | 'B' | 'E'))?;
    (letters.as_str() == "A").then_some(kind)
}

/// What an advisory is about, by its name and the vulnerabilities that it mends.
pub(super) fn topic(id: &str, mends: &[String]) -> Topic {
    match errata(id) {
        Some('B' | 'E') if mends.is_empty() => Topic::Maintenance,
        _ if id.starts_with("MAL-") => Topic::Malice,
        _ => Topic::Vulnerability,
    }
}

/// Sorted, each once, without the empty ones.
pub(super) fn set(mut names: Vec<String>) -> Vec<String> {
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    names.dedup();
    names
}

/// A field that publishers leave out or set to null.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cves_are_found_however_they_are_written() {
        let text = "CVE_2019-2426 CVE 2018-16859, CVE-2017-17434-2 CVE-????-????? CVE-2019-2426 xCVE-1-2";
        assert_eq!(cves(text), ["CVE-2019-2426", "CVE-2018-16859", "CVE-2017-17434"]);
    }

    #[test]
    fn days_are_days() {
        assert_eq!(day("2023-10-11T08:00:00Z"), "2023-10-11");
        for none in ["", "0001-01-01T00:00:00Z", "yesterday", "2023-1-1"] {
            assert_eq!(day(none), "", "{none}");
        }
    }

    #[test]
    fn lines_are_short() {
        assert_eq!(line("", "two\n  lines"), "two lines");
        assert!(line(&"word ".repeat(100), "").len() <= 210);
    }

    #[test]
    fn updates_that_mend_nothing_are_maintenance() {
        assert_eq!(topic("ALBA-2021:3068", &[]), Topic::Maintenance);
        assert_eq!(topic("ALBA-2021:3068", &["CVE-2021-1".into()]), Topic::Vulnerability);
        assert_eq!(topic("ALSA-2021:3068", &[]), Topic::Vulnerability);
        assert_eq!(topic("MAL-2024-1", &[]), Topic::Malice);
    }
}
