//! Everything that a container has open: connections and flows, found by their pairs and by what epoll(7) says.

use std::collections::HashMap;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use super::connection::Connection;
use super::flows::Flow;
use super::packet::Pair;

/// Something open.
#[derive(Debug)]
pub(super) enum Talk {
    Stream(Box<Connection>),
    Flow(Flow),
}

impl Talk {
    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        match self {
            Self::Stream(connection) => connection.socket(),
            Self::Flow(flow) => flow.socket(),
        }
    }

    /// Bytes that are held for it.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Stream(connection) => connection.held(),
            Self::Flow(_) => 0,
        }
    }
}

/// What kind of thing a pair has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Stream,
    Flow,
}

/// Where something is in the table. A name is not given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    slot: u32,
    generation: u32,
}

impl Name {
    /// As it comes back from epoll(7).
    pub(super) fn to_number(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }

    pub(super) fn from_number(number: u64) -> Self {
        let low = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default();
        Self { slot: low(number), generation: low(number >> 32) }
    }
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    talk: Option<(Kind, Pair, Talk)>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_pair: HashMap<(Kind, Pair), Name>,
    most: usize,
}

impl Table {
    /// One with room for so many.
    pub(super) fn new(most: usize) -> Self {
        Self { slots: Vec::new(), free: Vec::new(), by_pair: HashMap::new(), most }
    }

    pub(super) fn len(&self) -> usize {
        self.by_pair.len()
    }

    pub(super) fn find(&self, kind: Kind, pair: Pair) -> Option<Name> {
        self.by_pair.get(&(kind, pair)).copied()
    }

    pub(super) fn get_mut(&mut self, name: Name) -> Option<&mut Talk> {
        let slot = self.slots.get_mut(usize::try_from(name.slot).ok()?)?;
        let (_, _, talk) = slot.talk.as_mut().filter(|_| slot.generation == name.generation)?;
        Some(talk)
    }

    /// Names of everything that is open.
    pub(super) fn names(&self) -> Vec<Name> {
        self.by_pair.values().copied().collect()
    }

    /// Makes room for one more, if need be by forgetting the flow that was silent longest: connections stay.
    pub(super) fn make_room(&mut self) -> Option<()> {
        if self.len() < self.most {
            return Some(());
        }
        let flow = |name: &Name| match &self.slots.get(usize::try_from(name.slot).ok()?)?.talk {
            Some((_, _, Talk::Flow(flow))) => Some((flow.heard(), *name)),
            _ => None,
        };
        let silent = self.by_pair.values().filter_map(flow).min_by_key(|(heard, _): &(Instant, Name)| *heard);
        self.remove(silent?.1);
        Some(())
    }

    /// Adds something for a pair that has none of the kind, after [`Self::make_room`].
    pub(super) fn add(&mut self, kind: Kind, pair: Pair, talk: Talk) -> Name {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, talk: None });
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let mut name = Name { slot, generation: 0 };
        if let Some(place) = usize::try_from(slot).ok().and_then(|slot| self.slots.get_mut(slot)) {
            place.talk = Some((kind, pair, talk));
            name.generation = place.generation;
        }
        self.by_pair.insert((kind, pair), name);
        name
    }

    /// Lets go of it; its socket is closed.
    pub(super) fn remove(&mut self, name: Name) {
        let Some(place) = usize::try_from(name.slot).ok().and_then(|slot| self.slots.get_mut(slot)) else {
            return;
        };
        if place.generation != name.generation {
            return;
        }
        if let Some((kind, pair, _)) = place.talk.take() {
            place.generation = place.generation.wrapping_add(1);
            self.by_pair.remove(&(kind, pair));
            self.free.push(name.slot);
        }
    }
}
