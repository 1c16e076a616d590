//! How many of everything.

use model::finding::Fix;
use serde::Serialize;

use crate::subject::{Counts, Scan};

/// Counts of what a scan found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Packages.
    pub packages: u32,
    /// Packages that a later layer removed or replaced.
    pub removed_packages: u32,
    /// Vulnerabilities that count, by severity.
    pub vulnerabilities: Counts,
    /// Those of them that a newer version mends.
    pub fixable: u32,
    /// Those of them that are known to be exploited.
    pub exploited: u32,
    /// Vulnerabilities that do not count, by VEX or by an ignore file.
    pub dismissed: u32,
    /// Secrets, by severity.
    pub secrets: Counts,
    /// Misconfigurations, by severity.
    pub misconfigurations: Counts,
    /// Malicious files.
    pub malware: u32,
    /// What could not be read.
    pub gaps: u32,
}

impl Summary {
    pub(crate) fn of(scan: &Scan<'_>) -> Self {
        let fixable = scan.open().filter(|(found, _)| matches!(found.fix, Fix::In(_)));
        let dismissed = scan.vulnerabilities.iter().filter(|found| found.dismissed.is_some());
        Self {
            packages: number(scan.inventory.packages.len()),
            removed_packages: number(scan.inventory.removed.len()),
            vulnerabilities: Counts::of(scan.open().map(|(found, _)| found.severity)),
            fixable: number(fixable.count()),
            exploited: number(scan.open().filter(|(found, _)| found.exploited.is_some()).count()),
            dismissed: number(dismissed.count()),
            secrets: Counts::of(scan.secrets.iter().map(|secret| secret.severity)),
            misconfigurations: Counts::of(scan.misconfigurations.iter().map(|wrong| wrong.severity)),
            malware: number(scan.malware.len()),
            gaps: number(scan.inventory.gaps.len()),
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
