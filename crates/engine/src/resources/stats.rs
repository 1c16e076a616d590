//! What containers use now: one sample says how much so far, two of them how fast.

use std::time::Instant;

use launch::Usage;
use launch::cgroup::Group;

use super::processes;
use crate::engine::Engine;
use crate::explain::own_link;
use crate::place::host_memory;
use crate::state::{ProcDir, Record, Status};

/// What a container uses at one moment.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Whose it is.
    pub record: Record,
    /// When it was taken.
    pub at: Instant,
    /// What is used; empty for a container that does not run. Where nothing limits its memory, the limit is
    /// the host's.
    pub usage: Usage,
    /// Bytes received and sent by its own interfaces but loopback; absent where it has none.
    pub network: Option<(u64, u64)>,
}

impl Engine {
    /// What the container uses now.
    #[must_use]
    pub fn sample(&self, record: Record) -> Sample {
        let at = Instant::now();
        let Status::Running { process, .. } = &record.status else {
            return Sample { record, at, usage: Usage::default(), network: None };
        };
        let mut usage = Group::at(&record.cgroup).map(|group| group.usage()).unwrap_or_default();
        processes::complete(&mut usage, &processes::of(&record));
        usage.memory_limit = usage.memory_limit.or_else(|| Some(host_memory()));
        let network = process.open().and_then(|process| network(&process));
        Sample { record, at, usage, network }
    }
}

impl Sample {
    /// Thousandths of a processor that were used since an earlier sample of the same container; `None`
    /// where either has none.
    #[must_use]
    pub fn cpu_since(&self, earlier: &Self) -> Option<u64> {
        let used = self.usage.cpu?.saturating_sub(earlier.usage.cpu?);
        let passed = u64::try_from(self.at.saturating_duration_since(earlier.at).as_micros()).ok()?;
        used.saturating_mul(1000).checked_div(passed)
    }
}

/// Interfaces of the host are not the container's.
fn network(process: &ProcDir) -> Option<(u64, u64)> {
    let own = process.link("ns/net")? != own_link("ns/net")?;
    interfaces(&process.text("net/dev").filter(|_| own)?)
}

/// Bytes received and sent (proc_pid_net(5)): two lines of headings, then `eth0: BYTES` and 15 more
/// columns for each interface.
fn interfaces(text: &str) -> Option<(u64, u64)> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let numbers = lines.filter(|(name, _)| name.trim() != "lo").filter_map(|(_, columns)| {
        let mut columns = columns.split_ascii_whitespace().map(|column| column.parse::<u64>().ok());
        Some((columns.next()??, columns.nth(7)??))
    });
    numbers.reduce(|sum, more| (sum.0.saturating_add(more.0), sum.1.saturating_add(more.1)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::id::ContainerId;
    use crate::state::sample_record;

    const DEV: &str = "Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
";

    fn sample(cpu: Option<u64>, at: Instant) -> Sample {
        let record = sample_record(&ContainerId::random().unwrap());
        Sample { record, at, usage: Usage { cpu, ..Usage::default() }, network: None }
    }

    #[test]
    fn loopback_is_no_network() {
        assert_eq!(interfaces(DEV), None);
        let eth = "  eth0: 5 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n".repeat(2);
        assert_eq!(interfaces(&format!("{DEV}{eth}")), Some((10, 14)));
    }

    #[test]
    fn half_a_second_in_each_second_is_half_a_processor() {
        let begun = Instant::now();
        let (first, second) =
            (sample(Some(1_000_000), begun), sample(Some(2_000_000), begun + Duration::from_secs(2)));
        assert_eq!(second.cpu_since(&first), Some(500));
        assert_eq!(first.cpu_since(&first), None, "no time has passed");
        assert_eq!(first.cpu_since(&sample(None, begun)), None);
    }

    proptest! {
        #[test]
        fn any_table_of_interfaces_is_read_without_harm(text in "[a-z:0-9 |\n]{0,200}") {
            let _sums = interfaces(&text);
        }
    }
}
