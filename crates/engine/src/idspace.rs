//! Which ids a container has: a range of the host's for root, the session's own for a user.

use model::request::{HostNamespace, RunRequest};
use model::spec::IdMapping;

use crate::error::EngineError;
use crate::site::Invoker;
use crate::state::{IdRange, Ids};

/// The ids of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdSpace {
    /// Inside to outside, for users and groups alike; empty with the host's user namespace.
    pub(crate) map: Vec<IdMapping>,
}

impl IdSpace {
    /// The whole range, or the identity where nothing was reserved.
    pub(crate) fn new(request: &RunRequest, range: Option<IdRange>) -> Result<Self, EngineError> {
        Ok(Self {
            map: match range {
                Some(IdRange { first, size }) => vec![IdMapping { container_id: 0, host_id: first, size }],
                None if shares_users(request) => Vec::new(),
                None => session()?,
            },
        })
    }

    /// How many ids there are, from 0.
    pub(crate) fn size(&self) -> u32 {
        if self.map.is_empty() { u32::MAX } else { total(&self.map) }
    }

    /// What an id of the container is to us.
    pub(crate) fn outside(&self, id: u32) -> u32 {
        self.map.first().map_or(id, |map| map.host_id.saturating_add(id))
    }

    /// What an id of ours is in the container; `None` if it has none there.
    pub(crate) fn inside(&self, id: u32) -> Option<u32> {
        if self.map.is_empty() {
            return Some(id);
        }
        let inside = |map: &IdMapping| {
            let offset = id.checked_sub(map.host_id)?;
            (offset < map.size).then(|| map.container_id.saturating_add(offset))
        };
        self.map.iter().find_map(inside)
    }

    /// Whether the container's ids are not ours, so that files need a shifted view.
    pub(crate) fn is_shifted(&self) -> bool {
        self.map.first().is_some_and(|map| map.host_id != 0)
    }
}

/// Whether a range has to be reserved for the request.
pub(crate) fn choice(request: &RunRequest, invoker: Invoker) -> Ids {
    match invoker {
        Invoker::Root if !shares_users(request) => Ids::Own,
        Invoker::Root | Invoker::Rootless { .. } => Ids::Invoker,
    }
}

fn shares_users(request: &RunRequest) -> bool {
    request.host_namespaces.contains(&HostNamespace::User)
}

/// How many ids from 0 on exist in our own user namespace.
pub(crate) fn session_size() -> Result<u32, EngineError> {
    Ok(total(&session()?))
}

fn total(map: &[IdMapping]) -> u32 {
    map.iter().fold(0, |sum, line| sum.saturating_add(line.size))
}

/// All ids of our own user namespace, each as itself.
fn session() -> Result<Vec<IdMapping>, EngineError> {
    let read = |path| std::fs::read_to_string(path).map_err(EngineError::io("read the id map"));
    Ok(identity(&read("/proc/self/uid_map")?, &read("/proc/self/gid_map")?))
}

/// The ids that are both users and groups, up to the first gap. The kernel takes a line of a map only
/// if a single line of the parent's holds all of it (user_namespaces(7)), so ours end where those end.
fn identity(uids: &str, gids: &str) -> Vec<IdMapping> {
    let (uids, gids) = (ends(uids), ends(gids));
    let last = uids.last().min(gids.last()).copied().unwrap_or(0);
    let mut cuts: Vec<u32> = uids.into_iter().chain(gids).filter(|end| *end <= last).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    starts
        .zip(&cuts)
        .map(|(first, end)| IdMapping { container_id: first, host_id: first, size: end - first })
        .collect()
}

/// Where the lines of a map end that follow each other from 0 on.
fn ends(map: &str) -> Vec<u32> {
    let line = |line: &str| -> Option<(u32, u32)> {
        let mut fields = line.split_ascii_whitespace();
        Some((fields.next()?.parse().ok()?, fields.nth(1)?.parse().ok()?))
    };
    let mut lines: Vec<(u32, u32)> = map.lines().filter_map(line).filter(|(_, size)| *size > 0).collect();
    lines.sort_unstable();
    let mut next = 0u32;
    let follows = |(first, size): (u32, u32)| {
        next = (first == next).then(|| next.saturating_add(size))?;
        Some(next)
    };
    lines.into_iter().map_while(follows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(uids: &str, gids: &str) -> Vec<(u32, u32)> {
        let map = identity(uids, gids);
        assert!(map.iter().all(|line| line.container_id == line.host_id));
        map.iter().map(|line| (line.host_id, line.size)).collect()
    }

    #[test]
    fn a_session_s_ids_are_taken_up_to_the_first_gap() {
        assert_eq!(lines("0 1000 1\n", "0 1000 1\n"), [(0, 1)]);
        assert_eq!(lines("0 0 4294967295\n", "0 0 4294967295\n"), [(0, u32::MAX)]);
        assert_eq!(lines("0 1 10\n20 30 5\n", "0 1 30\n"), [(0, 10)]);
        assert_eq!(lines("", "0 1 30\n"), []);
    }

    #[test]
    fn no_line_goes_beyond_a_line_of_the_session() {
        let map = "         0       1000          1\n         1     100000      65536\n";
        assert_eq!(lines(map, map), [(0, 1), (1, 65_536)]);
        assert_eq!(lines(map, "0 1000 1\n1 100000 9\n10 200000 9\n"), [(0, 1), (1, 9), (10, 9)]);
    }

    #[test]
    fn a_range_shifts_ids_and_the_host_s_namespace_does_not() {
        let request = RunRequest::default();
        let space = IdSpace::new(&request, Some(IdRange { first: 1000, size: 10 })).unwrap();
        assert_eq!((space.size(), space.outside(3), space.is_shifted()), (10, 1003, true));
        assert_eq!((space.inside(1003), space.inside(3), space.inside(1010)), (Some(3), None, None));
        let shared = RunRequest { host_namespaces: vec![HostNamespace::User], ..request };
        let space = IdSpace::new(&shared, None).unwrap();
        assert_eq!((space.size(), space.outside(3), space.is_shifted()), (u32::MAX, 3, false));
        assert_eq!(choice(&shared, Invoker::Root), Ids::Invoker);
    }
}
