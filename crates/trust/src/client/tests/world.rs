//! A publisher and the place where their files are, both of which do as they are told.

use std::collections::BTreeMap;

use model::digest::{ClaimedDigest, Digest};

use crate::client::{Floors, Refreshed, Source, Trusted, refresh};
use crate::key::{KeyId, Signer as _, SoftKey};
use crate::metadata::{
    DelegatedRole, Document, Envelope, MetaFile, Role, Root, Snapshot, Target, Targets, Timestamp, file_name,
};
use crate::{SourceError, TrustError};

pub(crate) const NOW: i64 = 1_795_694_400;
pub(crate) const DAY: i64 = 86_400;

/// The key with this seed.
pub(crate) fn key(seed: u8) -> SoftKey {
    SoftKey::from_seed(&[seed; 32]).unwrap()
}

pub(crate) fn id(seed: u8) -> KeyId {
    key(seed).public().id()
}

pub(crate) struct World {
    pub(crate) root: Root,
    pub(crate) timestamp: Timestamp,
    pub(crate) snapshot: Snapshot,
    pub(crate) targets: BTreeMap<String, Targets>,
    /// By role, the seeds of the keys that sign for it.
    pub(crate) signers: BTreeMap<String, Vec<u8>>,
    /// What the place serves.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// What it was asked for.
    pub(crate) asked: Vec<String>,
}

impl World {
    /// A publisher with one key for each role, all in version 1, good for thirty days.
    pub(crate) fn new() -> Self {
        let expires = NOW + 30 * DAY;
        let mut world = Self {
            root: Root::new(0, expires),
            timestamp: Timestamp::new(0, expires, MetaFile::of(1, b"")),
            snapshot: Snapshot::new(0, expires),
            targets: BTreeMap::from([("targets".to_owned(), Targets::new(0, expires))]),
            signers: BTreeMap::new(),
            files: BTreeMap::new(),
            asked: Vec::new(),
        };
        for (seed, role) in (1..).zip(["root", "targets", "snapshot", "timestamp"]) {
            world.assign(role, &[seed], 1);
        }
        world.publish(&["root", "targets", "snapshot", "timestamp"]);
        world
    }

    /// Has `threshold` of these keys sign for a top-level role; all of them do.
    pub(crate) fn assign(&mut self, role: &str, seeds: &[u8], threshold: u32) {
        for seed in seeds {
            self.root.keys.insert(id(*seed), key(*seed).public().clone());
        }
        self.root
            .roles
            .insert(role.to_owned(), Role::new(seeds.iter().map(|seed| id(*seed)).collect(), threshold));
        self.signers.insert(role.to_owned(), seeds.to_vec());
    }

    /// Makes a new version of each and serves it.
    pub(crate) fn publish(&mut self, roles: &[&str]) {
        for role in roles {
            match *role {
                "root" => {
                    self.root.version += 1;
                    let bytes = self.signed(role, &self.root);
                    self.serve(&format!("{}.root.json", self.root.version), bytes);
                }
                "timestamp" => {
                    self.timestamp.version += 1;
                    let bytes = self.signed(role, &self.timestamp);
                    self.serve("timestamp.json", bytes);
                }
                "snapshot" => {
                    self.snapshot.version += 1;
                    let bytes = self.signed(role, &self.snapshot);
                    let listed = MetaFile::of(self.snapshot.version, &bytes);
                    self.timestamp.meta.insert("snapshot.json".to_owned(), listed);
                    self.serve(&format!("{}.snapshot.json", self.snapshot.version), bytes);
                }
                role => self.publish_targets(role),
            }
        }
    }

    fn publish_targets(&mut self, role: &str) {
        let targets = self.targets.get_mut(role).unwrap();
        targets.version += 1;
        let version = targets.version;
        let bytes = self.signed(role, &self.targets[role]);
        self.snapshot.meta.insert(format!("{role}.json"), MetaFile::of(version, &bytes));
        self.serve(&format!("{version}.{}", file_name(role)), bytes);
    }

    pub(crate) fn all(&mut self) {
        self.publish(&["targets", "snapshot", "timestamp"]);
    }

    pub(crate) fn signed<T: Document>(&self, role: &str, document: &T) -> Vec<u8> {
        let mut envelope = Envelope::seal(document).unwrap();
        let signers = self.signers.get(role).into_iter().flatten();
        signers.for_each(|seed| envelope.sign(&key(*seed)).unwrap());
        envelope.to_bytes().unwrap()
    }

    pub(crate) fn serve(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.insert(name.to_owned(), bytes);
    }

    /// Has `delegator` delegate `paths` to a role, which gets targets of its own if it has none; `seed` signs.
    pub(crate) fn delegate(
        &mut self,
        delegator: &str,
        name: &str,
        seed: u8,
        paths: &[&str],
    ) -> &mut DelegatedRole {
        self.signers.entry(name.to_owned()).or_default().push(seed);
        self.targets.entry(name.to_owned()).or_insert_with(|| Targets::new(0, NOW + 30 * DAY));
        let role = DelegatedRole {
            name: name.to_owned(),
            terminating: false,
            paths: Some(paths.iter().map(|&path| path.to_owned()).collect()),
            path_hash_prefixes: None,
            role: Role::new(vec![id(seed)], 1),
        };
        let delegations = self.targets.get_mut(delegator).unwrap().delegations.get_or_insert_default();
        delegations.keys.insert(id(seed), key(seed).public().clone());
        delegations.roles.push(role);
        delegations.roles.last_mut().unwrap()
    }

    /// Has a role vouch for a file of these bytes.
    pub(crate) fn vouch(&mut self, role: &str, name: &str, bytes: &[u8]) {
        self.targets.get_mut(role).unwrap().targets.insert(name.to_owned(), Target::file(bytes));
    }

    /// A client who has the first root.
    pub(crate) fn client(&self) -> Trusted {
        let root = &self.files["1.root.json"];
        Trusted::first(root, ClaimedDigest::from(Digest::of(root))).unwrap()
    }

    pub(crate) fn refresh(&mut self, trusted: &mut Trusted, now: i64) -> Result<Refreshed, TrustError> {
        self.asked.clear();
        refresh(trusted, self, now)
    }
}

impl Source for World {
    fn fetch(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, SourceError> {
        self.asked.push(name.to_owned());
        let found = self.files.get(name).cloned();
        match found.as_ref().is_some_and(|bytes| bytes.len() as u64 > most) {
            true => Err(SourceError(format!("more than {most} bytes"))),
            false => Ok(found),
        }
    }
}

/// What a client kept: its files, as it would find them after its end.
pub(crate) struct Disk(pub(crate) BTreeMap<String, Vec<u8>>);

impl Disk {
    pub(crate) fn of(trusted: &Trusted) -> Self {
        Self(trusted.files().map(|(name, bytes)| (name, bytes.to_vec())).collect())
    }

    pub(crate) fn load(&mut self, floors: Floors) -> Result<Trusted, TrustError> {
        let publisher = Digest::of(b"whoever").into();
        Trusted::from_cache(publisher, self, floors)
    }
}

impl Source for Disk {
    fn fetch(&mut self, name: &str, _most: u64) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(self.0.get(name).cloned())
    }
}

/// The versions of root, timestamp, snapshot and top-level targets.
pub(crate) fn versions(trusted: &Trusted) -> [u64; 4] {
    let timestamp = trusted.timestamp.as_ref().map_or(0, |held| held.content.version);
    let snapshot = trusted.snapshot.as_ref().map_or(0, |held| held.content.version);
    [trusted.root().version, timestamp, snapshot, trusted.targets().map_or(0, |targets| targets.version)]
}
