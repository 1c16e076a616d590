//! What a publisher has published, verified before anything is signed on top of it. Expired documents are opened too:
//! their publisher is the one who renews them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::paper::Paper;
use super::removed::is_gone;
use super::revoked::{REVOKED, Revocations};
use super::{PublishError, StageName};
use crate::metadata::{Authority, Document, MetaFile, Root, Snapshot, Targets, Timestamp};

/// A publisher's files by their names.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The most bytes of root.json, snapshot.json and timestamp.json.
pub(super) const MOST_SMALL: u64 = 1 << 20;
/// The most bytes of targets.json and each stage's.
pub(super) const MOST_TARGETS: u64 = 10 << 20;
/// The most versions of the root that are read.
const MOST_ROOTS: u64 = 1024;

/// A publisher's documents, all of them signed as they have to be.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Versions 1 and up.
    pub(super) earlier: Vec<Paper<Root>>,
    pub(super) root: Paper<Root>,
    pub(super) timestamp: Paper<Timestamp>,
    pub(super) snapshot: Paper<Snapshot>,
    pub(super) targets: Paper<Targets>,
    pub(super) stages: BTreeMap<StageName, Paper<Targets>>,
    pub(super) revoked: Vec<u8>,
}

/// The version of each document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Of root.json.
    pub root: u64,
    /// Of targets.json.
    pub targets: u64,
    /// Of snapshot.json. Starts anew with new online keys, which is when it may go down.
    pub snapshot: u64,
    /// Of timestamp.json, likewise.
    pub timestamp: u64,
    /// Of each stage's file.
    #[serde(default)]
    pub stages: BTreeMap<String, u64>,
}

impl Repository {
    /// Opens a publisher's files. `known` is a version of its root that the publisher has kept, `seen` the versions
    /// that were published already: what whoever has the files could not have made, and could not take back.
    ///
    /// # Errors
    /// [`PublishError`], with the file that is wrong.
    pub fn open(files: &Files, known: &[u8], seen: &Versions) -> Result<Self, PublishError> {
        let mut earlier = roots(files, known)?;
        let root = earlier.pop().ok_or_else(|| PublishError::NoFile("1.root.json".to_owned()))?;
        let timestamp: Paper<Timestamp> = read(files, "timestamp.json", MOST_SMALL)?;
        timestamp.check("timestamp.json", &root.document.authority(Timestamp::TYPE))?;
        let snapshot: Paper<Snapshot> =
            listed(files, Snapshot::TYPE, timestamp.document.snapshot(), MOST_SMALL)?;
        check(&snapshot, Snapshot::TYPE, &root.document.authority(Snapshot::TYPE))?;
        let listing = &snapshot.document.meta;
        let targets: Paper<Targets> =
            listed(files, Targets::TYPE, listing.get("targets.json"), MOST_TARGETS)?;
        check(&targets, Targets::TYPE, &root.document.authority(Targets::TYPE))?;
        let stages = stages(files, listing, &targets.document)?;
        let revoked = revoked(files, &targets.document)?;
        let repository = Self { earlier, root, timestamp, snapshot, targets, stages, revoked };
        repository.not_before(seen)?;
        Ok(repository)
    }

    /// Every file of it.
    #[must_use]
    pub fn files(&self) -> Files {
        let mut files = Files::new();
        for root in self.roots() {
            files.insert(name(Root::TYPE, root.document.version), root.bytes().to_vec());
        }
        files.insert("timestamp.json".to_owned(), self.timestamp.bytes().to_vec());
        files.insert(name(Snapshot::TYPE, self.snapshot.document.version), self.snapshot.bytes().to_vec());
        files.insert(name(Targets::TYPE, self.targets.document.version), self.targets.bytes().to_vec());
        for (stage, paper) in &self.stages {
            files.insert(name(stage.as_str(), paper.document.version), paper.bytes().to_vec());
        }
        if let Some(name) = revoked_name(&self.targets.document) {
            files.insert(name, self.revoked.clone());
        }
        files
    }

    /// The bytes of the newest root: what the publisher keeps as known.
    #[must_use]
    pub fn root(&self) -> &[u8] {
        self.root.bytes()
    }

    /// The version of each document.
    #[must_use]
    pub fn versions(&self) -> Versions {
        Versions {
            root: self.root.document.version,
            targets: self.targets.document.version,
            snapshot: self.snapshot.document.version,
            timestamp: self.timestamp.document.version,
            stages: self.stage_versions(),
        }
    }

    /// Those that are gone among them, for they stay listed.
    fn stage_versions(&self) -> BTreeMap<String, u64> {
        let listed = self.snapshot.document.meta.iter();
        let stages = listed.filter_map(|(file, meta)| Some((file.strip_suffix(".json")?, meta.version)));
        stages
            .filter(|(name, _)| *name != Targets::TYPE)
            .map(|(name, version)| (name.to_owned(), version))
            .collect()
    }

    /// When each document ends, in seconds since 1970, by the name of its role.
    #[must_use]
    pub fn expiries(&self) -> Vec<(String, i64)> {
        let mut expiries = vec![
            (Root::TYPE.to_owned(), self.root.document.expires),
            (Targets::TYPE.to_owned(), self.targets.document.expires),
            (Snapshot::TYPE.to_owned(), self.snapshot.document.expires),
            (Timestamp::TYPE.to_owned(), self.timestamp.document.expires),
        ];
        expiries.extend(self.stages.iter().map(|(stage, paper)| (stage.to_string(), paper.document.expires)));
        expiries
    }

