//! A publisher with all their keys at hand: two of three for the root, one for releases, one online.

use engine::trust::Files;
use model::digest::{ClaimedDigest, Digest};
use trust::key::{PublicKey, Signer, SoftKey};
use trust::publisher::{Draft, Keys, Plan, Repository, Requirement, RoleName, StageName, Validity};

use super::engine;
use super::place::clock;
use super::scene::DAY;
use super::shipping::Image;

/// What is said of what is current holds for a day.
pub(crate) fn daily() -> Validity {
    Validity { timestamp: DAY, ..Validity::default() }
}

pub(crate) struct Publisher {
    keys: Vec<SoftKey>,
    repository: Repository,
}

fn key(seed: u8) -> SoftKey {
    SoftKey::from_seed(&[seed; 32]).unwrap()
}

fn public(keys: &[SoftKey]) -> Vec<PublicKey> {
    keys.iter().map(|key| key.public().clone()).collect()
}

fn now() -> i64 {
    clock().seconds
}

impl Publisher {
    /// A new one; others have another number.
    pub(crate) fn new(number: u8) -> Self {
        let keys: Vec<SoftKey> = (0..5).map(|seed| key(number * 16 + seed)).collect();
        let plan = Plan {
            root: Keys { keys: public(&keys[..3]), threshold: 2 },
            release: Keys::one(keys[3].public().clone()),
            online: Keys::one(keys[4].public().clone()),
        };
        let draft = Draft::init(&plan, daily(), now()).unwrap();
        let repository = published(draft, &keys);
        Self { keys, repository }
    }

    /// Of the very first root.
    pub(crate) fn fingerprint(&self) -> ClaimedDigest {
        Digest::of(&self.repository.files()["1.root.json"]).into()
    }

    pub(crate) fn files(&self) -> Files {
        Files::of(self.repository.files()).unwrap()
    }

    pub(crate) fn change(&mut self, edit: impl FnOnce(&mut Draft, i64)) {
        let mut draft = Draft::of(self.repository.clone(), daily());
        edit(&mut draft, now());
        self.repository = published(draft, &self.keys);
    }

    pub(crate) fn sign(&mut self, name: &str, image: &Image) {
        let (digest, length) = (Digest::of(&image.manifest).into(), image.manifest.len() as u64);
        self.change(|draft, now| draft.release(name, digest, length, now).unwrap());
    }

    /// Lets a release through a new stage, whose key is the one for releases.
    pub(crate) fn promote(&mut self, stage: &str, name: &str, image: &Image) {
        let stage: StageName = stage.parse().unwrap();
        let keys = Keys::one(self.keys[3].public().clone());
        self.change(|draft, now| draft.delegate(&stage, &keys, &[], now).unwrap());
        let digest = Digest::of(&image.manifest).into();
        self.change(|draft, now| draft.promote(&stage, name, digest, &[], now).unwrap());
    }

    /// Makes or changes a stage that wants to know who built what comes so far, by the word of a key.
    pub(crate) fn requires_build(&mut self, stage: &str, key: &PublicKey) {
        let stage: StageName = stage.parse().unwrap();
        let keys = Keys::one(self.keys[3].public().clone());
        let required = Requirement { kind: "provenance".to_owned(), keys: vec![key.clone()] };
        self.change(|draft, now| draft.delegate(&stage, &keys, &[required], now).unwrap());
    }

    pub(crate) fn revoke(&mut self, image: &Image) {
        let digest = Digest::of(&image.manifest).into();
        self.change(|draft, now| draft.revoke(digest, "CVE-2026-1", now).unwrap());
    }

    /// Says again that nothing is newer.
    pub(crate) fn renew(&mut self) {
        let online: &dyn Signer = &self.keys[4];
        self.repository = self.repository.refreshed(&[online], daily(), now()).unwrap();
    }

    /// Other keys for releases and online.
    pub(crate) fn rotate(&mut self, number: u8) {
        let (release, online) = (key(number), key(number + 1));
        let old = public(&self.keys);
        let new = (release.public().clone(), online.public().clone());
        self.keys.extend([release, online]);
        self.change(|draft, now| {
            draft.rotate(&RoleName::Release, &old[3].id(), new.0, now).unwrap();
            draft.rotate(&RoleName::Online, &old[4].id(), new.1, now).unwrap();
        });
        self.keys.drain(3..5);
    }

    /// One of the root's keys is lost, and so is the one for releases; the others go on without them.
    pub(crate) fn lose_keys(&mut self, number: u8) {
        let (root, release) = (key(number), key(number + 1));
        let lost = [self.keys.remove(0), self.keys.remove(2)].map(|key| key.public().id());
        let new = [(RoleName::Root, root.public().clone()), (RoleName::Release, release.public().clone())];
        self.keys.insert(0, root);
        self.keys.insert(3, release);
        self.change(|draft, now| draft.recover(&lost, &new, now).unwrap());
    }

    pub(crate) fn online(&self) -> &SoftKey {
        &self.keys[4]
    }

    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The draft of a release that lacks all signatures.
    pub(crate) fn draft(&self, name: &str, image: &Image) -> Draft {
        let (digest, length) = (Digest::of(&image.manifest).into(), image.manifest.len() as u64);
        let mut draft = Draft::of(self.repository.clone(), daily());
        draft.release(name, digest, length, now()).unwrap();
        draft
    }

    pub(crate) fn signed(&self, mut draft: Draft) -> Draft {
        sign(&mut draft, &self.keys);
        draft
    }
}

fn sign(draft: &mut Draft, keys: &[SoftKey]) {
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    let seen = draft.describe().unwrap();
    draft.sign(&seen, &signers).unwrap();
}

fn published(mut draft: Draft, keys: &[SoftKey]) -> Repository {
    sign(&mut draft, keys);
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    draft.publish(&signers, now()).unwrap().repository
}
