//! What a person asks for when they type `coffer run`: already parsed, not yet judged.

use core::net::IpAddr;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::ClaimedDigest;
use crate::publish::Publish;
use crate::upkeep::Upkeep;
use crate::usecase::{Data, Exposure, Tenants};
use crate::verdict::Level;

/// One request to run an image. Policy judges this very value and launch executes what policy made
/// of it, so that the bytes decided on are the bytes acted on (CVE-2024-41110).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRequest {
    /// The image, as typed.
    pub image: String,
    /// Arguments after the image; replaces the image's command.
    pub command: Vec<String>,
    /// `--entrypoint`: replaces the image's; an empty text clears it.
    pub entrypoint: Option<String>,
    /// `-e` and `--env-file`, in order, `NAME=value`.
    pub env: Vec<String>,
    /// `-w`.
    pub working_dir: Option<String>,
    /// `-u`.
    pub user: Option<String>,
    /// `--group-add`.
    pub groups: Vec<String>,
    /// `--hostname`.
    pub hostname: Option<String>,
    /// `--name`.
    pub name: Option<String>,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// `-v`, `--mount` and `--tmpfs`.
    pub mounts: Vec<MountRequest>,
    /// `--device`.
    pub devices: Vec<String>,
    /// `--network`.
    pub network: Network,
    /// `-p`.
    #[serde(default)]
    pub publish: Vec<Publish>,
    /// `-P`: also every port that the image exposes, on a free port of loopback.
    #[serde(default)]
    pub publish_all: bool,
    /// `--pid host`, `--ipc host`, `--uts host`, `--userns host`, `--cgroupns host`.
    pub host_namespaces: Vec<HostNamespace>,
    /// `--cap-add`, upper case without `CAP_`; may hold `ALL`.
    pub cap_add: Vec<String>,
    /// `--cap-drop`, likewise.
    pub cap_drop: Vec<String>,
    /// `--privileged`.
    pub privileged: bool,
    /// `--security-opt seccomp=unconfined`.
    pub seccomp_unconfined: bool,
    /// `--mutable`: what is written may be executed.
    pub mutable: bool,
    /// `--read-only`: the root is read-only.
    pub read_only: bool,
    /// `-i`.
    pub interactive: bool,
    /// `-t`.
    pub tty: bool,
    /// `--rm`.
    pub remove: bool,
    /// Limits.
    pub limits: Limits,
    /// `--ulimit`.
    pub ulimits: Vec<Ulimit>,
    /// `--sysctl`, namespaced ones only.
    pub sysctls: BTreeMap<String, String>,
    /// `--shm-size`, bytes.
    pub shm_size: Option<u64>,
    /// `--tenants`, `--data`, `--exposure`, where the person said.
    pub answers: Answers,
    /// `--policy`: the level, where the person or the site said.
    pub level: Level,
    /// `--restart`, `--health-*`, `--log-*`, `--stop-*`.
    #[serde(default)]
    pub upkeep: Upkeep,
    /// What a step of a build has beyond that; nobody can type it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepRequest>,
}

/// What a step of a build has beyond what every container may have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRequest {
    /// Programs that lie in the root while it runs.
    pub scripts: Vec<Script>,
    /// Secrets that it sees: never what is in them.
    pub secrets: Vec<SecretRequest>,
    /// `--add-host`: lines of its /etc/hosts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostAddress>,
}

/// An address that a step knows by a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostAddress {
    /// Letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// Of either family.
    pub address: IpAddr,
}

/// A program that lies in the root while a step runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Absolute, in the container.
    pub path: String,
    /// Its text.
    pub content: String,
}

/// A secret that a step sees, by its name alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretRequest {
    /// Which.
    pub id: String,
    /// Its file, absolute, in the container; none where it is only a variable.
    pub target: Option<String>,
    /// The variable that has it.
    pub env: Option<String>,
    /// Permission bits of the file.
    pub mode: u32,
    /// User and group id of the file, in the container.
    pub owner: (u32, u32),
}

/// The parts of the use case that only a person knows; absent ones take the mildest level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Who shares the kernel.
    pub tenants: Option<Tenants>,
    /// What is at stake.
    pub data: Option<Data>,
    /// Who can reach it.
    pub exposure: Option<Exposure>,
}

/// Where the container's packets go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// A namespace of its own with loopback only.
    #[default]
    None,
    /// A namespace of its own from which connections go out and into which none come.
    Outbound,
    /// The host's.
    Host,
}

/// A namespace that is to be the host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostNamespace {
    /// Processes.
    Pid,
    /// System V IPC and POSIX queues.
    Ipc,
    /// Host name.
    Uts,
    /// Users: root inside is root outside.
    User,
    /// Control groups.
    Cgroup,
}

