//! Memory.

use std::collections::BTreeMap;

use super::Pressure;
use crate::cgroup::Group;

/// Memory in bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// Files that are kept in memory.
    pub cache: u64,
    /// Memory.
    pub usage: MemoryEntry,
    /// Memory and swap together.
    pub swap: MemoryEntry,
    /// The kernel's share (version 1).
    pub kernel: MemoryEntry,
    /// Buffers of TCP (version 1).
    pub kernel_tcp: MemoryEntry,
    /// `memory.stat`, line by line.
    pub raw: BTreeMap<String, u64>,
    /// How long processes waited for memory.
    pub pressure: Option<Pressure>,
}

/// One kind of memory, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryEntry {
    /// At most.
    pub limit: u64,
    /// Now.
    pub usage: u64,
    /// Most so far.
    pub max: u64,
    /// How often there was no more (version 1).
    pub failcnt: u64,
}

impl Group {
    pub(super) fn memory_v2(&self) -> Memory {
        let raw = raw(&self.read("", "memory.stat").unwrap_or_default());
        let entry = |name: &str| {
            let number = |part: &str| self.number("", &format!("{name}.{part}")).unwrap_or(0);
            MemoryEntry { limit: number("max"), usage: number("current"), max: number("peak"), failcnt: 0 }
        };
        let (usage, swap) = (entry("memory"), entry("memory.swap"));
        // As version 1 counts it; both together have no highest value.
        let both = MemoryEntry {
            limit: usage.limit.saturating_add(swap.limit),
            usage: usage.usage.saturating_add(swap.usage),
            max: 0,
            failcnt: 0,
        };
        let cache = raw.get("file").copied().unwrap_or(0);
        let pressure = self.pressure("memory.pressure");
        Memory { cache, usage, swap: both, raw, pressure, ..Memory::default() }
    }

    pub(super) fn memory_v1(&self) -> Memory {
        let raw = raw(&self.read("memory", "memory.stat").unwrap_or_default());
        let entry = |name: &str| {
            let number = |part: &str| self.number("memory", &format!("{name}.{part}")).unwrap_or(0);
            MemoryEntry {
                limit: number("limit_in_bytes"),
                usage: number("usage_in_bytes"),
                max: number("max_usage_in_bytes"),
                failcnt: number("failcnt"),
            }
        };
        Memory {
            cache: raw.get("cache").copied().unwrap_or(0),
            usage: entry("memory"),
            swap: entry("memory.memsw"),
            kernel: entry("memory.kmem"),
            kernel_tcp: entry("memory.kmem.tcp"),
            raw,
            pressure: None,
        }
    }
}

fn raw(text: &str) -> BTreeMap<String, u64> {
    let line = |line: &str| {
        let (name, value) = line.split_once(' ')?;
        Some((name.to_owned(), value.trim().parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_with_a_number_is_kept() {
        let raw = raw("cache 4096\nrss 12\nodd\nnumber x\n");
        assert_eq!(raw, BTreeMap::from([("cache".into(), 4096), ("rss".into(), 12)]));
    }
}
