//! What must fit together in a specification, before anything of it is carried out.

use model::spec::{IdMapping, IntelRdt, NamespaceKind, Spec};
use rustix::fs::{Stat, stat};

use super::namespaces::private;
use super::sysctl;
use crate::error::LaunchError;
use crate::target::bit;

fn refuse<T>(what: &'static str, value: impl Into<String>, why: &'static str) -> Result<T, LaunchError> {
    Err(LaunchError::Spec { what, value: value.into(), why })
}

/// What a container is made of.
///
/// # Errors
/// [`LaunchError::Spec`] with the first thing that does not fit.
pub(super) fn container(spec: &Spec) -> Result<(), LaunchError> {
    namespaces(spec)?;
    names(spec)?;
    sysctl::check(spec)?;
    if spec.linux.intel_rdt.as_ref().is_some_and(|rdt| *rdt != IntelRdt::default()) {
        return refuse("property", "linux.intelRdt", "resctrl classes are not supported");
    }
    Ok(())
}

/// What a process in it is.
///
/// # Errors
/// As [`container`].
pub(super) fn process(spec: &Spec) -> Result<(), LaunchError> {
    maps(spec)?;
    if let Some(score) = spec.process.oom_score_adj.filter(|score| !(-1000..=1000).contains(score)) {
        return refuse("out-of-memory score", score.to_string(), "it goes from -1000 to 1000");
    }
    Ok(())
}

/// config-linux.md "Namespaces": a kind is named once.
fn namespaces(spec: &Spec) -> Result<(), LaunchError> {
    let named = &spec.linux.namespaces;
    let again = named
        .iter()
        .enumerate()
        .find(|(index, namespace)| named.iter().take(*index).any(|before| before.kind == namespace.kind));
    match again {
        Some((_, namespace)) => refuse("namespace", namespace.kind.proc_name(), "it is named twice"),
        None => Ok(()),
    }
}

/// A user namespace that is made has maps, in which whoever the process is can be found; no other has.
fn maps(spec: &Spec) -> Result<(), LaunchError> {
    let (uids, gids) = (&spec.linux.uid_mappings, &spec.linux.gid_mappings);
    let mapped = !uids.is_empty() || !gids.is_empty();
    match spec.linux.namespaces.iter().find(|namespace| namespace.kind == NamespaceKind::User) {
        None if mapped => refuse("id map", first(uids, gids), "it wants a user namespace"),
        Some(namespace) if namespace.path.is_some() && mapped => {
            refuse("id map", first(uids, gids), "the user namespace that is joined has one")
        }
        Some(namespace) if namespace.path.is_none() => {
            if uids.is_empty() || gids.is_empty() {
                return refuse("namespace", "user", "it wants a map of users and one of groups");
            }
            let user = &spec.process.user;
            covers("user", uids, [0, user.uid])?;
            covers("group", gids, [0, user.gid].into_iter().chain(user.additional_gids.iter().copied()))
        }
        _ => Ok(()),
    }
}

fn first(uids: &[IdMapping], gids: &[IdMapping]) -> String {
    uids.iter()
        .chain(gids)
        .next()
        .map_or_else(String::new, |map| format!("{} {}", map.container_id, map.size))
}

fn covers(
    what: &'static str,
    maps: &[IdMapping],
    ids: impl IntoIterator<Item = u32>,
) -> Result<(), LaunchError> {
    let covered = |id: u32| {
        maps.iter().any(|map| id.checked_sub(map.container_id).is_some_and(|offset| offset < map.size))
    };
    match ids.into_iter().find(|id| !covered(*id)) {
        Some(id) => refuse(what, id.to_string(), "the user namespace has no such id in its map"),
        None => Ok(()),
    }
}

/// Names are for a namespace of the container's own, and no longer than the kernel's.
fn names(spec: &Spec) -> Result<(), LaunchError> {
    for (what, name) in [("host name", &spec.hostname), ("domain name", &spec.domainname)] {
        if name.is_empty() {
            continue;
        }
        if !private(spec, NamespaceKind::Uts) {
            return refuse(what, name, "the container has no uts namespace of its own");
        }
        if name.len() > 64 {
            return refuse(what, name, "it is longer than 64 bytes");
        }
    }
    Ok(())
}