    /// The digests that are revoked.
    ///
    /// # Errors
    /// [`PublishError::Revocations`].
    pub fn revocations(&self) -> Result<Revocations, PublishError> {
        Revocations::read(&self.revoked)
    }

    pub(super) fn roots(&self) -> impl Iterator<Item = &Paper<Root>> {
        self.earlier.iter().chain([&self.root])
    }

    /// New online keys may count anew; what people sign never does.
    fn not_before(&self, seen: &Versions) -> Result<(), PublishError> {
        let has = self.versions();
        let same_root = has.root == seen.root;
        let pairs = [
            ("root.json", has.root, seen.root),
            ("targets.json", has.targets, seen.targets),
            ("snapshot.json", has.snapshot, if same_root { seen.snapshot } else { 0 }),
            ("timestamp.json", has.timestamp, if same_root { seen.timestamp } else { 0 }),
        ];
        let stage = |(name, version): (&'_ String, &u64)| {
            (name.clone(), has.stages.get(name).copied().unwrap_or(0), *version)
        };
        let documents = pairs.into_iter().map(|(name, found, seen)| (name.to_owned(), found, seen));
        match documents.chain(seen.stages.iter().map(stage)).find(|(_, found, seen)| found < seen) {
            Some((name, found, seen)) => Err(PublishError::Rollback { name, found, seen }),
            None => Ok(()),
        }
    }
}

/// The chain of roots, section 5.3: each is signed by its predecessor's keys and by its own. One of them is `known`.
fn roots(files: &Files, known: &[u8]) -> Result<Vec<Paper<Root>>, PublishError> {
    let mut chain: Vec<Paper<Root>> = Vec::new();
    for version in 1..=MOST_ROOTS {
        let name = name(Root::TYPE, version);
        if !files.contains_key(&name) {
            break;
        }
        let root: Paper<Root> = read(files, &name, MOST_SMALL)?;
        if root.document.version != version {
            return Err(PublishError::Mismatch { name });
        }
        if let Some(before) = chain.last() {
            root.check(&name, &before.document.authority(Root::TYPE))?;
        }
        root.check(&name, &root.document.authority(Root::TYPE))?;
        chain.push(root);
    }
    match chain.iter().any(|root| root.bytes() == known) {
        true => Ok(chain),
        false if chain.is_empty() => Err(PublishError::NoFile("1.root.json".to_owned())),
        false => Err(PublishError::OtherRoot("1.root.json".to_owned())),
    }
}

/// The documents of every stage that the snapshot lists, but for those that were removed.
fn stages(
    files: &Files,
    listing: &BTreeMap<String, MetaFile>,
    targets: &Targets,
) -> Result<BTreeMap<StageName, Paper<Targets>>, PublishError> {
    let mut stages = BTreeMap::new();
    for (file, meta) in listing.iter().filter(|(file, _)| *file != "targets.json") {
        let mismatch = || PublishError::Mismatch { name: file.clone() };
        let stage: StageName = file.strip_suffix(".json").ok_or_else(mismatch)?.parse()?;
        if is_gone(targets, &stage) {
            continue;
        }
        let delegations = targets.delegations.as_ref().ok_or_else(mismatch)?;
        let paper: Paper<Targets> = listed(files, stage.as_str(), Some(meta), MOST_TARGETS)?;
        check(&paper, stage.as_str(), &delegations.authority(stage.as_str()))?;
        stages.insert(stage, paper);
    }
    Ok(stages)
}

fn revoked(files: &Files, targets: &Targets) -> Result<Vec<u8>, PublishError> {
    let name = revoked_name(targets).ok_or_else(|| PublishError::NoFile(REVOKED.to_owned()))?;
    let bytes = files.get(&name).ok_or_else(|| PublishError::NoFile(name.clone()))?;
    if !targets.targets.get(REVOKED).is_some_and(|target| target.is(bytes)) {
        return Err(PublishError::Mismatch { name });
    }
    Revocations::read(bytes)?;
    Ok(bytes.clone())
}

/// The file of the list that a `targets.json` speaks of.
pub(super) fn revoked_name(targets: &Targets) -> Option<String> {
    Some(format!("{}.{REVOKED}", targets.targets.get(REVOKED)?.hashes.prefix()?))
}

/// The file of a version of a role.
pub(super) fn name(role: &str, version: u64) -> String {
    format!("{version}.{role}.json")
}

fn check<T: Document + Clone>(
    paper: &Paper<T>,
    role: &str,
    authority: &Authority,
) -> Result<(), PublishError> {
    paper.check(&name(role, paper.document.version()), authority)
}

/// A document of which another one says the version, and mostly the hash.
fn listed<T: Document + Clone>(
    files: &Files,
    role: &str,
    meta: Option<&MetaFile>,
    most: u64,
) -> Result<Paper<T>, PublishError> {
    let meta = meta.ok_or_else(|| PublishError::NoFile(format!("{role}.json")))?;
    let name = name(role, meta.version);
    let paper: Paper<T> = read(files, &name, most)?;
    let bytes = paper.bytes();
    let length =
        meta.length.is_none_or(|length| u64::try_from(bytes.len()).is_ok_and(|found| found == length));
    let hashes = meta.hashes.as_ref().is_none_or(|hashes| hashes.hold(bytes));
    let version = paper.document.version() == meta.version;
    if length && hashes && version { Ok(paper) } else { Err(PublishError::Mismatch { name }) }
}

fn read<T: Document + Clone>(files: &Files, name: &str, most: u64) -> Result<Paper<T>, PublishError> {
    let bytes = files.get(name).ok_or_else(|| PublishError::NoFile(name.to_owned()))?;
    Paper::read(name, bytes, most)
}
