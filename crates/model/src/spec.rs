//! The OCI runtime specification 1.3 for Linux: what `policy` writes and `launch` carries out.
//!
//! Field for field the specification's own JSON (config.md, config-linux.md), so that the spec of a
//! container can be read, diffed and run by any OCI tool. What Cofferdam does beyond the specification
//! is [`Hardening`], an extra top-level property, which the specification's "Extensibility" section
//! obliges other runtimes to ignore.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Text that is usually one of our own constants.
pub type Text = Cow<'static, str>;

/// A container, as an OCI runtime sees it (config.md).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    /// Version of the specification.
    pub oci_version: Text,
    /// What runs.
    pub process: Process,
    /// Where it lives.
    pub root: Root,
    /// UTS host name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hostname: String,
    /// In order; later ones may lie on top of earlier ones.
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// Free text for people and tools.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Everything that only Linux has.
    pub linux: Linux,
    /// What Cofferdam does beyond the specification.
    #[serde(default, rename = "org.cofferdam.hardening", skip_serializing_if = "Option::is_none")]
    pub hardening: Option<Hardening>,
}

/// config.md "Process".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    /// Whether it gets a terminal.
    #[serde(default)]
    pub terminal: bool,
    /// Ids inside the container's user namespace.
    pub user: User,
    /// The program and its arguments.
    pub args: Vec<String>,
    /// `NAME=value`.
    #[serde(default)]
    pub env: Vec<String>,
    /// Absolute, in the container.
    pub cwd: String,
    /// The five sets.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// POSIX limits.
    #[serde(default)]
    pub rlimits: Vec<Rlimit>,
    /// prctl(PR_SET_NO_NEW_PRIVS).
    #[serde(default)]
    pub no_new_privileges: bool,
    /// /proc/self/oom_score_adj.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oom_score_adj: Option<i32>,
}

/// config.md "User".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// File mode creation mask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub umask: Option<u32>,
    /// Supplementary groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additional_gids: Vec<u32>,
}

/// The five capability sets, names with `CAP_`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// Cannot be exceeded by any exec.
    pub bounding: Vec<Text>,
    /// In use.
    pub effective: Vec<Text>,
    /// Kept over exec of files that carry them.
    pub inheritable: Vec<Text>,
    /// May be taken into use.
    pub permitted: Vec<Text>,
    /// Kept over exec of any file.
    pub ambient: Vec<Text>,
}

/// config.md "POSIX process": one limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rlimit {
    /// `RLIMIT_NOFILE`, ...
    #[serde(rename = "type")]
    pub kind: Text,
    /// Soft limit.
    pub soft: u64,
    /// Hard limit.
    pub hard: u64,
}

/// config.md "Root".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// The bundle's root filesystem; unused where [`Hardening::overlay`] makes one.
    pub path: String,
    /// Whether the container may write to it.
    #[serde(default)]
    pub readonly: bool,
}

/// config.md "Mounts".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Absolute, in the container.
    pub destination: String,
    /// Filesystem type; `bind` for bind mounts.
    #[serde(default, rename = "type", skip_serializing_if = "str::is_empty")]
    pub kind: Text,
    /// Device, name or host path.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub source: Text,
    /// As in fstab(5), with the specification's additions (`rbind`, `rro`, `idmap`, ...).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Text>,
}

/// config-linux.md.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Linux {
    /// Inside to outside, for users.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uid_mappings: Vec<IdMapping>,
    /// Inside to outside, for groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gid_mappings: Vec<IdMapping>,
    /// Those named are private or joined; the rest are the host's.
    pub namespaces: Vec<Namespace>,
    /// Device nodes beyond the default ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<Device>,
    /// Where the container's control group is made, below the runtime's own.
    pub cgroups_path: String,
    /// Limits.
    pub resources: Resources,
    /// The system call filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seccomp: Option<Seccomp>,
    /// Hidden.
    pub masked_paths: Vec<Text>,
    /// Made read-only.
    pub readonly_paths: Vec<Text>,
    /// Namespaced kernel parameters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctl: BTreeMap<String, String>,
}

/// config-linux.md "User namespace mappings".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdMapping {
    /// First id inside.
    #[serde(rename = "containerID")]
    pub container_id: u32,
    /// First id outside.
    #[serde(rename = "hostID")]
    pub host_id: u32,
    /// How many.
    pub size: u32,
}