/// A mount, as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountRequest {
    /// What is mounted.
    pub source: MountSource,
    /// Absolute, in the container.
    pub target: String,
    /// `ro`.
    pub access: Access,
    /// `exec`: programs may be started from it.
    pub exec: ExecMode,
    /// The option that asked, as typed, for messages.
    pub asked_by: String,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum MountSource {
    /// A path of the host.
    Bind {
        /// Absolute path on the host.
        path: String,
    },
    /// A fresh tmpfs.
    Tmpfs {
        /// Bytes; the default is 64 MB.
        size: Option<u64>,
        /// Permission bits of its root.
        mode: Option<u32>,
    },
    /// Storage that the engine keeps; empty name is an anonymous volume.
    Volume {
        /// The volume's name.
        name: String,
    },
    /// For a step of a build: a part of what layers hold together. What is written to it is lost.
    Layers {
        /// Digests of their tar streams, bottom first; none hold nothing.
        layers: Vec<ClaimedDigest>,
        /// Which part, below their root; empty is all of it.
        path: String,
    },
    /// For a step of a build: a directory that outlives it.
    Cache {
        /// The cache's name.
        id: String,
        /// Which of the directories of that name: steps that may not share one have one each.
        number: u32,
    },
    /// For a step of a build: a socket of an agent that signs for whoever builds.
    Agent {
        /// Which agent.
        id: String,
        /// Permission bits of the socket.
        mode: u32,
        /// User and group id of the socket, in the container.
        owner: (u32, u32),
    },
}

/// Read-only or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// `ro`
    ReadOnly,
    /// `rw`
    #[default]
    ReadWrite,
}

/// Whether programs may be started from a mount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExecMode {
    /// `noexec`, the default.
    #[default]
    Refused,
    /// `exec`
    Allowed,
}

/// Resource limits; absent ones take the defaults of policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// `--memory`, bytes.
    pub memory: Option<u64>,
    /// `--memory-swap`, bytes, memory and swap together; -1 is unlimited.
    pub memory_swap: Option<i64>,
    /// `--memory-reservation`, bytes.
    pub memory_reservation: Option<u64>,
    /// `--cpus`, in thousandths of a CPU.
    pub cpu_millis: Option<u64>,
    /// `--cpu-quota`, microseconds of each period; -1 is unlimited. Excludes `--cpus`.
    pub cpu_quota: Option<i64>,
    /// `--cpu-period`, microseconds. Excludes `--cpus`.
    pub cpu_period: Option<u64>,
    /// `--cpu-shares`.
    pub cpu_shares: Option<u64>,
    /// `--cpuset-cpus`.
    pub cpuset: Option<String>,
    /// `--cpuset-mems`.
    pub cpuset_mems: Option<String>,
    /// `--pids-limit`; -1 is unlimited.
    pub pids: Option<i64>,
    /// `--oom-score-adj`.
    pub oom_score_adj: Option<i32>,
    /// `--blkio-weight`.
    pub io_weight: Option<u64>,
    /// `--device-read-bps`, `--device-write-bps`, `--device-read-iops`, `--device-write-iops`.
    pub io_rates: Vec<IoRate>,
}

/// How much may go to or come from one device, each second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IoRate {
    /// Which way, and what is counted.
    pub kind: IoRateKind,
    /// The device, an absolute path of the host.
    pub device: String,
    /// Bytes or operations; 0 is unlimited.
    pub rate: u64,
}

/// Which way, and what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IoRateKind {
    /// Bytes that are read.
    ReadBytes,
    /// Bytes that are written.
    WriteBytes,
    /// Operations that read.
    ReadOperations,
    /// Operations that write.
    WriteOperations,
}

impl IoRateKind {
    /// All four.
    pub const ALL: [Self; 4] =
        [Self::ReadBytes, Self::WriteBytes, Self::ReadOperations, Self::WriteOperations];

    /// The option that asks for it.
    #[must_use]
    pub fn option(self) -> &'static str {
        match self {
            Self::ReadBytes => "--device-read-bps",
            Self::WriteBytes => "--device-write-bps",
            Self::ReadOperations => "--device-read-iops",
            Self::WriteOperations => "--device-write-iops",
        }
    }
}

