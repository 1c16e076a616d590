//! Resource limits: their syntax. Policy knows their ranges, and the defaults.

use clap::Args;
use model::request::{IoRate, IoRateKind, Ulimit};

use crate::value::rate::{self, Rate};
use crate::value::{ValueError, cpus, size, ulimit};

/// How much it can use.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
    #[command(flatten)]
    group: GroupLimits,
    /// Set a POSIX limit: nofile=1024:2048
    #[arg(long, value_name = "NAME=SOFT[:HARD]", value_parser = ulimit::parse)]
    pub(super) ulimit: Vec<Ulimit>,
    /// How readily the kernel kills it when memory is short, -1000 to 1000
    #[arg(long, value_name = "SCORE", allow_hyphen_values = true)]
    oom_score_adj: Option<i32>,
}

/// What a control group limits, so that it can be changed while the container runs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct GroupLimits {
    /// Most memory: 512m, 1.5g
    #[arg(short, long, value_name = "SIZE", value_parser = size::parse)]
    memory: Option<u64>,
    /// Most memory and swap together; -1 is unlimited
    #[arg(long, value_name = "SIZE", value_parser = size::parse_or_unlimited, allow_hyphen_values = true)]
    memory_swap: Option<i64>,
    /// Memory that it may keep when others want it
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    memory_reservation: Option<u64>,
    /// Most CPUs: 0.5, 2
    #[arg(long, value_name = "NUMBER", value_parser = cpus::parse, conflicts_with_all = ["cpu_quota", "cpu_period"])]
    cpus: Option<u64>,
    /// Microseconds of CPU time in each period, from 1000; -1 is unlimited
    #[arg(long, value_name = "MICROSECONDS", allow_hyphen_values = true)]
    cpu_quota: Option<i64>,
    /// Length of a period in microseconds, 1000 to 1000000 instead of 100000
    #[arg(long, value_name = "MICROSECONDS")]
    cpu_period: Option<u64>,
    /// Weight among others that want the CPU, 2 to 262144
    #[arg(short, long, value_name = "WEIGHT")]
    cpu_shares: Option<u64>,
    /// Which CPUs: 0-2,7
    #[arg(long, value_name = "CPUS")]
    cpuset_cpus: Option<String>,
    /// Which memory nodes: 0-1
    #[arg(long, value_name = "NODES")]
    cpuset_mems: Option<String>,
    /// Most processes and threads; -1 is unlimited
    #[arg(long, value_name = "NUMBER", value_parser = pids, allow_hyphen_values = true)]
    pids_limit: Option<i64>,
    /// Weight among others that want the disks, 10 to 1000
    #[arg(long, value_name = "WEIGHT")]
    blkio_weight: Option<u64>,
    /// Most bytes read from a device each second; 0 is unlimited
    #[arg(long, value_name = "PATH:SIZE", value_parser = rate::bytes)]
    device_read_bps: Vec<Rate>,
    /// Most bytes written to a device each second
    #[arg(long, value_name = "PATH:SIZE", value_parser = rate::bytes)]
    device_write_bps: Vec<Rate>,
    /// Most reads from a device each second
    #[arg(long, value_name = "PATH:NUMBER", value_parser = rate::operations)]
    device_read_iops: Vec<Rate>,
    /// Most writes to a device each second
    #[arg(long, value_name = "PATH:NUMBER", value_parser = rate::operations)]
    device_write_iops: Vec<Rate>,
}

impl Limits {
    /// The limits in the model's words.
    pub(super) fn limits(&self) -> model::request::Limits {
        model::request::Limits { oom_score_adj: self.oom_score_adj, ..self.group.limits() }
    }
}

impl GroupLimits {
    /// The limits in the model's words.
    pub(crate) fn limits(&self) -> model::request::Limits {
        model::request::Limits {
            memory: self.memory,
            memory_swap: self.memory_swap,
            memory_reservation: self.memory_reservation,
            cpu_millis: self.cpus,
            cpu_quota: self.cpu_quota,
            cpu_period: self.cpu_period,
            cpu_shares: self.cpu_shares,
            cpuset: self.cpuset_cpus.clone(),
            cpuset_mems: self.cpuset_mems.clone(),
            pids: self.pids_limit,
            oom_score_adj: None,
            io_weight: self.blkio_weight,
            io_rates: self.io_rates(),
        }
    }

    fn io_rates(&self) -> Vec<IoRate> {
        let asked = [
            (IoRateKind::ReadBytes, &self.device_read_bps),
            (IoRateKind::WriteBytes, &self.device_write_bps),
            (IoRateKind::ReadOperations, &self.device_read_iops),
            (IoRateKind::WriteOperations, &self.device_write_iops),
        ];
        let rates = asked.into_iter().flat_map(|(kind, rates)| rates.iter().map(move |rate| (kind, rate)));
        rates
            .map(|(kind, Rate { device, rate })| IoRate { kind, device: device.clone(), rate: *rate })
            .collect()
    }
}

fn pids(text: &str) -> Result<i64, ValueError> {
    let number = text.parse().ok().filter(|pids| *pids == -1 || *pids > 0);
    number.ok_or_else(|| ValueError::new("it is no number of processes", "a number from 1, or -1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pids_are_positive_or_unlimited() {
        assert_eq!((pids("-1"), pids("64")), (Ok(-1), Ok(64)));
        assert!(pids("0").is_err() && pids("-2").is_err());
    }
}
