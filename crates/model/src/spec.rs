//! The OCI runtime specification 1.3 for Linux: what `policy` writes and `launch` carries out.
//!
//! Field for field the specification's own JSON (config.md, config-linux.md), so that the spec of a
//! container can be read, diffed and run by any OCI tool. What Cofferdam does beyond the specification
//! is [`Hardening`], an extra top-level property, which the specification's "Extensibility" section
//! obliges other runtimes to ignore.

mod process;
mod linux;
mod resources;
mod seccomp;
mod hardening;
mod masks;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use hardening::{
    Hardening, InjectedFile, Island, IslandKind, Landlock, Overlay, OverlayDurability, SecretFile,
};
pub use linux::{
    Device, IdMapping, IntelRdt, Linux, MemoryPolicy, Namespace, NamespaceKind, NetDevice, Personality,
    TimeOffset,
};
pub use masks::{MASKED_PATHS, READ_ONLY_PATHS};
pub use process::{Capabilities, ConsoleSize, CpuAffinity, IoPriority, Process, Rlimit, Scheduler, User};
pub use resources::{
    BlockIo, CpuLimits, DeviceRule, HugepageLimit, InterfacePriority, MemoryLimits, NetworkMarks, PidsLimit,
    RdmaLimit, Resources, ThrottleDevice, WeightDevice,
};
pub use seccomp::{Seccomp, SeccompAction, SeccompArg, SeccompOp, SeccompRule};

/// Text that is usually one of our own constants.
pub type Text = Cow<'static, str>;

/// A container, as an OCI runtime sees it (config.md).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    /// Version of the specification.
    pub oci_version: Text,
    /// What runs.
    #[serde(default)]
    pub process: Process,
    /// Where it lives.
    #[serde(default)]
    pub root: Root,
    /// UTS host name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hostname: String,
    /// UTS domain name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub domainname: String,
    /// In order; later ones may lie on top of earlier ones.
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// Programs of the host that take part in its life.
    #[serde(default, skip_serializing_if = "Hooks::is_empty")]
    pub hooks: Hooks,
    /// Free text for people and tools.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Everything that only Linux has.
    #[serde(default)]
    pub linux: Linux,
    /// What Cofferdam does beyond the specification.
    #[serde(default, rename = "org.cofferdam.hardening", skip_serializing_if = "Option::is_none")]
    pub hardening: Option<Hardening>,
}

/// config.md "Root".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Root {
    /// The bundle's root filesystem; unused where [`Hardening::overlay`] makes one.
    pub path: String,
    /// Whether the container may not write to it.
    pub readonly: bool,
}

/// config.md "Mounts".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Mount {
    /// Absolute, in the container.
    pub destination: String,
    /// Filesystem type; `bind` for bind mounts.
    #[serde(rename = "type", skip_serializing_if = "str::is_empty")]
    pub kind: Text,
    /// Device, name or host path.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub source: Text,
    /// As in fstab(5), with the specification's additions (`rbind`, `rro`, `idmap`, ...).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Text>,
    /// For `idmap`: owners on disk to owners in the container's user namespace; its own map where empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uid_mappings: Vec<IdMapping>,
    /// Likewise for groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gid_mappings: Vec<IdMapping>,
    /// What an overlay of the engine's layers is made of; its owners are seen as the container's. In a user
    /// namespace nobody could mount it.
    #[serde(rename = "org.cofferdam.overlay", skip_serializing_if = "Option::is_none")]
    pub overlay: Option<Overlay>,
}

/// config.md "POSIX-platform Hooks".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hooks {
    /// On the host, once the namespaces are there; deprecated in favour of the next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prestart: Vec<Hook>,
    /// On the host, once the namespaces are there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub create_runtime: Vec<Hook>,
    /// In the container's namespaces, before its root is the root.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub create_container: Vec<Hook>,
    /// In the container, before its program.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub start_container: Vec<Hook>,
    /// On the host, after its program was started.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub poststart: Vec<Hook>,
    /// On the host, after it was deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub poststop: Vec<Hook>,
}

impl Hooks {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A program that takes part in a container's life; it reads the container's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hook {
    /// Absolute.
    pub path: String,
    /// Its name first, as in execv(3).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// `NAME=value`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Seconds until it is killed, and has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
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
