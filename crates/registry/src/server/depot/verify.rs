//! Whether a depot is what it says: blobs hash to their names, manifests have what they need, edges are complete
//! and counters right.

use std::fmt;

use http_body_util::BodyExt as _;
use tokio::task::JoinSet;

use super::edge::edges;
use super::kept::Counter;
use super::rules::Rules;
use super::stats::ALGORITHMS;
use super::{Depot, DepotError, Document, Edge, Result, keys};
use crate::server::names::RepositoryName;
use crate::server::shelf::{ContentDigest, Hashing, Shelf, ShelfError};

/// How many blobs are hashed at the same time.
const TOGETHER: usize = 4;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A blob's bytes are others than those that were pushed.
    Corrupt {
        /// Its name.
        blob: ContentDigest,
        /// What it hashes to.
        hashed: ContentDigest,
    },
    /// A blob cannot be read to its end.
    Unreadable {
        /// Which one.
        blob: ContentDigest,
        /// What is in the way.
        why: String,
    },
    /// A manifest needs what is not there.
    Missing {
        /// Where the manifest is.
        repository: String,
        /// Which one it is.
        manifest: ContentDigest,
        /// What it needs.
        blob: ContentDigest,
    },
    /// A manifest that is none, or none any more.
    Manifest {
        /// Where it is.
        repository: String,
        /// Which one it is.
        manifest: ContentDigest,
        /// What is wrong with it.
        why: String,
    },
    /// What a manifest needs is not kept for it, and would be collected.
    Unprotected {
        /// Where the manifest is.
        repository: String,
        /// Which one it is.
        manifest: ContentDigest,
    },
    /// A blob is kept for a manifest that is not there, and would never be collected.
    Leaked {
        /// The blob.
        blob: ContentDigest,
        /// Where the manifest is said to be.
        repository: String,
    },
    /// A quota's counter is not what there is.
    Counter {
        /// Of which repositories.
        repositories: String,
        /// What it says.
        says: u64,
        /// What there is.
        counted: u64,
    },
}

/// Whether what can be repaired is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// It is only said.
    No,
    /// Edges and counters are written again, and what leaked is noted as garbage.
    Yes,
}

/// What was looked at, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Manifests that were looked at.
    pub manifests: u64,
    /// Blobs that were hashed.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
}

