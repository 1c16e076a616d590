//! When releases of distributions end, as data: after that day nobody looks for what is wrong with them.

/// A release and its last day with security updates for everybody, by what its publisher announced.
pub(super) struct Ending {
    /// As os-release has it.
    pub(super) id: &'static str,
    /// The release: its version, or the beginning of it up to a dot.
    pub(super) version: &'static str,
    /// Its last day.
    pub(super) day: &'static str,
}

const fn ending(id: &'static str, version: &'static str, day: &'static str) -> Ending {
    Ending { id, version, day }
}

/// Sorted by distribution and age. Debian's days are those of its long-term support.
pub(super) const ENDINGS: &[Ending] = &[
    ending("almalinux", "8", "2029-03-01"),
    ending("almalinux", "9", "2032-05-31"),
    ending("almalinux", "10", "2035-05-31"),
    ending("alpine", "3.5", "2018-11-01"),
    ending("alpine", "3.6", "2019-05-01"),
    ending("alpine", "3.7", "2019-11-01"),
    ending("alpine", "3.8", "2020-05-01"),
    ending("alpine", "3.9", "2020-11-01"),
    ending("alpine", "3.10", "2021-05-01"),
    ending("alpine", "3.11", "2021-11-01"),
    ending("alpine", "3.12", "2022-05-01"),
    ending("alpine", "3.13", "2022-11-01"),
    ending("alpine", "3.14", "2023-05-01"),
    ending("alpine", "3.15", "2023-11-01"),
    ending("alpine", "3.16", "2024-05-23"),
    ending("alpine", "3.17", "2024-11-22"),
    ending("alpine", "3.18", "2025-05-09"),
    ending("alpine", "3.19", "2025-11-01"),
    ending("alpine", "3.20", "2026-04-01"),
    ending("alpine", "3.21", "2026-11-01"),
    ending("alpine", "3.22", "2027-05-01"),
    ending("amzn", "2018.03", "2023-12-31"),
    ending("amzn", "2", "2026-06-30"),
    ending("amzn", "2023", "2029-06-30"),
    ending("centos", "6", "2020-11-30"),
    ending("centos", "7", "2024-06-30"),
    ending("centos", "8", "2021-12-31"),
    ending("debian", "7", "2018-05-31"),
    ending("debian", "8", "2020-06-30"),
    ending("debian", "9", "2022-06-30"),
    ending("debian", "10", "2024-06-30"),
    ending("debian", "11", "2026-08-31"),
    ending("debian", "12", "2028-06-30"),
    ending("debian", "13", "2030-06-30"),
    ending("fedora", "38", "2024-05-21"),
    ending("fedora", "39", "2024-11-26"),
    ending("fedora", "40", "2025-05-13"),
    ending("opensuse-leap", "15.3", "2022-12-31"),
    ending("opensuse-leap", "15.4", "2023-12-07"),
    ending("opensuse-leap", "15.5", "2024-12-31"),
    ending("rhel", "6", "2020-11-30"),
    ending("rhel", "7", "2024-06-30"),
    ending("rhel", "8", "2029-05-31"),
    ending("rhel", "9", "2032-05-31"),
    ending("rhel", "10", "2035-05-31"),
    ending("rocky", "8", "2029-05-31"),
    ending("rocky", "9", "2032-05-31"),
    ending("rocky", "10", "2035-05-31"),
    ending("ubuntu", "14.04", "2019-04-25"),
    ending("ubuntu", "16.04", "2021-04-30"),
    ending("ubuntu", "18.04", "2023-05-31"),
    ending("ubuntu", "20.04", "2025-05-31"),
    ending("ubuntu", "22.04", "2027-06-01"),
    ending("ubuntu", "22.10", "2023-07-20"),
    ending("ubuntu", "23.04", "2024-01-25"),
    ending("ubuntu", "23.10", "2024-07-11"),
    ending("ubuntu", "24.04", "2029-05-31"),
    ending("ubuntu", "24.10", "2025-07-10"),
];