impl Limits {
    /// These, and `former` where these say nothing. Of the two ways to limit processor time, the one that
    /// is asked for now takes the other's place.
    #[must_use]
    pub fn over(&self, former: &Self) -> Self {
        let by_period = self.cpu_quota.is_some() || self.cpu_period.is_some();
        let former_quota = former.cpu_quota.filter(|_| self.cpu_millis.is_none());
        let former_period = former.cpu_period.filter(|_| self.cpu_millis.is_none());
        Self {
            memory: self.memory.or(former.memory),
            memory_swap: self.memory_swap.or(former.memory_swap),
            memory_reservation: self.memory_reservation.or(former.memory_reservation),
            cpu_millis: self.cpu_millis.or(former.cpu_millis.filter(|_| !by_period)),
            cpu_quota: self.cpu_quota.or(former_quota),
            cpu_period: self.cpu_period.or(former_period),
            cpu_shares: self.cpu_shares.or(former.cpu_shares),
            cpuset: self.cpuset.clone().or_else(|| former.cpuset.clone()),
            cpuset_mems: self.cpuset_mems.clone().or_else(|| former.cpuset_mems.clone()),
            pids: self.pids.or(former.pids),
            oom_score_adj: self.oom_score_adj.or(former.oom_score_adj),
            io_weight: self.io_weight.or(former.io_weight),
            io_rates: rates_over(&self.io_rates, &former.io_rates),
        }
    }
}

impl Limits {
    /// Those that were asked for, as options without their dashes: `memory`, `67108864`.
    #[must_use]
    pub fn options(&self) -> Vec<(&'static str, String)> {
        fn text(value: Option<&impl ToString>) -> Option<String> {
            value.map(ToString::to_string)
        }
        let cpus = self.cpu_millis.map(|millis| format!("{}.{:03}", millis / 1000, millis % 1000));
        let single = [
            ("memory", text(self.memory.as_ref())),
            ("memory-swap", text(self.memory_swap.as_ref())),
            ("memory-reservation", text(self.memory_reservation.as_ref())),
            ("cpus", cpus),
            ("cpu-quota", text(self.cpu_quota.as_ref())),
            ("cpu-period", text(self.cpu_period.as_ref())),
            ("cpu-shares", text(self.cpu_shares.as_ref())),
            ("cpuset-cpus", self.cpuset.clone()),
            ("cpuset-mems", self.cpuset_mems.clone()),
            ("pids-limit", text(self.pids.as_ref())),
            ("oom-score-adj", text(self.oom_score_adj.as_ref())),
            ("blkio-weight", text(self.io_weight.as_ref())),
        ];
        let rates = IoRateKind::ALL.map(|kind| {
            let asked = self.io_rates.iter().filter(|rate| rate.kind == kind);
            let asked: Vec<_> = asked.map(|rate| format!("{}:{}", rate.device, rate.rate)).collect();
            let name = kind.option().trim_start_matches('-');
            (name, Some(asked.join(" ")).filter(|asked| !asked.is_empty()))
        });
        single.into_iter().chain(rates).filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

fn rates_over(rates: &[IoRate], former: &[IoRate]) -> Vec<IoRate> {
    let replaced = |old: &&IoRate| rates.iter().any(|new| new.kind == old.kind && new.device == old.device);
    former.iter().filter(|old| !replaced(old)).chain(rates).cloned().collect()
}

/// `--ulimit NAME=SOFT[:HARD]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    /// `nofile`, ...: lower case, without `RLIMIT_`.
    pub name: String,
    /// Soft limit; `u64::MAX` is unlimited.
    pub soft: u64,
    /// Hard limit.
    pub hard: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_now_lies_over_what_was() {
        let rate = |rate| IoRate { kind: IoRateKind::ReadBytes, device: "/dev/sda".into(), rate };
        let former = Limits {
            memory: Some(1),
            cpu_millis: Some(500),
            io_rates: vec![rate(1), IoRate { kind: IoRateKind::WriteBytes, ..rate(2) }],
            ..Limits::default()
        };
        let asked = Limits { cpu_quota: Some(-1), io_rates: vec![rate(3)], ..Limits::default() };
        let both = asked.over(&former);
        assert_eq!((both.memory, both.cpu_millis, both.cpu_quota), (Some(1), None, Some(-1)));
        assert_eq!(both.io_rates.iter().map(|rate| rate.rate).collect::<Vec<_>>(), [2, 3]);
        let back = Limits { cpu_millis: Some(1000), ..Limits::default() }.over(&both);
        assert_eq!((back.cpu_millis, back.cpu_quota), (Some(1000), None));
        let options = [("cpus", "1.000"), ("device-read-bps", "/dev/sda:3")];
        let asked = Limits { memory: None, io_rates: vec![rate(3)], ..back };
        assert_eq!(asked.options(), options.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn limits_of_an_older_version_are_read_with_what_it_did_not_know_left_out() {
        let read: Limits = serde_json::from_str(r#"{"memory":5}"#).unwrap();
        assert_eq!(read, Limits { memory: Some(5), ..Limits::default() });
    }
}