impl Depot {
    /// Looks at everything. `progress` is told how many bytes have been hashed. Pushes may go on meanwhile, and so may
    /// deletions: what they change between two looks is no finding.
    ///
    /// # Errors
    /// A shelf that cannot be read, or written where it is repaired.
    pub async fn verify(
        &self,
        rules: &Rules,
        repair: Repair,
        now: u64,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Verified> {
        let mut verified = Verified::default();
        for name in self.all_repositories().await? {
            self.verify_repository(&name, repair, &mut verified).await?;
        }
        self.verify_blobs(repair, now, progress, &mut verified).await?;
        self.verify_counters(rules, repair, &mut verified).await?;
        Ok(verified)
    }

    async fn verify_repository(
        &self,
        name: &RepositoryName,
        repair: Repair,
        verified: &mut Verified,
    ) -> Result<()> {
        for algorithm in ALGORITHMS {
            let at = keys::manifests(name.as_str())?.join(algorithm.name())?;
            for digest in self.digests(&at, algorithm).await? {
                verified.manifests += 1;
                for finding in self.verify_manifest(name, &digest, repair).await? {
                    // Deleted between two looks: then nothing is missing.
                    if self.shelf.get(&keys::manifest(name, &digest)?).await?.is_some() {
                        verified.findings.push(finding);
                    }
                }
            }
        }
        Ok(())
    }

    async fn verify_manifest(
        &self,
        name: &RepositoryName,
        manifest: &ContentDigest,
        repair: Repair,
    ) -> Result<Vec<Finding>> {
        let (repository, mut findings) = (name.to_string(), Vec::new());
        let document = match self.manifest_bytes(manifest).await {
            Ok(bytes) => Document::read(&bytes, None),
            Err(error) => Err(error),
        };
        let document = match document {
            Ok(document) => document,
            Err(error @ (DepotError::Manifest(_) | DepotError::Shelf(ShelfError::NoBlob(_)))) => {
                let (manifest, why) = (manifest.clone(), error.to_string());
                return Ok(vec![Finding::Manifest { repository, manifest, why }]);
            }
            Err(error) => return Err(error),
        };
        for blob in document.parts() {
            if !self.on_shelf(blob).await? {
                let (repository, manifest) = (repository.clone(), manifest.clone());
                findings.push(Finding::Missing { repository, manifest, blob: blob.clone() });
            }
        }
        let edges = edges(name, manifest, &document)?;
        if !self.all_there(&edges).await? {
            findings.push(Finding::Unprotected { repository, manifest: manifest.clone() });
            if repair == Repair::Yes {
                self.shelf.put_all(edges).await?;
            }
        }
        Ok(findings)
    }

    async fn verify_blobs(
        &self,
        repair: Repair,
        now: u64,
        progress: &(dyn Fn(u64) + Send + Sync),
        verified: &mut Verified,
    ) -> Result<()> {
        let mut hashing = JoinSet::new();
        for algorithm in ALGORITHMS {
            let referred = self.referred(algorithm).await?;
            for blob in &referred {
                self.verify_edges(blob, repair, now, verified).await?;
            }
            let noted = self.digests(&keys::all_garbage(algorithm)?, algorithm).await?;
            let alone = noted.into_iter().filter(|blob| referred.binary_search(blob).is_err());
            for blob in referred.iter().cloned().chain(alone) {
                if hashing.len() >= TOGETHER {
                    take(hashing.join_next().await, progress, verified)?;
                }
                hashing.spawn(hash(self.shelf.clone(), blob));
            }
        }
        while let Some(hashed) = hashing.join_next().await {
            take(Some(hashed), progress, verified)?;
        }
        Ok(())
    }

    /// Edges whose manifest is gone are the collector's to remove, if it is told of them.
    async fn verify_edges(
        &self,
        blob: &ContentDigest,
        repair: Repair,
        now: u64,
        verified: &mut Verified,
    ) -> Result<()> {
        let at = keys::edges(blob)?;
        for edge in self.names(&at).await? {
            let Some(Edge { repository: name, manifest }) = self.edge(&at.join(&edge)?).await? else {
                continue;
            };
            let noted = self.shelf.get(&keys::garbage(&manifest)?).await?.is_some()
                || self.shelf.get(&keys::garbage(blob)?).await?.is_some();
            if noted || self.shelf.get(&keys::manifest(&name, &manifest)?).await?.is_some() {
                continue;
            }
            if repair == Repair::Yes {
                self.note_garbage(&name, blob, now).await?;
            }
            verified.findings.push(Finding::Leaked { blob: blob.clone(), repository: name.to_string() });
        }
        Ok(())
    }

    async fn verify_counters(&self, rules: &Rules, repair: Repair, verified: &mut Verified) -> Result<()> {
        for quota in rules.quotas() {
            let repositories = quota.repositories.to_string();
            let key = keys::quota(&repositories)?;
            let Some(Counter { bytes: says }) = self.record(&key).await? else { continue };
            let counted = self.counted(rules, quota).await?;
            if counted.bytes != says {
                if repair == Repair::Yes {
                    self.write(&key, &counted).await?;
                }
                verified.findings.push(Finding::Counter { repositories, says, counted: counted.bytes });
            }
        }
        Ok(())
    }
}

/// What hashing a blob came to; nothing if it is not there.
type Hashed = Option<(u64, Option<Finding>)>;

fn take(
    hashed: Option<std::result::Result<Hashed, tokio::task::JoinError>>,
    progress: &(dyn Fn(u64) + Send + Sync),
    verified: &mut Verified,
) -> Result<()> {
    let Some(hashed) = hashed else { return Ok(()) };
    let failed = |error| ShelfError::place("read", "blobs", std::io::Error::other(error));
    if let Some((bytes, finding)) = hashed.map_err(failed)? {
        verified.blobs += 1;
        verified.bytes += bytes;
        verified.findings.extend(finding);
        progress(verified.bytes);
    }
    Ok(())
}

async fn hash(shelf: Shelf, blob: ContentDigest) -> Hashed {
    let (mut hashing, mut bytes) = (Hashing::new(blob.algorithm()), 0);
    let unreadable = |why: String| Finding::Unreadable { blob: blob.clone(), why };
    let mut body = match shelf.read_blob(&blob, 0..u64::MAX).await {
        Ok(body) => body,
        Err(ShelfError::NoBlob(_)) => return None,
        Err(error) => return Some((0, Some(unreadable(error.to_string())))),
    };
    while let Some(frame) = body.frame().await {
        match frame {
            Err(error) => return Some((bytes, Some(unreadable(error.to_string())))),
            Ok(frame) => {
                let piece = frame.into_data().unwrap_or_default();
                hashing.update(&piece);
                bytes += piece.len() as u64;
            }
        }
    }
    let hashed = hashing.finish();
    let corrupt = (hashed != blob).then(|| Finding::Corrupt { blob: blob.clone(), hashed });
    Some((bytes, corrupt))
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt { blob, hashed } => write!(f, "blob {blob} has bytes that hash to {hashed}"),
            Self::Unreadable { blob, why } => write!(f, "blob {blob} cannot be read: {why}"),
            Self::Missing { repository, manifest, blob } => {
                write!(f, "{repository}@{manifest} needs {blob}, which is not there")
            }
            Self::Manifest { repository, manifest, why } => write!(f, "{repository}@{manifest}: {why}"),
            Self::Unprotected { repository, manifest } => {
                write!(f, "{repository}@{manifest} lacks edges, so that what it needs would be collected")
            }
            Self::Leaked { blob, repository } => {
                write!(f, "blob {blob} is kept for a manifest of {repository} that is not there")
            }
            Self::Counter { repositories, says, counted } => {
                write!(f, "the quota of `{repositories}` counts {says} bytes, and there are {counted}")
            }
        }
    }
}
