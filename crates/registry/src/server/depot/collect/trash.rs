//! What killed collectors have left in the trash, and uploads that nobody goes on with.

use super::Collection;
use super::judge::has_edge;
use crate::server::depot::Result;
use crate::server::depot::collect::notes::Wanted;
use crate::server::shelf::ShelfError;

/// How much of it is looked at together.
const TOGETHER: usize = 1000;

impl Collection<'_> {
    /// Puts back what is needed or asked for, and destroys the rest: there is no other collector.
    pub(super) async fn sort_trash(&self) -> Result<()> {
        loop {
            let (trash, mut sorted) = (self.depot.shelf.trash(TOGETHER).await?, 0);
            for trashed in &trash {
                let wanted = self.wanted(&trashed.digest).await? == Wanted::Lately;
                let done = match wanted || has_edge(self.depot, &trashed.digest).await? {
                    true => self.depot.shelf.restore_blob(trashed).await?,
                    false => self.depot.shelf.purge_blob(trashed, (self.now)()).await?,
                };
                sorted += usize::from(done);
            }
            // What cannot be sorted now is sorted another time.
            if trash.len() < TOGETHER || sorted == 0 {
                return Ok(());
            }
        }
    }

    /// Ends uploads that got nothing within the grace.
    pub(super) async fn end_uploads(&mut self) -> Result<()> {
        for stale in self.depot.shelf.stale_uploads(self.before(), TOGETHER).await? {
            match self.depot.shelf.abort(&stale.id).await {
                Ok(true) => {
                    self.collected.uploads += 1;
                    self.collected.bytes += stale.size;
                }
                // Somebody goes on with it after all, or has finished it.
                Ok(false) | Err(ShelfError::Busy(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
