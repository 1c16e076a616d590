//! Edges that say what is not so: those of manifests that are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::vec::IntoIter;

use super::Collection;
use super::notes::{Found, Wanted};
use crate::server::depot::{Depot, DepotError, Document, Edge, Result, keys};
use crate::server::names::RepositoryName;
use crate::server::shelf::{ContentDigest, Key, ShelfError};

/// How many edges are removed together, unless one manifest has more: it bounds what is in memory, and what
/// of it has to fit a record.
const TOGETHER: usize = 4096;

/// How many edges are read together.
const PAGE: usize = 1000;

/// What some notes lead to.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) notes: Vec<Found>,
    /// Edges of manifests that are gone, and where the manifest would be.
    pub(super) edges: BTreeMap<Key, Key>,
    /// Which repositories may have lost their reason to hold a blob.
    pub(super) holds: BTreeSet<(RepositoryName, ContentDigest)>,
    /// What nobody may need any more.
    pub(super) blobs: BTreeSet<ContentDigest>,
}

impl Gathered {
    fn add(&mut self, edge: Key, manifest: Key, name: &RepositoryName, blob: &ContentDigest) {
        self.edges.insert(edge, manifest);
        self.holds.insert((name.clone(), blob.clone()));
        self.blobs.insert(blob.clone());
    }
}

impl Collection<'_> {
    /// Takes notes until there are edges enough to be worth a flush.
    pub(super) async fn gather(&self, notes: &mut Peekable<IntoIter<Found>>) -> Result<Gathered> {
        let mut gathered = Gathered::default();
        while gathered.edges.len() < TOGETHER {
            let Some(note) = notes.next() else { break };
            let holds = note.repositories.iter().map(|name| (name.clone(), note.digest.clone()));
            gathered.holds.extend(holds);
            gathered.blobs.insert(note.digest.clone());
            self.follow(&note.digest, &mut gathered).await?;
            gathered.notes.push(note);
        }
        Ok(gathered)
    }

    /// Looks at the edges of something noted. A manifest has one to itself in every repository that it is in;
    /// where it is gone, the edges to all it needed go, too. Of the others one that holds is enough.
    async fn follow(&self, digest: &ContentDigest, gathered: &mut Gathered) -> Result<()> {
        let (at, mut after, mut others) = (keys::edges(digest)?, None::<String>, Others::Unknown);
        loop {
            let page = self.depot.shelf.list(&at, after.as_deref(), PAGE).await?;
            for name in &page {
                let own = keys::is_own(digest, name);
                if own || others == Others::Unknown {
                    let holds = self.look(digest, &at.join(name)?, own, gathered).await?;
                    others = if holds && !own { Others::Hold } else { others };
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some(last.clone()),
                _ => return Ok(()),
            }
        }
    }

    /// What a manifest needed stays for as long as the manifest does: its own note brings both up.
    async fn is_young(&self, manifest: &ContentDigest) -> Result<bool> {
        Ok(self.wanted(manifest).await? == Wanted::Lately)
    }

    /// Whether an edge says what is so, or has for the time of grace. Otherwise it is gathered.
    async fn look(
        &self,
        blob: &ContentDigest,
        edge: &Key,
        own: bool,
        gathered: &mut Gathered,
    ) -> Result<bool> {
        let Some(Edge { repository: name, manifest }) = self.depot.edge(edge).await? else {
            return Ok(false);
        };
        let record = keys::manifest(&name, &manifest)?;
        if self.depot.shelf.get(&record).await?.is_some() || (!own && self.is_young(&manifest).await?) {
            return Ok(true);
        }
        gathered.add(edge.clone(), record.clone(), &name, blob);
        if own {
            for part in needs(self.depot, blob).await? {
                gathered.add(keys::edge(&part, &name, blob)?, record.clone(), &name, &part);
            }
        }
        Ok(false)
    }
}

/// What is known of the edges of other manifests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    /// None that was looked at says what is so.
    Unknown,
    /// One does.
    Hold,
}

/// What a manifest needs, by its bytes. One that is not there, or that nobody could have pushed, needs nothing.
pub(super) async fn needs(depot: &Depot, manifest: &ContentDigest) -> Result<Vec<ContentDigest>> {
    match depot.manifest_bytes(manifest).await {
        Ok(bytes) => Ok(Document::read(&bytes, None)
            .map_or_else(|_| Vec::new(), |document| document.parts().cloned().collect())),
        Err(DepotError::Shelf(ShelfError::NoBlob(_))) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
