//! How urgent a vulnerability is, 0 to 100, and why.
//!
//! Severity says how bad it could be, EPSS and CISA's list how likely it is, a fix that something can be done, and the
//! functions of a binary whether it matters here at all. More of any of them never makes it less urgent.

use model::finding::{Fix, Reach, Severity, Vulnerability};

/// What share of its urgency remains of a vulnerability whose functions are not there.
const ABSENT: f32 = 0.2;

/// How urgent it is.
#[must_use]
pub fn priority(found: &Vulnerability) -> u8 {
    let sum: f32 = parts(found).iter().map(|(points, _)| points).sum();
    let share = if found.reach == Reach::Absent { ABSENT } else { 1.0 };
    // Between 0 and 100, so nothing is cut off.
    (sum * share).round().clamp(0.0, 100.0) as u8
}

/// Why it is as urgent as it is, most important first, for people.
#[must_use]
pub fn reasons(found: &Vulnerability) -> Vec<String> {
    let mut parts = parts(found);
    parts.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let reasons = parts.into_iter().map(|(points, reason)| format!("{reason} (+{points:.0})"));
    let absent = format!("none of the vulnerable functions is in the file (x {ABSENT})");
    reasons.chain((found.reach == Reach::Absent).then_some(absent)).collect()
}

fn parts(found: &Vulnerability) -> Vec<(f32, String)> {
    let said = match found.severity_source.as_str() {
        "" => String::new(),
        source => format!(", says {source}"),
    };
    let (points, word) = severity(found.severity);
    let mut parts = vec![(points, format!("{word}{said}"))];
    if let Some(cvss) = &found.cvss {
        parts.push((bounded(cvss.score, 10.0) / 2.0, format!("CVSS {:.1}", cvss.score)));
    }
    if let Some(epss) = found.epss {
        // Most are far below 1%, and what is at 10% is much more than most.
        let points = 20.0 * bounded(epss, 1.0).sqrt();
        parts.push((points, format!("{:.1}% likely to be exploited within 30 days (EPSS)", epss * 100.0)));
    }
    if let Some(exploited) = &found.exploited {
        let (points, ransomware) =
            if exploited.ransomware { (40.0, ", for ransomware too") } else { (35.0, "") };
        parts.push((points, format!("known to be exploited since {}{ransomware} (CISA)", exploited.since)));
    }
    if let Fix::In(version) = &found.fix {
        parts.push((5.0, format!("mended in {version}")));
    }
    if found.reach == Reach::Present {
        parts.push((5.0, "one of the vulnerable functions is in the file".to_owned()));
    }
    parts
}

/// A number that is none counts as nothing.
fn bounded(number: f32, most: f32) -> f32 {
    if number.is_nan() { 0.0 } else { number.clamp(0.0, most) }
}

/// What nobody judged may be anything, and is taken for something between low and medium.
fn severity(severity: Severity) -> (f32, &'static str) {
    match severity {
        Severity::Unknown => (20.0, "nobody says how severe it is"),
        Severity::Negligible => (5.0, "negligible"),
        Severity::Low => (15.0, "low severity"),
        Severity::Medium => (30.0, "medium severity"),
        Severity::High => (45.0, "high severity"),
        Severity::Critical => (55.0, "critical severity"),
    }
}

#[cfg(test)]
mod tests {
    use model::finding::{Cvss, Exploited};
    use proptest::prelude::*;

    use super::*;

