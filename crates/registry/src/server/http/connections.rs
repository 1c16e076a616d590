//! How many connections there may be, in total and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::paced::Trickle;

/// What connections may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// At once.
    pub connections: usize,
    /// At once from one address.
    pub per_address: usize,
    /// How long TLS may take to begin, and the head of a request to arrive.
    pub patience: Duration,
    /// How slowly bodies may arrive, and answers be taken: whatever is slower holds a connection for nothing.
    pub pace: Trickle,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            per_address: 1024,
            patience: Duration::from_secs(15),
            pace: Trickle { bytes: 4096, within: Duration::from_secs(20) },
        }
    }
}

/// The connections that there are.
#[derive(Clone)]
pub(super) struct Connections {
    limits: Limits,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place, given back when it is dropped.
pub(super) struct Place {
    address: IpAddr,
    open: Arc<Mutex<Open>>,
}

impl Connections {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, open: Arc::default() }
    }

    /// A place for one more, if there is one.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.limits.connections {
            return None;
        }
        let count = open.by_address.entry(address).or_default();
        if *count >= self.limits.per_address {
            return None;
        }
        *count += 1;
        open.total += 1;
        Some(Place { address, open: Arc::clone(&self.open) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total = open.total.saturating_sub(1);
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn places_are_limited_and_given_back() {
        let limits = Limits { connections: 3, per_address: 2, ..Limits::default() };
        let connections = Connections::new(limits);
        let address = |last: u8| IpAddr::V4(Ipv4Addr::new(127, 0, 0, last));
        let first = connections.enter(address(1)).unwrap();
        let second = connections.enter(address(1)).unwrap();
        assert!(connections.enter(address(1)).is_none());
        let third = connections.enter(address(2)).unwrap();
        assert!(connections.enter(address(3)).is_none());
        drop((first, second, third));
        let open = connections.open.lock().unwrap();
        assert!(open.total == 0 && open.by_address.is_empty());
    }
}