/// config-linux.md "Namespaces".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// Which one.
    #[serde(rename = "type")]
    pub kind: NamespaceKind,
    /// An existing one to join; absent makes a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// The eight namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the kernel's own names")]
pub enum NamespaceKind {
    User,
    Pid,
    Mount,
    Ipc,
    Uts,
    Cgroup,
    Time,
    Network,
}

impl NamespaceKind {
    /// All eight.
    pub const ALL: [Self; 8] =
        [Self::User, Self::Pid, Self::Mount, Self::Ipc, Self::Uts, Self::Cgroup, Self::Time, Self::Network];

    /// The name under /proc/PID/ns.
    #[must_use]
    pub fn proc_name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Pid => "pid",
            Self::Mount => "mnt",
            Self::Ipc => "ipc",
            Self::Uts => "uts",
            Self::Cgroup => "cgroup",
            Self::Time => "time",
            Self::Network => "net",
        }
    }
}

/// config-linux.md "Devices".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Absolute, in the container.
    pub path: String,
    /// `c`, `b`, `u` or `p`.
    #[serde(rename = "type")]
    pub kind: Text,
    /// Major number.
    #[serde(default)]
    pub major: i64,
    /// Minor number.
    #[serde(default)]
    pub minor: i64,
    /// The host's node, absolute; empty where it has the same path. In a user namespace nodes cannot be
    /// made, so the host's is bound.
    #[serde(default, rename = "org.cofferdam.source", skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Permission bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_mode: Option<u32>,
}

/// config-linux.md "Control groups".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// Memory and swap.
    pub memory: MemoryLimits,
    /// CPU time and placement.
    pub cpu: CpuLimits,
    /// Processes and threads.
    pub pids: PidsLimit,
    /// Disks.
    #[serde(rename = "blockIO", skip_serializing_if = "BlockIo::is_empty")]
    pub block_io: BlockIo,
}

/// config-linux.md "Memory", bytes; -1 is unlimited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemoryLimits {
    /// Hard limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// Soft limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservation: Option<i64>,
    /// Memory and swap together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap: Option<i64>,
}

/// config-linux.md "CPU".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CpuLimits {
    /// Relative weight, 2 to 262144.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<u64>,
    /// Microseconds of CPU time in each period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<i64>,
    /// Length of a period, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<u64>,
    /// Which CPUs, `0-2,7`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cpus: String,
    /// Which memory nodes, likewise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mems: String,
}

/// config-linux.md "PIDs".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PidsLimit {
    /// Processes and threads; -1 is unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// config-linux.md "Block IO".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BlockIo {
    /// Relative weight, 10 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u16>,
    /// Bytes read each second.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub throttle_read_bps_device: Vec<ThrottleDevice>,
    /// Bytes written each second.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub throttle_write_bps_device: Vec<ThrottleDevice>,
    /// Reads each second.
    #[serde(rename = "throttleReadIOPSDevice", skip_serializing_if = "Vec::is_empty")]
    pub throttle_read_iops_device: Vec<ThrottleDevice>,
    /// Writes each second.
    #[serde(rename = "throttleWriteIOPSDevice", skip_serializing_if = "Vec::is_empty")]
    pub throttle_write_iops_device: Vec<ThrottleDevice>,
}

impl BlockIo {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A device and how much of it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThrottleDevice {
    /// Major number.
    pub major: i64,
    /// Minor number.
    pub minor: i64,
    /// Bytes or operations each second; 0 is unlimited.
    pub rate: u64,
}

/// config-linux.md "Seccomp".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seccomp {
    /// For calls that no rule names.
    pub default_action: SeccompAction,
    /// errno for [`SeccompAction::Errno`] as the default action; EPERM if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_errno_ret: Option<u32>,
    /// Rules; the first whose name and arguments match decides.
    #[serde(default)]
    pub syscalls: Vec<SeccompRule>,
}

/// One rule for one or more system calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeccompRule {
    /// Kernel names.
    pub names: Vec<Text>,
    /// What happens.
    pub action: SeccompAction,
    /// errno for [`SeccompAction::Errno`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno_ret: Option<u32>,
    /// All must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<SeccompArg>,
}

