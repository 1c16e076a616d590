//! Resource limits: their syntax. Policy knows their ranges, and the defaults.

use clap::Args;
use model::request::Ulimit;

use crate::value::{ValueError, cpus, size, ulimit};

/// How much it can use.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
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
    #[arg(long, value_name = "NUMBER", value_parser = cpus::parse)]
    cpus: Option<u64>,
    /// Weight among others that want the CPU, 2 to 262144
    #[arg(short, long, value_name = "WEIGHT")]
    cpu_shares: Option<u64>,
    /// Which CPUs: 0-2,7
    #[arg(long, value_name = "CPUS")]
    cpuset_cpus: Option<String>,
    /// Most processes and threads; -1 is unlimited
    #[arg(long, value_name = "NUMBER", value_parser = pids, allow_hyphen_values = true)]
    pids_limit: Option<i64>,
    /// Set a POSIX limit: nofile=1024:2048
    #[arg(long, value_name = "NAME=SOFT[:HARD]", value_parser = ulimit::parse)]
    pub(super) ulimit: Vec<Ulimit>,
    /// How readily the kernel kills it when memory is short, -1000 to 1000
    #[arg(long, value_name = "SCORE", allow_hyphen_values = true)]
    oom_score_adj: Option<i32>,
}

impl Limits {
    /// The limits in the model's words.
    pub(super) fn limits(&self) -> model::request::Limits {
        model::request::Limits {
            memory: self.memory,
            memory_swap: self.memory_swap,
            memory_reservation: self.memory_reservation,
            cpu_millis: self.cpus,
            cpu_shares: self.cpu_shares,
            cpuset: self.cpuset_cpus.clone(),
            pids: self.pids_limit,
            oom_score_adj: self.oom_score_adj,
        }
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