    const SEVERITIES: [Severity; 5] =
        [Severity::Negligible, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    const REACHES: [Reach; 3] = [Reach::Absent, Reach::Unknown, Reach::Present];

    /// One value for each input, the least urgent first.
    #[derive(Debug, Clone, Copy)]
    struct Inputs {
        severity: usize,
        cvss: f32,
        epss: f32,
        exploited: usize,
        fix: usize,
        reach: usize,
    }

    fn found(inputs: Inputs) -> Vulnerability {
        let exploited =
            |ransomware| Some(Exploited { since: "2023-10-10".into(), due: "2023-10-31".into(), ransomware });
        Vulnerability {
            id: "CVE-2023-1".into(),
            aliases: Vec::new(),
            package: 0,
            severity: SEVERITIES[inputs.severity],
            severity_source: "debian".into(),
            cvss: Some(Cvss { score: inputs.cvss, vector: String::new() }),
            fix: [Fix::None, Fix::In("2".into())][inputs.fix].clone(),
            summary: String::new(),
            published: String::new(),
            source: String::new(),
            range: String::new(),
            reach: REACHES[inputs.reach],
            epss: Some(inputs.epss),
            exploited: [None, exploited(false), exploited(true)][inputs.exploited].clone(),
            priority: 0,
            dismissed: None,
        }
    }

    prop_compose! {
        fn inputs()(severity in 0..5_usize, cvss in 0.0..10.0_f32, epss in 0.0..1.0_f32,
                    exploited in 0..3_usize, fix in 0..2_usize, reach in 0..3_usize) -> Inputs {
            Inputs { severity, cvss, epss, exploited, fix, reach }
        }
    }

    #[test]
    fn what_is_exploited_comes_before_what_is_only_worse() {
        let severe = Inputs { severity: 4, cvss: 9.8, epss: 0.01, exploited: 0, fix: 1, reach: 1 };
        let exploited = Inputs { severity: 2, cvss: 5.3, epss: 0.01, exploited: 1, fix: 1, reach: 1 };
        let likely = Inputs { severity: 3, cvss: 7.5, epss: 0.94, ..severe };
        let order = [exploited, likely, severe].map(|inputs| priority(&found(inputs)));
        assert!(order.is_sorted_by(|one, other| one > other), "{order:?}");
        // What is not there is behind all that may be.
        let absent = priority(&found(Inputs { reach: 0, exploited: 2, ..severe }));
        assert!(absent < priority(&found(Inputs { severity: 1, cvss: 3.0, ..severe })), "{absent}");
    }

    proptest! {
        #[test]
        fn more_of_anything_is_never_less_urgent(inputs in inputs(), more in 0.0..1.0_f32) {
            let before = priority(&found(inputs));
            let up = |at: usize, last: usize| (at + 1).min(last);
            for worse in [
                Inputs { severity: up(inputs.severity, 4), ..inputs },
                Inputs { cvss: inputs.cvss + (10.0 - inputs.cvss) * more, ..inputs },
                Inputs { epss: inputs.epss + (1.0 - inputs.epss) * more, ..inputs },
                Inputs { exploited: up(inputs.exploited, 2), ..inputs },
                Inputs { fix: 1, ..inputs },
                Inputs { reach: up(inputs.reach, 2), ..inputs },
            ] {
                prop_assert!(priority(&found(worse)) >= before, "{worse:?}");
            }
            prop_assert!(before <= 100);
        }
    }

    #[test]
    fn what_is_exploited_is_before_what_is_only_severe() {
        let severe = Inputs { severity: 4, cvss: 9.8, epss: 0.001, exploited: 0, fix: 1, reach: 1 };
        let exploited = Inputs { severity: 3, cvss: 7.5, epss: 0.9, exploited: 1, fix: 1, reach: 1 };
        assert!(priority(&found(exploited)) > priority(&found(severe)));
        assert!(priority(&found(Inputs { reach: 0, ..exploited })) < 30);
    }

    #[test]
    fn reasons_begin_with_the_weightiest() {
        let inputs = Inputs { severity: 3, cvss: 7.5, epss: 0.25, exploited: 2, fix: 1, reach: 0 };
        assert_eq!(
            reasons(&found(inputs)),
            [
                "high severity, says debian (+45)",
                "known to be exploited since 2023-10-10, for ransomware too (CISA) (+40)",
                "25.0% likely to be exploited within 30 days (EPSS) (+10)",
                "mended in 2 (+5)",
                "CVSS 7.5 (+4)",
                "none of the vulnerable functions is in the file (x 0.2)",
            ]
        );
    }
}
