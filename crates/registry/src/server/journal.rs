//! What is written down about what a registry does. Where it is written is the caller's affair.

use std::io;
use std::net::IpAddr;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Seconds since 1970.
    pub when: u64,
    /// Who did it: `user:anna`, `token:5f0c…`, `anonymous`, or the registry itself.
    pub who: String,
    /// What was done.
    pub action: Deed,
    /// To which repository.
    pub repository: String,
    /// The tag, where one was named.
    pub reference: Option<String>,
    /// What it is about, `sha256:…`.
    pub digest: Option<String>,
    /// From where.
    pub peer: Option<IpAddr>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// A manifest was read.
    Pull,
    /// A manifest was stored.
    Push,
    /// A manifest, a tag or a blob was removed.
    Delete,
}

/// Takes events down.
pub trait Journal: Send + Sync {
    /// Takes these down. Pushes and deletions among them survive a power cut when this returns; pulls need not.
    ///
    /// # Errors
    /// A journal that cannot be written: what it is about is refused, where it can be.
    fn record(&self, events: &[Event]) -> io::Result<()>;
}

/// Where nothing is taken down, in tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silence;

impl Journal for Silence {
    fn record(&self, _: &[Event]) -> io::Result<()> {
        Ok(())
    }
}
