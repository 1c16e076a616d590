//! What a person asks for when they type `coffer run`: already parsed, not yet judged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
pub struct Limits {
    /// `--memory`, bytes.
    pub memory: Option<u64>,
    /// `--memory-swap`, bytes, memory and swap together; -1 is unlimited.
    pub memory_swap: Option<i64>,
    /// `--memory-reservation`, bytes.
    pub memory_reservation: Option<u64>,
    /// `--cpus`, in thousandths of a CPU.
    pub cpu_millis: Option<u64>,
    /// `--cpu-shares`.
    pub cpu_shares: Option<u64>,
    /// `--cpuset-cpus`.
    pub cpuset: Option<String>,
    /// `--pids-limit`; -1 is unlimited.
    pub pids: Option<i64>,
    /// `--oom-score-adj`.
    pub oom_score_adj: Option<i32>,
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
