//! config-linux.md "Seccomp".

use serde::{Deserialize, Serialize};

use super::Text;

/// config-linux.md "Seccomp".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seccomp {
    /// For calls that no rule names.
    pub default_action: SeccompAction,
    /// errno for [`SeccompAction::Errno`] as the default action; EPERM if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_errno_ret: Option<u32>,
    /// `SCMP_ARCH_X86`, ...: those whose calls it judges beside this machine's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<Text>,
    /// `SECCOMP_FILTER_FLAG_LOG`, ...
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Text>,
    /// The Unix socket of whoever answers for [`SeccompAction::Notify`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub listener_path: String,
    /// What they are told besides.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub listener_metadata: String,
    /// Rules; of those whose name and arguments match, the strictest decides.
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
    /// errno for [`SeccompAction::Errno`], the message for [`SeccompAction::Trace`].
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
    #[serde(rename = "SCMP_ACT_KILL_THREAD", alias = "SCMP_ACT_KILL")]
    KillThread,
    #[serde(rename = "SCMP_ACT_LOG")]
    Log,
    #[serde(rename = "SCMP_ACT_NOTIFY")]
    Notify,
    #[serde(rename = "SCMP_ACT_TRACE")]
    Trace,
    #[serde(rename = "SCMP_ACT_TRAP")]
    Trap,
}

impl SeccompAction {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Allow,
        Self::Errno,
        Self::KillProcess,
        Self::KillThread,
        Self::Log,
        Self::Notify,
        Self::Trace,
        Self::Trap,
    ];
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

impl SeccompOp {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Equal,
        Self::GreaterOrEqual,
        Self::Greater,
        Self::LessOrEqual,
        Self::Less,
        Self::MaskedEqual,
        Self::NotEqual,
    ];
}
