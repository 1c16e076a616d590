//! `features`: what this build can carry out, for engines that ask before they hand over a specification
//! (features.md, features-linux.md). Every list is made from what the code goes by.

use std::collections::BTreeMap;

use model::spec::{NamespaceKind, SeccompAction, SeccompOp};
use serde::Serialize;

use super::{Command, Outcome, print};
use crate::globals::Globals;
use crate::json;
use crate::options::{Given, OptionsEnd};
use crate::state::OCI_VERSION;

pub(crate) const COMMAND: Command = Command {
    name: "features",
    arguments: "",
    about: "print what this build can carry out, as JSON",
    options: &[],
    end: OptionsEnd::Nowhere,
    examples: &["features"],
    run,
};

/// Every 1.x is understood.
const OLDEST: &str = "1.0.0";

const HOOKS: [&str; 6] =
    ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

/// Annotations that change how a container is made.
const ANNOTATIONS: [&str; 1] = ["org.systemd.property."];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Features {
    oci_version_min: &'static str,
    oci_version_max: &'static str,
    hooks: [&'static str; 6],
    mount_options: Vec<String>,
    linux: Linux,
    annotations: BTreeMap<&'static str, &'static str>,
    potentially_unsafe_config_annotations: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Linux {
    namespaces: Vec<NamespaceKind>,
    capabilities: Vec<String>,
    cgroup: Cgroup,
    seccomp: Seccomp,
    apparmor: Switch,
    selinux: Switch,
    intel_rdt: Switch,
    memory_policy: MemoryPolicy,
    mount_extensions: MountExtensions,
    net_devices: Switch,
}

#[derive(Serialize)]
struct Switch {
    enabled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cgroup {
    v1: bool,
    v2: bool,
    systemd: bool,
    systemd_user: bool,
    rdma: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seccomp {
    enabled: bool,
    actions: Vec<SeccompAction>,
    operators: Vec<SeccompOp>,
    archs: Vec<String>,
    known_flags: Vec<&'static str>,
    supported_flags: Vec<&'static str>,
}

#[derive(Serialize)]
struct MemoryPolicy {
    modes: Vec<&'static str>,
    flags: Vec<&'static str>,
}

#[derive(Serialize)]
struct MountExtensions {
    idmap: Switch,
}

const ON: Switch = Switch { enabled: true };
const OFF: Switch = Switch { enabled: false };

fn run(_: &Globals, given: &Given) -> Outcome {
    match given.arguments.first() {
        None => print(&json::pretty(&features())),
        Some(other) => Err(given.wrong(format!("`{other}` is one argument too many"))),
    }
}

fn features() -> Features {
    Features {
        oci_version_min: OLDEST,
        oci_version_max: OCI_VERSION,
        hooks: HOOKS,
        mount_options: launch::mount_options(),
        linux: linux(),
        annotations: BTreeMap::from([
            ("org.cofferdam.version", env!("CARGO_PKG_VERSION")),
            ("org.opencontainers.runc.checkpoint.enabled", "false"),
        ]),
        potentially_unsafe_config_annotations: ANNOTATIONS,
    }
}

fn linux() -> Linux {
    Linux {
        namespaces: NamespaceKind::ALL.to_vec(),
        capabilities: launch::features::capabilities().collect(),
        cgroup: Cgroup { v1: true, v2: true, systemd: true, systemd_user: true, rdma: true },
        seccomp: Seccomp {
            enabled: true,
            actions: SeccompAction::ALL.to_vec(),
            operators: SeccompOp::ALL.to_vec(),
            archs: launch::seccomp::architectures().collect(),
            known_flags: launch::seccomp::flags().map(|(name, _)| name).collect(),
            supported_flags: launch::seccomp::flags()
                .filter(|(_, supported)| *supported)
                .map(|(name, _)| name)
                .collect(),
        },
        apparmor: ON,
        selinux: ON,
        intel_rdt: OFF,
        memory_policy: MemoryPolicy {
            modes: launch::features::memory_policy_modes().collect(),
            flags: launch::features::memory_policy_flags().collect(),
        },
        mount_extensions: MountExtensions { idmap: ON },
        net_devices: ON,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use launch::cgroup::{Location, Manager};
    use model::spec::{Hook, Hooks};
    use serde_json::Value;

    use super::*;

    fn shown() -> Value {
        serde_json::from_str(&json::pretty(&features())).unwrap()
    }

    /// A point that the specification gains is not forgotten here.
    #[test]
    fn the_points_of_hooks_are_those_that_are_read() {
        let one = vec![Hook::default()];
        let hooks = Hooks {
            prestart: one.clone(),
            create_runtime: one.clone(),
            create_container: one.clone(),
            start_container: one.clone(),
            poststart: one.clone(),
            poststop: one,
        };
        let read = serde_json::to_value(hooks).unwrap();
        let read: BTreeSet<&str> = read.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(read, BTreeSet::from(HOOKS));
    }

    #[test]
    fn names_are_the_specification_s() {
        let shown = shown();
        let seccomp = &shown["linux"]["seccomp"];
        let has = |list: &Value, word: &str| list.as_array().unwrap().contains(&word.into());
        assert!(has(&shown["linux"]["namespaces"], "network"));
        assert!(has(&shown["linux"]["capabilities"], "CAP_CHECKPOINT_RESTORE"));
        assert!(has(&shown["mountOptions"], "rro") && has(&shown["mountOptions"], "idmap"));
        assert!(has(&seccomp["actions"], "SCMP_ACT_NOTIFY"));
        assert!(has(&seccomp["operators"], "SCMP_CMP_MASKED_EQ"));
        assert!(has(&seccomp["archs"], "SCMP_ARCH_X86_64"));
        assert!(has(&seccomp["knownFlags"], "SECCOMP_FILTER_FLAG_LOG"));
        assert!(has(&shown["linux"]["memoryPolicy"]["modes"], "MPOL_BIND"));
        assert_eq!(shown["linux"]["intelRdt"]["enabled"], false);
        assert_eq!(shown["linux"]["mountExtensions"]["idmap"]["enabled"], true);
        assert_eq!((&shown["ociVersionMin"], &shown["ociVersionMax"]), (&"1.0.0".into(), &"1.3.0".into()));
    }

    /// Of all annotations only these do anything.
    #[test]
    fn annotations_with_a_meaning_are_told() {
        let [prefix] = ANNOTATIONS;
        let name = format!("{prefix}CollectMode");
        let annotation = BTreeMap::from([(name, "no GVariant".to_owned())]);
        let unit = || Location::of("system.slice:a:b", "b", Manager::Systemd).unwrap();
        assert!(unit().annotated(&annotation).is_err());
        let other = BTreeMap::from([("org.cofferdam.other".to_owned(), "no GVariant".to_owned())]);
        assert!(unit().annotated(&other).is_ok());
    }
}
