//! What a group uses, as its files say.

use serde::Serialize;

use super::{Group, Version};

/// Version 1 says "unlimited" with a number near this one, rounded to a page.
const UNLIMITED_V1: u64 = 0x7fff_ffff_ffff_0000;

/// What a group uses and may use; absent is what nothing limits, or what its files do not say. Version 1
/// says nothing of processor time and disks for containers that have not joined those hierarchies from
/// their start on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Bytes, without the page cache that can be given up at once (as Docker counts).
    pub memory: Option<u64>,
    /// Most bytes so far, page cache included.
    pub memory_peak: Option<u64>,
    /// Bytes.
    pub memory_limit: Option<u64>,
    /// How often the kernel has killed a process for lack of memory.
    pub oom_kills: Option<u64>,
    /// Microseconds of processor time so far.
    pub cpu: Option<u64>,
    /// Thousandths of a processor.
    pub cpu_limit: Option<u64>,
    /// Microseconds for which it had to wait because of its limit.
    pub throttled: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u64>,
    /// Most processes and threads.
    pub pids_limit: Option<u64>,
    /// Bytes read from and written to disks so far.
    pub io: Option<(u64, u64)>,
}

impl Group {
    /// Reads it; a dozen small files.
    #[must_use]
    pub fn usage(&self) -> Usage {
        match self.version() {
            Version::V2 => self.usage_v2(),
            _ => self.usage_v1(),
        }
    }

    /// How often the kernel has killed a process in it for lack of memory.
    pub(super) fn oom_kills(&self) -> Option<u64> {
        let file = if self.version() == Version::V2 { "memory.events" } else { "memory.oom_control" };
        field(&self.read("memory", file)?, "oom_kill")
    }

    fn usage_v2(&self) -> Usage {
        let read = |file: &str| self.read("", file).unwrap_or_default();
        let number = |file: &str| amount(&read(file));
        let cpu = read("cpu.stat");
        let cache = field(&read("memory.stat"), "inactive_file").unwrap_or(0);
        Usage {
            memory: number("memory.current").map(|bytes| bytes.saturating_sub(cache)),
            memory_peak: number("memory.peak"),
            memory_limit: number("memory.max"),
            oom_kills: field(&read("memory.events"), "oom_kill"),
            cpu: field(&cpu, "usage_usec"),
            cpu_limit: quota(&read("cpu.max")),
            throttled: field(&cpu, "throttled_usec"),
            pids: number("pids.current"),
            pids_limit: number("pids.max"),
            io: self.read("", "io.stat").map(|text| io_bytes(&text)),
        }
    }

    fn usage_v1(&self) -> Usage {
        let read = |controller: &str, file: &str| self.read(controller, file).unwrap_or_default();
        let number = |controller: &str, file: &str| amount(&read(controller, file));
        let cache = field(&read("memory", "memory.stat"), "total_inactive_file").unwrap_or(0);
        let (quota, period) = (number("cpu", "cpu.cfs_quota_us"), number("cpu", "cpu.cfs_period_us"));
        Usage {
            memory: number("memory", "memory.usage_in_bytes").map(|bytes| bytes.saturating_sub(cache)),
            memory_peak: number("memory", "memory.max_usage_in_bytes"),
            memory_limit: number("memory", "memory.limit_in_bytes"),
            oom_kills: field(&read("memory", "memory.oom_control"), "oom_kill"),
            cpu: None,
            cpu_limit: quota.zip(period).and_then(|(quota, period)| millis(quota, period)),
            throttled: field(&read("cpu", "cpu.stat"), "throttled_time").map(|nanos| nanos / 1000),
            pids: number("pids", "pids.current"),
            pids_limit: number("pids", "pids.max"),
            io: None,
        }
    }
}

/// `max`, `-1` and version 1's huge numbers mean that nothing is limited.
pub(super) fn amount(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|amount| *amount < UNLIMITED_V1)
}

/// The number behind a name: `inactive_file 4096`.
pub(super) fn field(text: &str, name: &str) -> Option<u64> {
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
    text.lines().find_map(value)
}

/// `200000 100000`
fn quota(text: &str) -> Option<u64> {
    let (quota, period) = text.trim().split_once(' ')?;
    millis(quota.parse().ok()?, period.parse().ok()?)
}

fn millis(quota: u64, period: u64) -> Option<u64> {
    quota.saturating_mul(1000).checked_div(period)
}

/// Bytes read and written of all devices of `io.stat`: `8:0 rbytes=4096 wbytes=0 rios=1 ...`. Devices that
/// are made of others count as well, as with Docker.
fn io_bytes(text: &str) -> (u64, u64) {
    let sum = |name: &str| {
        let words = text.split_ascii_whitespace();
        let values = words.filter_map(|word| word.strip_prefix(name)?.parse::<u64>().ok());
        values.fold(0, u64::saturating_add)
    };
    (sum("rbytes="), sum("wbytes="))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_way_to_say_unlimited_is_understood() {
        for text in ["max\n", "-1\n", "9223372036854771712\n"] {
            assert_eq!(amount(text), None);
        }
        assert_eq!(amount("1024\n"), Some(1024));
        assert_eq!(quota("max 100000\n"), None);
        assert_eq!(quota("150000 100000\n"), Some(1500));
        assert_eq!(millis(1, 0), None);
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let stat = "inactive_file_other 1\ninactive_file 4096\nactive_file 2\n";
        assert_eq!(field(stat, "inactive_file"), Some(4096));
        assert_eq!(field(stat, "file"), None);
    }

    #[test]
    fn all_devices_are_counted() {
        let text = "8:0 rbytes=10 wbytes=1 rios=1 wios=1 dbytes=7 dios=1\n7:0 \n8:16 rbytes=5 wbytes=2\n";
        assert_eq!(io_bytes(text), (15, 3));
        assert_eq!(io_bytes(""), (0, 0));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_passed_over(text in "[a-z_=: 0-9\n]{0,200}") {
            let _sums = io_bytes(&text);
            let _each = (amount(&text), quota(&text), field(&text, "a"));
        }
    }
}