/// A condition on one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeccompArg {
    /// Which argument, from 0.
    pub index: u32,
    /// What it is compared with; the mask for [`SeccompOp::MaskedEqual`].
    pub value: u64,
    /// The value after masking.
    #[serde(default)]
    pub value_two: u64,
    /// How.
    pub op: SeccompOp,
}

/// What a filter answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "seccomp(2)'s own names")]
pub enum SeccompAction {
    #[serde(rename = "SCMP_ACT_ALLOW")]
    Allow,
    #[default]
    #[serde(rename = "SCMP_ACT_ERRNO")]
    Errno,
    #[serde(rename = "SCMP_ACT_KILL_PROCESS")]
    KillProcess,
    #[serde(rename = "SCMP_ACT_LOG")]
    Log,
}

/// How an argument is compared, unsigned, 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the specification's own names")]
pub enum SeccompOp {
    #[serde(rename = "SCMP_CMP_NE")]
    NotEqual,
    #[serde(rename = "SCMP_CMP_LT")]
    Less,
    #[serde(rename = "SCMP_CMP_LE")]
    LessOrEqual,
    #[serde(rename = "SCMP_CMP_EQ")]
    Equal,
    #[serde(rename = "SCMP_CMP_GE")]
    GreaterOrEqual,
    #[serde(rename = "SCMP_CMP_GT")]
    Greater,
    #[serde(rename = "SCMP_CMP_MASKED_EQ")]
    MaskedEqual,
}

/// What Cofferdam does beyond the OCI specification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hardening {
    /// The root filesystem is this overlay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay: Option<Overlay>,
    /// The only places of the root from which anything can be executed, bound read-only; empty where
    /// the root is mounted exec (`--mutable`).
    pub islands: Vec<Island>,
    /// Whether Landlock closes everything outside the root, and EXECUTE outside the islands.
    pub landlock: Landlock,
    /// `vm.memfd_noexec` of the pid namespace: 2 refuses executable memfds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memfd_noexec: Option<u8>,
    /// Files that the engine makes for this container and binds over the image's: `/etc/hosts`, ...
    pub files: Vec<InjectedFile>,
}

/// An overlay filesystem of image layers and one writable directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Overlay {
    /// Top layer first, as overlayfs wants them; absolute host paths.
    pub lower: Vec<String>,
    /// Where writes go.
    pub upper: String,
    /// overlayfs' scratch directory, on the same filesystem as `upper`.
    pub work: String,
    /// What happens to writes after a crash of the host.
    pub durability: OverlayDurability,
}

/// Whether overlayfs syncs the upper directory when it is unmounted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverlayDurability {
    /// It does.
    #[default]
    Synced,
    /// It does not: for containers that are removed when they end.
    Volatile,
}

/// A place from which programs may be executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Island {
    /// Absolute, in the container.
    pub path: String,
    /// A whole directory, or one file.
    pub kind: IslandKind,
}

/// What an island is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IslandKind {
    /// A directory and everything below.
    Directory,
    /// One file.
    File,
}

/// Whether Landlock is on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Landlock {
    /// Off (`--privileged`).
    #[default]
    Off,
    /// On; a kernel that cannot is a start that fails.
    Required,
}

/// A small file that the engine makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InjectedFile {
    /// Absolute, in the container.
    pub path: String,
    /// What is in it.
    pub content: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_s_names_are_used() {
        let spec = Spec { oci_version: "1.3.0".into(), ..Spec::default() };
        let json = serde_json::to_value(&spec).unwrap();
        assert_eq!(json["ociVersion"], "1.3.0");
        assert_eq!(json["process"]["noNewPrivileges"], false);
        assert_eq!(json["linux"]["maskedPaths"], serde_json::json!([]));
        let back: Spec = serde_json::from_value(json).unwrap();
        assert_eq!(back, spec);
    }

    #[test]
    fn a_spec_of_another_runtime_is_understood() {
        let text = r#"{"ociVersion":"1.0.2","process":{"user":{"uid":0,"gid":0},"args":["sh"],"cwd":"/"},
            "root":{"path":"rootfs"},"linux":{"namespaces":[{"type":"pid"}],"unknown":1},"hooks":{}}"#;
        let spec: Spec = serde_json::from_str(text).unwrap();
        assert_eq!(spec.linux.namespaces, [Namespace { kind: NamespaceKind::Pid, path: None }]);
    }
}
