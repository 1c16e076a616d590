//! The lab's own list: what must pass inside, of which `cargo xtask test` makes its last step.

use super::job::Console;
use super::options::{Guest, Settings};
use super::programs;
use crate::shell::Outcome;

/// Some tests of one program, in one kind of guest.
struct Entry {
    guest: Guest,
    program: &'static str,
    /// Empty for all of them.
    filters: &'static [&'static str],
}

/// Guests are booted in this order, one for all entries of a kind.
const GUESTS: &[Guest] = &[Guest::Quick, Guest::Systemd, Guest::Rootless];

const ENTRIES: &[Entry] = &[
    Entry { guest: Guest::Quick, program: "coffer/privileged_run", filters: &[] },
    Entry { guest: Guest::Quick, program: "coffer/privileged_limits", filters: &[] },
    Entry { guest: Guest::Quick, program: "coffer/privileged_resources", filters: RESOURCES },
    Entry { guest: Guest::Quick, program: "coffer/privileged_exec", filters: &["is_confined_as"] },
    Entry { guest: Guest::Quick, program: "coffer/lab_apparmor", filters: &[] },
    Entry { guest: Guest::Quick, program: "coffer-runtime/lab_labels", filters: &[] },
    Entry { guest: Guest::Quick, program: "coffer-launch/lib", filters: CGROUPS },
    Entry { guest: Guest::Systemd, program: "coffer-launch/lab_systemd", filters: &[] },
    Entry { guest: Guest::Rootless, program: "coffer/lab_delegation", filters: &[] },
];

/// Control groups themselves, without what any machine can test.
const CGROUPS: &[&str] = &["cgroup::tests", "cgroup::devices::apply"];

/// Those of which version 2 has files of its own.
const RESOURCES: &[&str] = &[
    "limits_are_changed_while_the_container_runs",
    "where_one_limit_cannot_be_none_is_changed",
    "all_of_a_container_is_held_still",
    "a_paused_container_dies_when_it_is_killed",
    "a_container_writes_no_faster_than_it_may",
    "rates_of_disks_are_those_of_the_kernel",
    "memory_and_processor_time_are_bounded",
    "stats_show_what_is_used",
];

pub(super) fn run(settings: &Settings) -> Outcome<u8> {
    let mut worst = 0;
    for guest in GUESTS {
        let mut jobs = Vec::new();
        for entry in ENTRIES.iter().filter(|entry| entry.guest == *guest) {
            let filters: Vec<String> = entry.filters.iter().map(|&filter| filter.to_owned()).collect();
            jobs.push(programs::build(entry.program)?.job(&filters)?);
        }
        if jobs.is_empty() {
            continue;
        }
        let settings = Settings { guest: *guest, ..settings.clone() };
        let code = super::inside(&settings, &jobs, Console::Kept)?;
        if code != 0 {
            worst = code;
        }
    }
    Ok(worst)
}
