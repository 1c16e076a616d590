//! The two processes of a command: a user's session with their subordinate ids, from subuid(5) and
//! subgid(5), and the one that waits while a terminal may be left.

use std::io::Read as _;
use std::os::fd::{IntoRawFd as _, OwnedFd};
use std::path::Path;

use engine::session::{SessionMap, enter, stay_behind};
use engine::site::Invoker;
use engine::{Detach, DetachKeys, EngineError};
use model::spec::IdMapping;

use crate::errors::Failure;

/// Files larger than this are no list of ranges.
const MOST_BYTES: u64 = 1 << 20;

/// The kernel takes at most 340 lines of a map (user_namespaces(7)); one is the user's own.
const MOST_RANGES: usize = 339;

/// Where distributions put the set-user-id helpers.
const HELPERS: [&str; 2] = ["/usr/bin/newuidmap", "/usr/bin/newgidmap"];

/// A user's process goes on inside a user namespace of theirs, so that root over their own ids is all
/// that the rest has to know. The process outside waits and passes on how this one ends; a byte through
/// what is returned lets it go before. For root there is nothing to enter, and nobody outside.
pub(crate) fn begin(invoker: Invoker) -> Result<Option<OwnedFd>, Failure> {
    match invoker {
        Invoker::Root => Ok(None),
        Invoker::Rootless { uid, gid } => Ok(Some(enter(&map(uid, gid)).map_err(EngineError::from)?)),
    }
}

/// How the container's terminal can be left: by `keys`, after which only this process goes on. For root
/// the process that waits is made here.
pub(crate) fn detachable(keys: DetachKeys, outside: Option<OwnedFd>) -> Result<Detach, Failure> {
    let release = match outside {
        Some(release) => release,
        None => stay_behind().map_err(EngineError::from)?,
    };
    Ok(Detach::Through { keys, release })
}

/// For commands that nobody leaves: the pipe stays open until this process ends, since the one outside
/// listens to it.
pub(crate) fn hold(outside: Option<OwnedFd>) {
    let _until_we_end = outside.map(OwnedFd::into_raw_fd);
}

/// Without subordinate ids, or without the helpers that may map them, there is the user's own id only.
fn map(uid: u32, gid: u32) -> SessionMap {
    let name = read("/etc/passwd").and_then(|passwd| name_of(&passwd, uid));
    let ranges = |file| read(file).map(|text| subordinate(&text, name.as_deref(), uid)).unwrap_or_default();
    let (uids, gids) = (ranges("/etc/subuid"), ranges("/etc/subgid"));
    if uids.is_empty() || gids.is_empty() || !HELPERS.iter().all(|helper| Path::new(helper).exists()) {
        return SessionMap::Single { uid, gid };
    }
    SessionMap::Subordinate { uids: mapping(uid, &uids), gids: mapping(gid, &gids) }
}

/// `own` is root inside; the ranges follow from 1 on without gaps.
fn mapping(own: u32, ranges: &[(u32, u32)]) -> Vec<IdMapping> {
    let mut next = 1u32;
    let own = IdMapping { container_id: 0, host_id: own, size: 1 };
    let others = ranges.iter().map_while(|&(host_id, size)| {
        let mapping = IdMapping { container_id: next, host_id, size };
        next = next.checked_add(size)?;
        Some(mapping)
    });
    std::iter::once(own).chain(others).collect()
}

/// Every range of the user: `name-or-uid:first:count`, a line each. Subordinate group ids are given to
/// users too.
fn subordinate(text: &str, name: Option<&str>, uid: u32) -> Vec<(u32, u32)> {
    let range = |line: &str| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let (first, count): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let theirs = Some(owner) == name || owner.parse() == Ok(uid);
        (theirs && count > 0 && first.checked_add(count).is_some()).then_some((first, count))
    };
    text.lines().filter_map(range).take(MOST_RANGES).collect()
}

/// passwd(5): `name:password:uid:...`
fn name_of(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

fn read(path: &str) -> Option<String> {
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_are_found_by_name_and_by_number() {
        let text = "# remark\nann:100000:65536\nbob:200000:65536\n1000:300000:10\nann:x:1\nann:5:0\n";
        assert_eq!(subordinate(text, Some("ann"), 1000), [(100_000, 65_536), (300_000, 10)]);
        assert_eq!(subordinate(text, None, 1), []);
        assert_eq!(name_of("root:x:0:0:\nann:x:1000:1000:\n", 1000).as_deref(), Some("ann"));
    }

    #[test]
    fn the_user_is_root_inside_and_the_ranges_follow() {
        let lines: Vec<_> = mapping(1000, &[(100_000, 65_536), (300_000, 10)])
            .iter()
            .map(|map| (map.container_id, map.host_id, map.size))
            .collect();
        assert_eq!(lines, [(0, 1000, 1), (1, 100_000, 65_536), (65_537, 300_000, 10)]);
    }

    proptest! {
        #[test]
        fn any_text_gives_ranges_without_overflow(text in "(ann:[0-9]{1,10}:[0-9]{1,10}\n){0,8}") {
            let ranges = subordinate(&text, Some("ann"), 1000);
            let maps = mapping(1000, &ranges);
            prop_assert!(maps.windows(2).all(|pair| pair[0].container_id + pair[0].size == pair[1].container_id));
        }
    }
}
