//! config-linux.md "Sysctl": settings of the kernel that belong to the container's own namespaces.

use std::ffi::{CStr, CString};

use model::spec::{NamespaceKind, Spec};

use super::checks::has_own;
use super::path::cstring;
use crate::error::LaunchError;

/// Settings of an ipc namespace (ipc_namespaces(7)), but for those of `fs.mqueue`.
const IPC: [&str; 8] = ["msgmax", "msgmnb", "msgmni", "sem", "shm_rmid_forced", "shmall", "shmmax", "shmmni"];

/// Each setting as a path below /proc, and its value.
pub(super) fn settings(spec: &Spec) -> Result<Vec<(CString, String)>, LaunchError> {
    let setting = |(name, value): (&String, &String)| {
        let parts = parts(name).ok_or_else(|| refused(name, "names are words separated by dots"))?;
        Ok((cstring("sysctl", &format!("sys/{}", parts.join("/")))?, value.clone()))
    };
    spec.linux.sysctl.iter().map(setting).collect()
}

/// Whether each belongs to a namespace of the container's own.
pub(super) fn check(spec: &Spec) -> Result<(), LaunchError> {
    for name in spec.linux.sysctl.keys() {
        let kind = namespace(&parts(name).unwrap_or_default()).map_err(|why| refused(name, why))?;
        if !has_own(spec, kind)? {
            return Err(refused(name, "the container has no namespace of its own that it belongs to"));
        }
    }
    Ok(())
}

fn refused(name: &str, why: &'static str) -> LaunchError {
    LaunchError::Spec { what: "sysctl", value: name.to_owned(), why }
}

/// The directories and the file. Whichever of `.` and `/` comes first in a name parts it, and the other
/// stands for a dot within a part (sysctl.d(5)): `net.ipv4.conf.eth0/100.forwarding`, or
/// `net/ipv4/conf/eth0.100/forwarding`.
fn parts(name: &str) -> Option<Vec<String>> {
    let separator = name.chars().find(|letter| matches!(letter, '.' | '/')).unwrap_or('.');
    let valid = |part: &str| {
        !matches!(part, "" | "." | "..") && part.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
    };
    let parts: Vec<_> = name.split(separator).map(|part| part.replace('/', ".")).collect();
    parts.iter().all(|part| valid(part)).then_some(parts)
}

/// The namespace that a setting belongs to, or why it may not be set.
fn namespace(parts: &[String]) -> Result<NamespaceKind, &'static str> {
    let parts: Vec<_> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["net", _, ..] => Ok(NamespaceKind::Network),
        ["fs", "mqueue", _] => Ok(NamespaceKind::Ipc),
        ["kernel", name] if IPC.contains(name) => Ok(NamespaceKind::Ipc),
        ["kernel", "domainname"] => Ok(NamespaceKind::Uts),
        ["kernel", "hostname"] => Err("the specification's `hostname` is for that"),
        ["user", _] => Ok(NamespaceKind::User),
        _ => Err("it is the whole host's"),
    }
}

/// The name that a path below /proc came from.
pub(crate) fn sysctl_name(path: &CStr) -> String {
    let path = path.to_string_lossy();
    let turned = |letter| match letter {
        '/' => '.',
        '.' => '/',
        other => other,
    };
    path.strip_prefix("sys/").unwrap_or(&path).chars().map(turned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::spec::Namespace;
    use proptest::prelude::*;

    fn of(name: &str, kinds: &[NamespaceKind]) -> Option<String> {
        let mut spec = Spec::default();
        spec.linux.namespaces = kinds.iter().map(|kind| Namespace { kind: *kind, path: None }).collect();
        spec.linux.sysctl.insert(name.to_owned(), "1".to_owned());
        check(&spec).ok()?;
        settings(&spec).ok()?.first().map(|(path, _)| path.to_str().unwrap().to_owned())
    }

    #[test]
    fn both_separators_are_read() {
        let path = Some("sys/net/ipv4/conf/eth0.100/forwarding".to_owned());
        assert_eq!(of("net.ipv4.conf.eth0/100.forwarding", &[NamespaceKind::Network]), path);
        assert_eq!(of("net/ipv4/conf/eth0.100/forwarding", &[NamespaceKind::Network]), path);
        assert_eq!(
            sysctl_name(c"sys/net/ipv4/conf/eth0.100/forwarding"),
            "net.ipv4.conf.eth0/100.forwarding"
        );
    }

    #[test]
    fn a_sysctl_cannot_leave_proc_sys() {
        for name in ["", "net", "net..x", "net.../../core_pattern", "net/../kernel/core_pattern", "net.a\0b"]
        {
            assert_eq!(of(name, &NamespaceKind::ALL), None, "{name}");
        }
    }

    #[test]
    fn a_setting_needs_its_own_namespace() {
        use NamespaceKind::{Ipc, Network, User, Uts};
        for (name, kind) in [
            ("net.ipv4.ping_group_range", Network),
            ("kernel.shmmax", Ipc),
            ("fs.mqueue.msg_max", Ipc),
            ("kernel.domainname", Uts),
            ("user.max_user_namespaces", User),
        ] {
            assert!(of(name, &[kind]).is_some(), "{name}");
            let others: Vec<_> = NamespaceKind::ALL.into_iter().filter(|other| *other != kind).collect();
            assert_eq!(of(name, &others), None, "{name}");
        }
        for name in ["kernel.hostname", "kernel.core_pattern", "vm.overcommit_memory", "fs.file-max"] {
            assert_eq!(of(name, &NamespaceKind::ALL), None, "{name}");
        }
    }

    #[test]
    fn a_namespace_of_the_host_that_is_joined_is_not_its_own() {
        let mut spec = Spec::default();
        let path = Some("/proc/self/ns/net".to_owned());
        spec.linux.namespaces = vec![Namespace { kind: NamespaceKind::Network, path }];
        spec.linux.sysctl.insert("net.ipv4.ip_forward".to_owned(), "1".to_owned());
        assert!(check(&spec).is_err());
    }

    proptest! {
        #[test]
        fn no_name_leaves_its_directory(name in "[a-z./]{0,40}") {
            if let Some(path) = of(&name, &NamespaceKind::ALL) {
                prop_assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{}", path);
            }
        }
    }
}
