//! The rules of the client once more, over facts instead of bytes, and as plainly as the specification has them: what
//! the client does with any history of any server has to be what is found here.

use std::collections::{BTreeMap, BTreeSet};

/// The four kinds of documents, which are also the four roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Root,
    Timestamp,
    Snapshot,
    Targets,
}

/// A key in a role's list, by its seed, and whether it is listed under an id that is not its own.
pub(crate) type Listed = (u8, Alias);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alias {
    Own,
    Other,
}

/// Who signs for a role.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    pub(crate) listed: Vec<Listed>,
    pub(crate) threshold: u32,
}

/// A version of another file, and its bytes, if hashes are listed.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) version: u64,
    pub(crate) bytes: Option<Vec<u8>>,
}

/// What is true of a file.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
    pub(crate) version: u64,
    pub(crate) expires: i64,
    /// The signatures that hold.
    pub(crate) signed: BTreeSet<Listed>,
    /// A root's.
    pub(crate) roles: BTreeMap<Kind, Keys>,
    /// A timestamp's, a snapshot's.
    pub(crate) listing: Option<Listing>,
}

impl Facts {
    fn signed_by(&self, keys: &Keys) -> bool {
        let signed = keys.listed.iter().filter(|listed| self.signed.contains(listed));
        let seeds: BTreeSet<u8> = signed.map(|(seed, _)| *seed).collect();
        seeds.len() >= keys.threshold as usize
    }

    fn is(&self, listing: &Listing) -> bool {
        self.version == listing.version && listing.bytes.as_ref().is_none_or(|bytes| *bytes == self.bytes)
    }

    fn seeds(&self, role: Kind) -> BTreeSet<u8> {
        self.roles[&role].listed.iter().map(|(seed, _)| *seed).collect()
    }
}

/// What a client that follows the rules believes.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) root: Facts,
    pub(crate) timestamp: Option<Facts>,
    pub(crate) snapshot: Option<Facts>,
    pub(crate) targets: Option<Facts>,
    floor_timestamp: u64,
    floor_snapshot: u64,
    floor_targets: u64,
    heard: i64,
}

/// What a server has, by name.
pub(crate) type Served = BTreeMap<String, Facts>;

type Step = Result<(), &'static str>;

fn holds(what: bool, otherwise: &'static str) -> Step {
    if what { Ok(()) } else { Err(otherwise) }
}

impl Reference {
    pub(crate) fn new(root: Facts) -> Self {
        Self {
            root,
            timestamp: None,
            snapshot: None,
            targets: None,
            floor_timestamp: 0,
            floor_snapshot: 0,
            floor_targets: 0,
            heard: 0,
        }
    }

    /// An update; an error is the code of the client's.
    pub(crate) fn refresh(&mut self, served: &Served, now: i64) -> Step {
        holds(now >= self.heard - 300, "E-trust-clock")?;
        self.roots(served)?;
        holds(self.root.expires > now, "E-trust-expired")?;
        self.update_timestamp(served, now)?;
        self.update_snapshot(served, now)?;
        self.update_targets(served, now)?;
        self.heard = self.heard.max(now);
        Ok(())
    }

    fn check(&self, file: &Facts, kind: Kind) -> Step {
        holds(file.kind == kind, "E-trust-format")?;
        holds(file.signed_by(&self.root.roles[&kind]), "E-trust-unsigned")
    }

    fn roots(&mut self, served: &Served) -> Step {
        loop {
            let next = self.root.version + 1;
            let Some(new) = served.get(&format!("{next}.root.json")).cloned() else { return Ok(()) };
            self.check(&new, Kind::Root)?;
            holds(new.signed_by(&new.roles[&Kind::Root]), "E-trust-unsigned")?;
            holds(new.version >= next, "E-trust-rollback")?;
            holds(new.version == next, "E-trust-version")?;
            let lost = |role| !self.root.seeds(role).is_subset(&new.seeds(role));
            if lost(Kind::Timestamp) || lost(Kind::Snapshot) {
                (self.timestamp, self.snapshot) = (None, None);
                (self.floor_timestamp, self.floor_snapshot, self.floor_targets) = (0, 0, 0);
            }
            self.root = new;
            let keep =
                |held: Option<Facts>, kind| held.filter(|held| held.signed_by(&self.root.roles[&kind]));
            let timestamp = keep(self.timestamp.take(), Kind::Timestamp);
            let snapshot = keep(self.snapshot.take(), Kind::Snapshot);
            let targets = keep(self.targets.take(), Kind::Targets);
            (self.timestamp, self.snapshot, self.targets) = (timestamp, snapshot, targets);
        }
    }

    fn update_timestamp(&mut self, served: &Served, now: i64) -> Step {
        let new = served.get("timestamp.json").ok_or("E-trust-missing")?;
        self.check(new, Kind::Timestamp)?;
        if let Some(held) = self.timestamp.as_ref().filter(|held| held.version == new.version) {
            return holds(held.expires > now, "E-trust-expired");
        }
        let listed = new.listing.as_ref().unwrap().version;
        holds(new.version >= self.floor_timestamp && listed >= self.floor_snapshot, "E-trust-rollback")?;
        holds(new.expires > now, "E-trust-expired")?;
        (self.floor_timestamp, self.floor_snapshot) = (new.version, listed);
        self.timestamp = Some(new.clone());
        Ok(())
    }

    fn update_snapshot(&mut self, served: &Served, now: i64) -> Step {
        let listing = self.timestamp.as_ref().unwrap().listing.clone().unwrap();
        if let Some(held) = self.snapshot.as_ref().filter(|held| held.is(&listing)) {
            return holds(held.expires > now, "E-trust-expired");
        }
        let new = served.get(&format!("{}.snapshot.json", listing.version)).ok_or("E-trust-missing")?;
        holds(listing.bytes.is_none_or(|bytes| bytes == new.bytes), "E-trust-mixed")?;
        self.check(new, Kind::Snapshot)?;
        holds(new.version == listing.version, "E-trust-version")?;
        let listed = new.listing.as_ref().unwrap().version;
        holds(listed >= self.floor_targets, "E-trust-rollback")?;
        holds(new.expires > now, "E-trust-expired")?;
        self.floor_targets = listed;
        self.snapshot = Some(new.clone());
        Ok(())
    }

    fn update_targets(&mut self, served: &Served, now: i64) -> Step {
        let listing = self.snapshot.as_ref().unwrap().listing.clone().unwrap();
        if let Some(held) = self.targets.as_ref().filter(|held| held.is(&listing)) {
            return holds(held.expires > now, "E-trust-expired");
        }
        let new = served.get(&format!("{}.targets.json", listing.version)).ok_or("E-trust-missing")?;
        holds(listing.bytes.is_none_or(|bytes| bytes == new.bytes), "E-trust-mixed")?;
        self.check(new, Kind::Targets)?;
        holds(new.version == listing.version, "E-trust-version")?;
        holds(new.expires > now, "E-trust-expired")?;
        self.targets = Some(new.clone());
        Ok(())
    }
}
