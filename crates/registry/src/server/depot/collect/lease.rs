//! The right to collect: one collector at a time on a shelf, whichever server it is in.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::server::depot::{DepotError, Result, keys, records};
use crate::server::shelf::{Put, Shelf, UploadId, Version, When};

/// How long it is good for, in seconds. It is renewed before each batch, which takes a fraction of that.
const TERM: u64 = 5 * 60;

/// Who collects, and until when.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Holder {
    who: String,
    until: u64,
}

/// The right to collect, until it expires.
pub(super) struct Lease {
    shelf: Shelf,
    who: String,
    version: Version,
}

impl Lease {
    /// Takes it, if nobody has it or whoever had it has not renewed it.
    pub(super) async fn take(shelf: &Shelf, now: u64) -> Result<Self> {
        let at = keys::collector()?;
        let who = UploadId::random()?.to_string();
        let record = records::write(&at, &Holder { who: who.clone(), until: now.saturating_add(TERM) })?;
        let when = match shelf.get(&at).await? {
            None => When::Absent,
            Some(small) => {
                let holder: Holder = records::read(&at, &small)?;
                if now < holder.until {
                    return Err(DepotError::Collecting { until: holder.until });
                }
                When::Unchanged(small.version)
            }
        };
        match shelf.put(&at, record, when).await? {
            Put::Done(version) => Ok(Self { shelf: shelf.clone(), who, version }),
            Put::Refused => Err(DepotError::Collecting { until: now.saturating_add(TERM) }),
        }
    }

    /// Renews it. If somebody else has it by now, nothing more may be removed.
    pub(super) async fn renew(&mut self, now: u64) -> Result<()> {
        self.write(now.saturating_add(TERM)).await
    }

    /// Gives it back by letting it expire.
    pub(super) async fn give_back(mut self) -> Result<()> {
        match self.write(0).await {
            Err(DepotError::Collecting { .. }) => Ok(()),
            written => written,
        }
    }

    async fn write(&mut self, until: u64) -> Result<()> {
        let at = keys::collector()?;
        let record = records::write(&at, &Holder { who: self.who.clone(), until })?;
        match self.shelf.put(&at, record, When::Unchanged(self.version.clone())).await? {
            Put::Done(version) => {
                self.version = version;
                Ok(())
            }
            Put::Refused => Err(DepotError::Collecting { until }),
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({})", self.who)
    }
}
