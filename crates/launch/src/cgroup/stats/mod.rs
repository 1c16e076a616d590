//! Everything that a group's files tell of what it uses, as engines ask for it: `usage` is what we need
//! ourselves.
//!
//! Numbers are in version 1's units, bytes and nanoseconds; what nothing limits is `u64::MAX`. What the host
//! has no file for is absent or 0.

mod memory;
mod blkio;

use std::collections::BTreeMap;

use super::usage::{amount, field};
use super::{Group, Version};

pub use blkio::{Blkio, BlkioEntry};
pub use memory::{Memory, MemoryEntry};

/// What a group uses.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stats {
    /// Processor time.
    pub cpu: Cpu,
    /// Processors and memory nodes (version 1).
    pub cpuset: Cpuset,
    /// Memory.
    pub memory: Memory,
    /// Processes and threads.
    pub pids: Pids,
    /// Disks.
    pub blkio: Blkio,
    /// Huge pages, by page size (`2MB`).
    pub hugetlb: BTreeMap<String, Hugetlb>,
    /// RDMA.
    pub rdma: Rdma,
}

/// Processor time in nanoseconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cpu {
    /// In all.
    pub total: u64,
    /// By processor (version 1).
    pub percpu: Vec<u64>,
    /// Likewise, of the kernel's side.
    pub percpu_kernel: Vec<u64>,
    /// Likewise, of the programs' side.
    pub percpu_user: Vec<u64>,
    /// On the kernel's side.
    pub kernel: u64,
    /// On the programs' side.
    pub user: u64,
    /// Periods of its limit.
    pub periods: u64,
    /// Those in which it had to wait.
    pub throttled_periods: u64,
    /// For how long.
    pub throttled_time: u64,
    /// Periods in which it used what it had saved up.
    pub bursts: u64,
    /// How much of it.
    pub burst_time: u64,
    /// How long processes waited for a processor.
    pub pressure: Option<Pressure>,
}

/// Processors and memory nodes, and version 1's switches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cpuset {
    /// Which processors.
    pub cpus: Vec<u16>,
    /// Which memory nodes.
    pub mems: Vec<u16>,
    /// `cpuset.cpu_exclusive`, and so on.
    pub cpu_exclusive: u64,
    /// `cpuset.mem_hardwall`
    pub mem_hardwall: u64,
    /// `cpuset.mem_exclusive`
    pub mem_exclusive: u64,
    /// `cpuset.memory_migrate`
    pub memory_migrate: u64,
    /// `cpuset.memory_spread_page`
    pub memory_spread_page: u64,
    /// `cpuset.memory_spread_slab`
    pub memory_spread_slab: u64,
    /// `cpuset.memory_pressure`
    pub memory_pressure: u64,
    /// `cpuset.sched_load_balance`
    pub sched_load_balance: u64,
    /// `cpuset.sched_relax_domain_level`
    pub sched_relax_domain_level: i64,
}

/// Processes and threads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pids {
    /// Now.
    pub current: u64,
    /// At most; 0 where nothing limits them.
    pub limit: u64,
}

/// Huge pages of one size, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hugetlb {
    /// Now.
    pub usage: u64,
    /// Most so far (version 1).
    pub max: u64,
    /// How often there was no more.
    pub failcnt: u64,
}

/// RDMA handles and objects, by device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rdma {
    /// Device, handles and objects at most; `u32::MAX` where nothing limits them.
    pub limit: Vec<(String, u32, u32)>,
    /// Likewise, now.
    pub current: Vec<(String, u32, u32)>,
}

/// Pressure stall information: how long processes waited for something (version 2).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pressure {
    /// Some of them.
    pub some: Stall,
    /// All of them.
    pub full: Stall,
}

/// Shares of time in percent, and the time in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stall {
    /// Of the last 10 seconds.
    pub avg10: f64,
    /// Of the last minute.
    pub avg60: f64,
    /// Of the last five minutes.
    pub avg300: f64,
    /// So far.
    pub total: u64,
}

