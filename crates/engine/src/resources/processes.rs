//! The processes of a container, and what /proc says of each (proc_pid_stat(5), proc_pid_io(5)).

use launch::Usage;
use launch::cgroup::Group;

use crate::explain::own_link;
use crate::state::{ProcDir, Record, Status, after_name};

/// Clock ticks in a second as /proc counts them (USER_HZ): the same on every architecture of ours.
pub(super) const TICKS: u64 = 100;

/// What /proc/PID/stat says of a process's times, in clock ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessTimes {
    /// Processor time of its own.
    pub own: u64,
    /// Processor time of its children that have ended.
    pub children: u64,
    /// From boot to its start.
    pub started: u64,
}

/// Fields 14 to 17 and 22 of a stat line; the program's name in it may hold anything.
#[must_use]
pub fn parse_stat(stat: &[u8]) -> Option<ProcessTimes> {
    let fields: Vec<&str> = after_name(stat)?.split_ascii_whitespace().take(20).collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(ProcessTimes {
        own: number(14)?.saturating_add(number(15)?),
        // Signed, and never negative.
        children: number(16)?.saturating_add(number(17)?),
        started: number(22)?,
    })
}

/// The process ids of a container that runs, as this host numbers them.
pub(super) fn of(record: &Record) -> Vec<i32> {
    let members = Group::at(&record.cgroup).map(|group| group.processes()).unwrap_or_default();
    if !members.is_empty() {
        return members.into_iter().collect();
    }
    let Status::Running { process, .. } = &record.status else { return Vec::new() };
    match process.open().and_then(|dir| dir.link("ns/pid")) {
        Some(namespace) if Some(&namespace) != own_link("ns/pid").as_ref() => in_namespace(&namespace),
        // Who shares the host's processes cannot be told from them; the first one can.
        Some(_) => vec![process.pid],
        None => Vec::new(),
    }
}

fn in_namespace(namespace: &str) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let mut found: Vec<i32> = pids.filter(|pid| link(*pid, "ns/pid").as_deref() == Some(namespace)).collect();
    found.sort_unstable();
    found
}

fn link(pid: i32, name: &str) -> Option<String> {
    std::fs::read_link(format!("/proc/{pid}/{name}")).ok()?.into_os_string().into_string().ok()
}

/// Fills in what a control group does not say: version 1 in hierarchies that were not joined at the start,
/// and all of it where there is no group.
pub(super) fn complete(usage: &mut Usage, pids: &[i32]) {
    let processes: Vec<ProcDir> = pids.iter().filter_map(|pid| ProcDir::of(*pid)).collect();
    if usage.cpu.is_none() {
        let ticks = sum(&processes, |process| {
            let times = parse_stat(&process.read("stat").ok()?)?;
            Some(times.own.saturating_add(times.children))
        });
        usage.cpu = Some(ticks.saturating_mul(1_000_000 / TICKS));
    }
    if usage.io.is_none() {
        let field = |name| move |process: &ProcDir| number(&process.text("io")?, name);
        usage.io = Some((sum(&processes, field("read_bytes")), sum(&processes, field("write_bytes"))));
    }
    if usage.pids.is_none() {
        usage.pids = Some(sum(&processes, |process| number(&process.text("status")?, "Threads")));
    }
    if usage.memory.is_none() {
        let resident = |process: &ProcDir| {
            let status = process.text("status")?;
            Some(kilobytes(&status, "RssAnon")?.saturating_add(kilobytes(&status, "RssShmem")?))
        };
        usage.memory = Some(sum(&processes, resident));
    }
}

fn sum(processes: &[ProcDir], value: impl Fn(&ProcDir) -> Option<u64>) -> u64 {
    // A process that ended meanwhile counts no more.
    processes.iter().filter_map(value).fold(0, u64::saturating_add)
}

/// The number behind a name, a colon and blanks: `read_bytes: 4096`.
pub(super) fn number(text: &str, name: &str) -> Option<u64> {
    let value = |line: &str| {
        line.strip_prefix(name)?.strip_prefix(':')?.split_ascii_whitespace().next()?.parse().ok()
    };
    text.lines().find_map(value)
}

/// `RssAnon: 64 kB`, in bytes.
pub(super) fn kilobytes(text: &str, name: &str) -> Option<u64> {
    number(text, name).map(|kilobytes| kilobytes.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_found_behind_whatever_name() {
        let fields = (4..=22).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        let times = parse_stat(format!("7 (a) S 1) S {fields} 0").as_bytes()).unwrap();
        assert_eq!(times, ProcessTimes { own: 14 + 15, children: 16 + 17, started: 22 });
        assert_eq!(parse_stat(b"7 (a) S 1"), None);
    }

    #[test]
    fn this_process_uses_memory_and_has_threads() {
        let mut usage = Usage::default();
        complete(&mut usage, &[i32::try_from(std::process::id()).unwrap()]);
        assert!(usage.memory > Some(0) && usage.pids > Some(0), "{usage:?}");
        let mut known = Usage { cpu: Some(1), memory: Some(2), ..Usage::default() };
        complete(&mut known, &[]);
        assert_eq!((known.cpu, known.memory, known.pids), (Some(1), Some(2), Some(0)));
    }

    proptest! {
        #[test]
        fn whatever_proc_says_is_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200),
                                                   text in "[()A-Z 0-9:\n\t-]{0,200}") {
            let _either = (parse_stat(&bytes), parse_stat(text.as_bytes()));
            let _number = (number(&text, "A"), kilobytes(&text, "B"));
        }
    }
}
