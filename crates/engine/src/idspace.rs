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
        let one = |host_id, size| vec![IdMapping { container_id: 0, host_id, size }];
        Ok(Self {
            map: match range {
                Some(IdRange { first, size }) => one(first, size),
                None if shares_users(request) => Vec::new(),
                None => one(0, session_size()?),
            },
        })
    }

    /// How many ids there are, from 0.
    pub(crate) fn size(&self) -> u32 {
        self.map.first().map_or(u32::MAX, |map| map.size)
    }

    /// What an id of the container is to us.
    pub(crate) fn outside(&self, id: u32) -> u32 {
        self.map.first().map_or(id, |map| map.host_id.saturating_add(id))
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

/// How many ids from 0 on exist in our own user namespace (user_namespaces(7), uid_map).
pub(crate) fn session_size() -> Result<u32, EngineError> {
    let map = std::fs::read_to_string("/proc/self/uid_map").map_err(EngineError::io("read the id map"))?;
    Ok(contiguous(&map))
}

fn contiguous(map: &str) -> u32 {
    let mut ranges: Vec<(u32, u32)> = map
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            Some((fields.next()?.parse().ok()?, fields.nth(1)?.parse().ok()?))
        })
        .collect();
    ranges.sort_unstable();
    ranges.iter().fold(0, |end, (first, size)| if *first == end { end.saturating_add(*size) } else { end })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_s_ids_are_counted_up_to_the_first_gap() {
        assert_eq!(
            contiguous("         0       1000          1\n         1     100000      65536\n"),
            65_537
        );
        assert_eq!(contiguous("0 1000 1\n"), 1);
        assert_eq!(contiguous("0 0 4294967295\n"), u32::MAX);
        assert_eq!(contiguous("0 1 10\n20 30 5\n"), 10);
    }

    #[test]
    fn a_range_shifts_ids_and_the_host_s_namespace_does_not() {
        let request = RunRequest::default();
        let space = IdSpace::new(&request, Some(IdRange { first: 1000, size: 10 })).unwrap();
        assert_eq!((space.size(), space.outside(3), space.is_shifted()), (10, 1003, true));
        let shared = RunRequest { host_namespaces: vec![HostNamespace::User], ..request };
        let space = IdSpace::new(&shared, None).unwrap();
        assert_eq!((space.size(), space.outside(3), space.is_shifted()), (u32::MAX, 3, false));
        assert_eq!(choice(&shared, Invoker::Root), Ids::Invoker);
    }
}
