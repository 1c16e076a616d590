//! The ids that a user may give away: subuid(5) and subgid(5), and the helpers that map them.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use launch::session::SessionMap;
use model::spec::IdMapping;

use crate::user::database;

/// Files larger than this are no list of ranges, in bytes.
const MAX_SIZE: u64 = 1 << 20;
/// The kernel takes at most 340 lines of a map (user_namespaces(7)); one is the user's own.
const MAX_RANGES: usize = 339;
/// Where distributions put the helpers.
const HELPER_DIRS: [&str; 3] = ["/usr/bin", "/bin", "/usr/local/bin"];

/// The ids of a user's session. Without subordinate ids, or without the helpers that may map them, there
/// is the user's own only.
pub(crate) fn session_map(uid: u32, gid: u32) -> SessionMap {
    let user = User::of(uid);
    let (uids, gids) = (user.ranges(SUBUID), user.ranges(SUBGID));
    let helpers = ["newuidmap", "newgidmap"].iter().all(|helper| find_helper(helper).is_some());
    if uids.is_empty() || gids.is_empty() || !helpers {
        return SessionMap::Single { uid, gid };
    }
    SessionMap::Subordinate { uids: mapping(uid, &uids), gids: mapping(gid, &gids) }
}

pub(super) const SUBUID: &str = "/etc/subuid";
/// Subordinate group ids are given to users too.
pub(super) const SUBGID: &str = "/etc/subgid";

/// The first id that distributions give away.
const FIRST: u32 = 100_000;

/// First host id, and how many.
pub(super) type Range = (u32, u32);

/// The user, as both files may call them.
pub(super) struct User {
    uid: u32,
    name: Option<String>,
}

impl User {
    pub(super) fn of(uid: u32) -> Self {
        let passwd = read("/etc/passwd").unwrap_or_default();
        let name = database::passwd(passwd.as_bytes()).find(|line| line.uid == uid);
        Self { uid, name: name.map(|line| line.name.to_owned()) }
    }

    pub(super) fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.uid.to_string())
    }

    pub(super) fn ranges(&self, file: &str) -> Vec<Range> {
        read(file).map(|text| ranges(&text, self.name.as_deref(), self.uid)).unwrap_or_default()
    }
}

/// Every range of the user: `name-or-uid:first:count`, a line each.
fn ranges(text: &str, name: Option<&str>, uid: u32) -> Vec<Range> {
    let range = |line: &str| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let (first, count): Range = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let theirs = Some(owner) == name || owner.parse() == Ok(uid);
        (theirs && count > 0 && first.checked_add(count).is_some()).then_some((first, count))
    };
    text.lines().filter_map(range).take(MAX_RANGES).collect()
}

/// The first id behind every range of the file, and not before 100000, where distributions begin: two users
/// with the same ids would own each other's containers.
pub(super) fn first_free(file: &str) -> u32 {
    read(file).map_or(FIRST, |text| behind_all(&text))
}

fn behind_all(text: &str) -> u32 {
    let end = |line: &str| {
        let mut fields = line.trim().split(':').skip(1);
        let (first, count): Range = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        first.checked_add(count)
    };
    text.lines().filter_map(end).fold(FIRST, u32::max)
}

/// `own` is root inside; the ranges follow from 1 on without gaps.
fn mapping(own: u32, ranges: &[Range]) -> Vec<IdMapping> {
    let mut next = 1_u32;
    let own = IdMapping { container_id: 0, host_id: own, size: 1 };
    let others = ranges.iter().map_while(|&(host_id, size)| {
        let mapping = IdMapping { container_id: next, host_id, size };
        next = next.checked_add(size)?;
        Some(mapping)
    });
    std::iter::once(own).chain(others).collect()
}

/// Where newuidmap(1) is, or another program of the host.
pub(super) fn find_helper(program: &str) -> Option<PathBuf> {
    HELPER_DIRS.iter().map(|dir| Path::new(dir).join(program)).find(|path| path.is_file())
}

fn read(path: &str) -> Option<String> {
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(MAX_SIZE).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_found_by_name_and_by_number() {
        let text = "# remark\nann:100000:65536\nbob:200000:65536\n1000:300000:10\nann:x:1\nann:5:0\n";
        assert_eq!(ranges(text, Some("ann"), 1000), [(100_000, 65_536), (300_000, 10)]);
        assert_eq!(ranges(text, None, 1000), [(300_000, 10)]);
        assert_eq!(ranges(text, Some("nobody"), 65_534), []);
    }

    #[test]
    fn nobody_is_offered_the_ids_of_others() {
        assert_eq!(behind_all(""), 100_000);
        assert_eq!(behind_all("ann:100000:65536\nbob:7:1\nnoise\n"), 165_536);
    }

    #[test]
    fn the_user_is_root_inside_and_the_ranges_follow() {
        let lines: Vec<_> = mapping(1000, &[(100_000, 65_536), (300_000, 10)])
            .iter()
            .map(|map| (map.container_id, map.host_id, map.size))
            .collect();
        assert_eq!(lines, [(0, 1000, 1), (1, 100_000, 65_536), (65_537, 300_000, 10)]);
    }

    #[test]
    fn root_has_a_name_and_nobody_s_number_is_shown() {
        assert_eq!(User::of(0).name(), "root");
        assert_eq!(User::of(u32::MAX).name(), u32::MAX.to_string());
    }

    proptest! {
        #[test]
        fn any_text_gives_ranges_without_overflow(text in "(ann:[0-9]{1,10}:[0-9]{1,10}\n){0,8}") {
            let maps = mapping(1000, &ranges(&text, Some("ann"), 1000));
            prop_assert!(maps.windows(2).all(|pair| pair[0].container_id + pair[0].size == pair[1].container_id));
        }
    }
}
