//! Section 5.2, "load trusted root metadata", and what was kept of an earlier update.

use std::collections::BTreeMap;

use model::digest::{ClaimedDigest, Digest};

use super::held::Held;
use super::limits::{MOST_FILE, MOST_METADATA, MOST_ROOTS, MOST_TARGETS};
use super::source::{Source, look};
use super::{Floors, Trusted};
use crate::TrustError;
use crate::metadata::{Document, Envelope, Root, Snapshot, Targets, Timestamp, file_name};
use crate::publisher::REVOKED;

impl Trusted {
    /// 5.2: "We assume that a good, trusted copy of this file was shipped [...] using an out-of-band process": here it
    /// is the fingerprint that was, and the file may come from anywhere.
    ///
    /// # Errors
    /// [`TrustError::Fingerprint`] for any other root; a root that is not signed by itself.
    pub fn first(root: &[u8], fingerprint: ClaimedDigest) -> Result<Self, TrustError> {
        let found = Digest::of(root).into();
        if found != fingerprint {
            return Err(TrustError::Fingerprint { pinned: fingerprint, found });
        }
        let root = own_root(root.to_vec())?;
        // Note that the expiration of the trusted root metadata file does not matter, because we will attempt to
        // update it in the next step.
        let floors = Floors { root: root.content.version, ..Floors::default() };
        Ok(Self::of(fingerprint, root, floors))
    }

    /// Looks among the roots of `source`, whose versions begin with 1, for the one with that fingerprint.
    ///
    /// # Errors
    /// [`TrustError::Stranger`] if none has it.
    pub fn find(fingerprint: ClaimedDigest, source: &mut dyn Source) -> Result<Self, TrustError> {
        for version in 1..=MOST_ROOTS {
            let Some(root) = look(source, &format!("{version}.root.json"), MOST_METADATA)? else { break };
            if ClaimedDigest::from(Digest::of(&root)) == fingerprint {
                return Self::first(&root, fingerprint);
            }
        }
        Err(TrustError::Stranger(fingerprint))
    }

    /// What [`Trusted::files`] gave, read again from `cache`. The root is believed because it was kept; everything else
    /// is verified anew by those who delegate to it now, and left out if it does not hold: it is fetched again then.
    /// Whoever keeps both writes the floors first, so that a crash in between leaves files that are merely too old.
    ///
    /// # Errors
    /// [`TrustError`] if the root is missing or damaged.
    pub fn from_cache(
        publisher: ClaimedDigest,
        cache: &mut dyn Source,
        floors: Floors,
    ) -> Result<Self, TrustError> {
        let root = look(cache, "root.json", MOST_METADATA)?;
        let root = own_root(root.ok_or_else(|| TrustError::Missing("root.json".to_owned()))?)?;
        let floors = Floors { root: floors.root.max(root.content.version), ..floors };
        let mut trusted = Self::of(publisher, root, floors);
        trusted.load_timestamp(cache)?;
        trusted.load_snapshot(cache)?;
        trusted.load_targets(cache)?;
        Ok(trusted)
    }

    fn of(publisher: ClaimedDigest, root: Held<Root>, floors: Floors) -> Self {
        Self {
            publisher,
            root,
            timestamp: None,
            snapshot: None,
            targets: BTreeMap::new(),
            kept: BTreeMap::new(),
            files: BTreeMap::new(),
            floors,
        }
    }

    fn load_timestamp(&mut self, cache: &mut dyn Source) -> Result<(), TrustError> {
        let held: Option<Held<Timestamp>> = load(cache, "timestamp.json", &self.root.content)?;
        if let Some(held) = held.filter(|held| self.floors.check_timestamp(&held.content).is_ok()) {
            self.floors.raise_timestamp(&held.content);
            self.timestamp = Some(held);
        }
        Ok(())
    }

    fn load_snapshot(&mut self, cache: &mut dyn Source) -> Result<(), TrustError> {
        let held: Option<Held<Snapshot>> = load(cache, "snapshot.json", &self.root.content)?;
        if let Some(held) = held.filter(|held| self.floors.check_snapshot(&held.content).is_ok()) {
            self.floors.raise_snapshot(&held.content);
            self.snapshot = Some(held);
        }
        Ok(())
    }

    /// Files of delegated roles are read and not verified: that needs whoever delegates to them.
    fn load_targets(&mut self, cache: &mut dyn Source) -> Result<(), TrustError> {
        let authority = self.root.content.authority(Targets::TYPE);
        let listed = self.snapshot.iter().flat_map(|held| held.content.meta.keys());
        let roles: Vec<String> =
            listed.filter_map(|file| Some(file.strip_suffix(".json")?.to_owned())).collect();
        for role in roles {
            let file = file_name(&role);
            let Some(bytes) = look(cache, &file, MOST_TARGETS)? else { continue };
            if role != Targets::TYPE {
                self.kept.insert(role, bytes);
            } else if let Ok(held) = Held::verified(&file, bytes, MOST_TARGETS, authority.clone()) {
                self.targets.insert(role, held);
            }
        }
        self.load_list(cache)
    }

    fn load_list(&mut self, cache: &mut dyn Source) -> Result<(), TrustError> {
        let list = self.targets().and_then(|targets| targets.targets.get(REVOKED));
        let Some(name) = list.map(|target| self.stored(REVOKED, target)) else { return Ok(()) };
        if let Some(bytes) = look(cache, &name, MOST_FILE)? {
            self.files.insert(name, bytes);
        }
        Ok(())
    }

    /// Lets go of what the present root does not vouch for.
    pub(super) fn reconsider(&mut self) {
        let root = &self.root.content;
        let (timestamp, snapshot) = (root.authority(Timestamp::TYPE), root.authority(Snapshot::TYPE));
        self.timestamp = self.timestamp.take().and_then(|held| held.confirmed(MOST_METADATA, &timestamp));
        self.snapshot = self.snapshot.take().and_then(|held| held.confirmed(MOST_METADATA, &snapshot));
        let targets = root.authority(Targets::TYPE);
        self.targets.retain(|role, held| role != Targets::TYPE || held.confirm(MOST_TARGETS, &targets));
    }
}

fn own_root(bytes: Vec<u8>) -> Result<Held<Root>, TrustError> {
    let malformed = |error| TrustError::Format { file: "root.json".to_owned(), error };
    let claimed: Root =
        Envelope::open(&bytes, MOST_METADATA).and_then(|envelope| envelope.claimed()).map_err(malformed)?;
    Held::verified("root.json", bytes, MOST_METADATA, claimed.authority(Root::TYPE))
}

/// A file that the root names who signs; nothing if it does not hold.
fn load<T: Document>(cache: &mut dyn Source, file: &str, root: &Root) -> Result<Option<Held<T>>, TrustError> {
    let bytes = look(cache, file, MOST_METADATA)?;
    Ok(bytes.and_then(|bytes| Held::verified(file, bytes, MOST_METADATA, root.authority(T::TYPE)).ok()))
}
