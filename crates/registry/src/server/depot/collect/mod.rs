//! Garbage collection, while pushes and other servers go on: as much work as there are notes of garbage.
//!
//! Why no manifest that was acknowledged ever loses a blob. A push writes its edges (1), then the manifest's
//! record (2), then looks whether the edges are there (3), and begins again if not, and last whether the blobs
//! are (4). The one collector of a shelf removes an edge only if there is no record (a), looks for the record
//! again (b), and puts the edge back if it is there. It judges no blob in between, and whoever comes after a
//! collector that was killed there puts back all that it was removing. It takes a blob without edges off the
//! shelf (c), looks for edges again (d), and puts the blob back or destroys what it took.
//!
//! If (b) came after (2), the edge is put back. If it came before, so did the removal, and the push notices at
//! (3), or somebody else who pushes the same has written the edge again. So from (3) on a blob is never judged
//! without its edge. A (d) after (3) therefore puts the blob back. If (d) came before (3), so did (c), and the
//! push finds at (4) what has been uploaded or put back since: what the collector destroys is only what it
//! took, under a name of its own.
//!
//! A repository's hold on a blob is removed in the same way. What was uploaded, mounted or asked for is safe
//! for the time of grace, because it is noted before it is looked for, and notes are read again after (c).

mod lease;
mod together;
mod notes;
mod edges;
mod removing;
mod holds;
mod judge;
mod trash;
mod rehearsal;

use super::{Depot, Result};
use lease::Lease;
use notes::Found;
use together::together;

/// What the clock says, in seconds since 1970, whenever it is asked.
pub type Clock<'a> = &'a (dyn Fn() -> u64 + Send + Sync);

/// Whether anything is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is.
    Remove,
    /// It is only counted.
    Rehearse,
}

/// What was collected, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Blobs and manifests that are gone from the shelf.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Uploads that nobody went on with.
    pub uploads: u64,
    /// Notes that are not old enough yet.
    pub waiting: u64,
}

/// A collection under way.
struct Collection<'a> {
    depot: &'a Depot,
    grace: u64,
    now: Clock<'a>,
    collected: Collected,
}

impl Depot {
    /// Collects what has been garbage for `grace` seconds, on behalf of all servers of the shelf. If it is killed,
    /// the next one goes on.
    ///
    /// # Errors
    /// [`super::DepotError::Collecting`] while somebody else does; a shelf that cannot be read or written.
    pub async fn collect(&self, mode: Mode, grace: u64, now: Clock<'_>) -> Result<Collected> {
        let mut collection = Collection { depot: self, grace, now, collected: Collected::default() };
        if mode == Mode::Rehearse {
            collection.rehearse().await?;
            return Ok(collection.collected);
        }
        let mut lease = Lease::take(self.shelf(), now()).await?;
        let done = collection.run(&mut lease).await;
        lease.give_back().await?;
        done.map(|()| collection.collected)
    }
}

impl Collection<'_> {
    async fn run(&mut self, lease: &mut Lease) -> Result<()> {
        self.put_back().await?;
        self.sort_trash().await?;
        self.end_uploads().await?;
        for algorithm in notes::ALGORITHMS {
            let mut after = None;
            loop {
                lease.renew((self.now)()).await?;
                let batch = self.notes(algorithm, after.as_deref()).await?;
                self.work(lease, batch.found).await?;
                after = batch.last;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Works through a batch of notes, in pieces that fit into memory.
    async fn work(&mut self, lease: &mut Lease, notes: Vec<Found>) -> Result<()> {
        let mut notes = notes.into_iter().peekable();
        while notes.peek().is_some() {
            lease.renew((self.now)()).await?;
            let gathered = self.gather(&mut notes).await?;
            self.remove_edges(&gathered).await?;
            self.remove_holds(&gathered).await?;
            self.judge(gathered.blobs).await?;
            self.forget(&gathered.notes).await?;
        }
        Ok(())
    }

    /// The moment before which a note has to have been written.
    fn before(&self) -> u64 {
        (self.now)().saturating_sub(self.grace)
    }
}