/// Whether the container has a namespace of this kind that is not ours, as one that is joined may be.
pub(super) fn has_own(spec: &Spec, kind: NamespaceKind) -> Result<bool, LaunchError> {
    let Some(namespace) = spec.linux.namespaces.iter().find(|namespace| namespace.kind == kind) else {
        return Ok(false);
    };
    let Some(path) = &namespace.path else { return Ok(true) };
    let identity = |stat: Stat| (stat.st_dev, stat.st_ino);
    let ours = format!("/proc/thread-self/ns/{}", kind.proc_name());
    let look =
        |path: &str| stat(path).map(identity).map_err(LaunchError::host("look at the namespace", path));
    Ok(look(path)? != look(&ours)?)
}

/// Those of `namespaces` (bits of the clone) that this kernel does not have, for a message.
pub(crate) fn missing(namespaces: u64) -> String {
    missing_but(namespaces, |kind| stat(format!("/proc/self/ns/{}", kind.proc_name())).is_ok())
}

fn missing_but(namespaces: u64, has: impl Fn(NamespaceKind) -> bool) -> String {
    let wanted = NamespaceKind::ALL.into_iter().filter(|kind| namespaces & bit(*kind) != 0);
    wanted.filter(|kind| !has(*kind)).map(NamespaceKind::proc_name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::spec::{Namespace, User};

    const MAP: IdMapping = IdMapping { container_id: 0, host_id: 100_000, size: 1000 };

    fn of_user_namespace() -> Spec {
        let mut spec = Spec::default();
        spec.linux.namespaces = vec![Namespace { kind: NamespaceKind::User, path: None }];
        spec.linux.uid_mappings = vec![MAP];
        spec.linux.gid_mappings = vec![MAP];
        spec
    }

    fn refused(change: impl FnOnce(&mut Spec)) -> String {
        let mut spec = of_user_namespace();
        change(&mut spec);
        container(&spec)
            .and_then(|()| process(&spec))
            .map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn what_fits_together_is_taken() {
        assert_eq!(refused(|_| {}), "");
        assert_eq!(refused(|spec| spec.linux.intel_rdt = Some(IntelRdt::default())), "");
    }

    #[test]
    fn maps_and_their_namespace_belong_together() {
        assert!(refused(|spec| spec.linux.namespaces.clear()).contains("wants a user namespace"));
        assert!(refused(|spec| spec.linux.gid_mappings.clear()).contains("one of groups"));
        let path = Some("/proc/1/ns/user".to_owned());
        assert!(refused(|spec| spec.linux.namespaces[0].path = path).contains("that is joined has one"));
    }

    #[test]
    fn the_process_s_ids_are_in_the_maps() {
        let user =
            |uid, gid, groups: &[u32]| User { uid, gid, additional_gids: groups.to_vec(), ..User::default() };
        assert!(refused(|spec| spec.process.user = user(1000, 0, &[])).starts_with("invalid user `1000`"));
        assert!(refused(|spec| spec.process.user = user(0, 1000, &[])).starts_with("invalid group `1000`"));
        assert!(refused(|spec| spec.process.user = user(0, 0, &[5, 2000])).contains("`2000`"));
        assert!(refused(|spec| spec.linux.uid_mappings[0].container_id = 1).starts_with("invalid user `0`"));
    }

    #[test]
    fn a_name_wants_its_namespace_and_a_namespace_is_named_once() {
        assert!(refused(|spec| spec.hostname = "web".into()).contains("no uts namespace"));
        assert!(refused(|spec| spec.domainname = "lan".into()).contains("invalid domain name `lan`"));
        assert!(
            refused(|spec| spec.linux.namespaces.push(spec.linux.namespaces[0].clone())).contains("twice")
        );
    }

    #[test]
    fn what_cannot_be_done_is_never_ignored() {
        let class = IntelRdt { clos_id: "fast".into(), ..IntelRdt::default() };
        assert!(refused(|spec| spec.linux.intel_rdt = Some(class)).contains("linux.intelRdt"));
        assert!(refused(|spec| spec.process.oom_score_adj = Some(1001)).contains("-1000 to 1000"));
    }

    #[test]
    fn a_namespace_that_the_kernel_lacks_is_named() {
        let all = NamespaceKind::ALL.into_iter().fold(0, |bits, kind| bits | bit(kind));
        assert_eq!(missing(all), "", "this kernel has all of them");
        let old = |kind| !matches!(kind, NamespaceKind::Time | NamespaceKind::Cgroup);
        assert_eq!(missing_but(all, old), "cgroup, time");
        assert_eq!(missing_but(bit(NamespaceKind::User), old), "");
    }
}