impl Group {
    /// Reads all of it; some dozens of small files.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let v2 = self.version() == Version::V2;
        Stats {
            cpu: if v2 { self.cpu_v2() } else { self.cpu_v1() },
            cpuset: if v2 { Cpuset::default() } else { self.cpuset_v1() },
            memory: if v2 { self.memory_v2() } else { self.memory_v1() },
            pids: self.pids(),
            blkio: if v2 { self.blkio_v2() } else { self.blkio_v1() },
            hugetlb: page_sizes().into_iter().filter_map(|size| self.huge_pages(size, v2)).collect(),
            rdma: Rdma { limit: self.rdma("rdma.max"), current: self.rdma("rdma.current") },
        }
    }

    /// A number in a file; `max` and version 1's huge numbers are [`u64::MAX`].
    fn number(&self, controller: &str, file: &str) -> Option<u64> {
        let text = self.read(controller, file)?;
        Some(amount(&text).unwrap_or(u64::MAX))
    }

    fn pressure(&self, file: &str) -> Option<Pressure> {
        pressure(&self.read("", file)?)
    }

    fn cpu_v2(&self) -> Cpu {
        let stat = self.read("", "cpu.stat").unwrap_or_default();
        let count = |name: &str| field(&stat, name).unwrap_or(0);
        let nanos = |name: &str| count(name).saturating_mul(1000);
        Cpu {
            total: nanos("usage_usec"),
            kernel: nanos("system_usec"),
            user: nanos("user_usec"),
            periods: count("nr_periods"),
            throttled_periods: count("nr_throttled"),
            throttled_time: nanos("throttled_usec"),
            bursts: count("nr_bursts"),
            burst_time: nanos("burst_usec"),
            pressure: self.pressure("cpu.pressure"),
            ..Cpu::default()
        }
    }

    fn cpu_v1(&self) -> Cpu {
        let stat = self.read("cpu", "cpu.stat").unwrap_or_default();
        let count = |name: &str| field(&stat, name).unwrap_or(0);
        let each = |file: &str| numbers(&self.read("cpuacct", file).unwrap_or_default());
        let one = |file: &str| self.number("cpuacct", file).unwrap_or(0);
        Cpu {
            total: one("cpuacct.usage"),
            percpu: each("cpuacct.usage_percpu"),
            percpu_kernel: each("cpuacct.usage_percpu_sys"),
            percpu_user: each("cpuacct.usage_percpu_user"),
            kernel: one("cpuacct.usage_sys"),
            user: one("cpuacct.usage_user"),
            periods: count("nr_periods"),
            throttled_periods: count("nr_throttled"),
            throttled_time: count("throttled_time"),
            bursts: count("nr_bursts"),
            burst_time: count("burst_time"),
            pressure: None,
        }
    }

    fn cpuset_v1(&self) -> Cpuset {
        let read = |file: &str| self.read("cpuset", file).unwrap_or_default();
        let number = |file: &str| read(file).trim().parse().unwrap_or(0);
        Cpuset {
            cpus: ranges(&read("cpuset.cpus")),
            mems: ranges(&read("cpuset.mems")),
            cpu_exclusive: number("cpuset.cpu_exclusive"),
            mem_hardwall: number("cpuset.mem_hardwall"),
            mem_exclusive: number("cpuset.mem_exclusive"),
            memory_migrate: number("cpuset.memory_migrate"),
            memory_spread_page: number("cpuset.memory_spread_page"),
            memory_spread_slab: number("cpuset.memory_spread_slab"),
            memory_pressure: number("cpuset.memory_pressure"),
            sched_load_balance: number("cpuset.sched_load_balance"),
            sched_relax_domain_level: read("cpuset.sched_relax_domain_level").trim().parse().unwrap_or(0),
        }
    }

    /// Without the controller the processes are counted.
    fn pids(&self) -> Pids {
        let current = self.number("pids", "pids.current").unwrap_or_else(|| self.processes().len() as u64);
        let limit = self.number("pids", "pids.max").filter(|limit| *limit != u64::MAX).unwrap_or(0);
        Pids { current, limit }
    }

    fn huge_pages(&self, size: String, v2: bool) -> Option<(String, Hugetlb)> {
        let number = |file: &str| {
            // Reservations, where they are counted, include what is used.
            let rsvd = self.number("hugetlb", &format!("hugetlb.{size}.rsvd.{file}"));
            rsvd.or_else(|| self.number("hugetlb", &format!("hugetlb.{size}.{file}")))
        };
        let stats = if v2 {
            let events = self.read("hugetlb", &format!("hugetlb.{size}.events")).unwrap_or_default();
            Hugetlb { usage: number("current")?, max: 0, failcnt: field(&events, "max").unwrap_or(0) }
        } else {
            let max = number("max_usage_in_bytes").unwrap_or(0);
            Hugetlb { usage: number("usage_in_bytes")?, max, failcnt: number("failcnt").unwrap_or(0) }
        };
        Some((size, stats))
    }

    fn rdma(&self, file: &str) -> Vec<(String, u32, u32)> {
        let text = self.read("rdma", file).unwrap_or_default();
        text.lines().filter_map(rdma_line).collect()
    }
}

