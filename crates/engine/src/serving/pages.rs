//! What a served registry does, in the ledger.

use std::io;

use ledger::Durability;
use registry::server::journal::{Deed, Event, Journal};

use super::Log;
use crate::book::{Book, Entry, Kind};

/// The ledger, as a server writes to it.
pub(super) struct Pages {
    pub(super) book: Book,
    /// Hears every event, too.
    pub(super) log: Option<Log>,
}

impl Journal for Pages {
    fn record(&self, events: &[Event]) -> io::Result<()> {
        if let Some(log) = self.log {
            events.iter().for_each(log);
        }
        let entries: Vec<Entry> = events.iter().map(entry).collect();
        let durable = events.iter().any(|event| event.action != Deed::Pull);
        let durability = if durable { Durability::Flushed } else { Durability::Buffered };
        self.book.append_all(&entries, durability).map_err(io::Error::other)
    }
}

fn entry(event: &Event) -> Entry {
    let kind = match event.action {
        Deed::Pull => Kind::RegistryPull,
        Deed::Push => Kind::RegistryPush,
        Deed::Delete => Kind::RegistryDelete,
    };
    let name = match &event.reference {
        Some(tag) => format!("{}:{tag}", event.repository),
        None => event.repository.clone(),
    };
    let when = i64::try_from(event.when).unwrap_or(i64::MAX);
    let entry = Entry { image: event.digest.clone(), name: Some(name), ..Entry::new(kind, when) };
    let entry = entry.with("who", &event.who);
    match event.peer {
        Some(peer) => entry.with("peer", peer.to_string()),
        None => entry,
    }
}