/// `mlx4_0 hca_handle=2 hca_object=max`
fn rdma_line(line: &str) -> Option<(String, u32, u32)> {
    let (device, rest) = line.split_once(' ')?;
    let value = |name: &str| {
        let word = rest.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))?;
        if word == "max" { Some(u32::MAX) } else { word.parse().ok() }
    };
    Some((device.to_owned(), value("hca_handle")?, value("hca_object")?))
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and a line for `full`.
fn pressure(text: &str) -> Option<Pressure> {
    let stall = |kind: &str| {
        let words = text.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(' '))?;
        let word = |name: &str| words.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let share = |name: &str| word(name)?.parse().ok();
        let total = word("total")?.parse().ok()?;
        Some(Stall { avg10: share("avg10")?, avg60: share("avg60")?, avg300: share("avg300")?, total })
    };
    Some(Pressure { some: stall("some")?, full: stall("full").unwrap_or_default() })
}

fn numbers(text: &str) -> Vec<u64> {
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// `0-2,7`, as far as numbers of processors go.
pub(super) fn ranges(text: &str) -> Vec<u16> {
    const MOST: u16 = 8192;
    let range = |word: &str| -> Option<(u16, u16)> {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    let ranges = text.trim().split(',').filter_map(range);
    ranges.flat_map(|(first, last)| first..=last.min(MOST)).collect()
}

/// `hugepages-2048kB` is `2MB` in the names of files.
fn page_sizes() -> Vec<String> {
    let entries = std::fs::read_dir("/sys/kernel/mm/hugepages").into_iter().flatten().flatten();
    let mut sizes: Vec<String> = entries.filter_map(|entry| page_size(entry.file_name().to_str()?)).collect();
    sizes.sort();
    sizes
}

fn page_size(directory: &str) -> Option<String> {
    let kib: u64 = directory.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok()?;
    Some(match kib {
        1_048_576.. => format!("{}GB", kib >> 20),
        1024.. => format!("{}MB", kib >> 10),
        _ => format!("{kib}KB"),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pressure_is_read_with_or_without_full() {
        let text =
            "some avg10=1.50 avg60=0.00 avg300=0.25 total=77\nfull avg10=0.50 avg60=0 avg300=0 total=7\n";
        let found = pressure(text).unwrap();
        assert_eq!((found.some.avg10, found.some.total, found.full.total), (1.5, 77, 7));
        assert_eq!(pressure("some avg10=0 avg60=0 avg300=0 total=1\n").unwrap().full, Stall::default());
        assert_eq!(pressure(""), None);
    }

    #[test]
    fn lists_and_names_of_the_kernel_are_understood() {
        assert_eq!(ranges("0-2,7\n"), [0, 1, 2, 7]);
        assert_eq!(ranges("\n"), [0_u16; 0]);
        assert_eq!(page_size("hugepages-2048kB").as_deref(), Some("2MB"));
        assert_eq!(page_size("hugepages-1048576kB").as_deref(), Some("1GB"));
        assert_eq!(page_size("hugepages-64kB").as_deref(), Some("64KB"));
        assert_eq!(rdma_line("mlx4_0 hca_handle=2 hca_object=max"), Some(("mlx4_0".into(), 2, u32::MAX)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_passed_over(text in "[a-z_=:. ,0-9\n-]{0,200}") {
            let _all = (pressure(&text), ranges(&text), rdma_line(&text), numbers(&text));
        }
    }
}
