//! Whatever a publisher does, in whatever order: a client that has seen any earlier state accepts the next one, and
//! believes of it what was signed.

use std::collections::BTreeMap;

use model::digest::{ClaimedDigest, Digest};
use proptest::prelude::*;

use super::world::*;
use crate::SourceError;
use crate::catalogue::{Catalogue, Doubt};
use crate::client::{Source, Trusted, refresh};
use crate::key::{Signer, SoftKey};
use crate::publisher::{Draft, Files, Keys, PublishError, Repository, RoleName, Validity};

const NAMES: [&str; 3] = ["app:1", "app:2", "web/app:1"];
const STAGES: [&str; 2] = ["dev", "prod"];

/// Something that a publisher does.
#[derive(Debug, Clone)]
enum Deed {
    Release(usize, u8),
    Promote(usize, usize),
    Revoke(u8),
    Restore(u8),
    Delegate(usize, u8),
    Remove(usize),
    /// The role by number; the key that comes.
    Rotate(usize, u8),
    Lose(u8),
    Threshold(u32),
    Renew(usize),
    Refresh,
    Wait(i64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0..NAMES.len(), 0..6u8).prop_map(|(name, digest)| Deed::Release(name, digest)),
        (0..NAMES.len(), 0..6u8).prop_map(|(name, digest)| Deed::Release(name, digest)),
        (0..STAGES.len(), 0..NAMES.len()).prop_map(|(stage, name)| Deed::Promote(stage, name)),
        (0..STAGES.len(), 0..NAMES.len()).prop_map(|(stage, name)| Deed::Promote(stage, name)),
        (0..6u8).prop_map(Deed::Revoke),
        (0..6u8).prop_map(Deed::Restore),
        (0..STAGES.len(), 31..36u8).prop_map(|(stage, key)| Deed::Delegate(stage, key)),
        (0..STAGES.len()).prop_map(Deed::Remove),
        (0..5usize, 1..40u8).prop_map(|(role, key)| Deed::Rotate(role, key)),
        (1..40u8).prop_map(Deed::Lose),
        (1..4u32).prop_map(Deed::Threshold),
        (0..5usize).prop_map(Deed::Renew),
        Just(Deed::Refresh),
        (0..40_000i64).prop_map(Deed::Wait),
    ]
}

fn role(number: usize) -> RoleName {
    match number {
        0 => RoleName::Root,
        1 => RoleName::Release,
        2 => RoleName::Online,
        other => of_stage(STAGES[other - 3]),
    }
}

/// The people, what they have published, and what everybody should believe.
struct World {
    repository: Repository,
    now: i64,
    releases: BTreeMap<String, Digest>,
    all: Vec<SoftKey>,
}

impl World {
    fn new() -> Self {
        let all = (1..40).map(key).collect();
        Self { repository: publisher(1), now: NOW, releases: BTreeMap::new(), all }
    }

    /// Everybody signs who may; whether something came of it.
    fn act(&mut self, deed: &Deed) -> Result<(), PublishError> {
        let signers: Vec<&dyn Signer> = self.all.iter().map(|key| key as &dyn Signer).collect();
        if let Deed::Refresh = deed {
            self.repository = self.repository.refreshed(&signers, Validity::default(), self.now)?;
            return Ok(());
        }
        let mut draft = Draft::of(self.repository.clone(), Validity::default());
        let signed = self.edit(&mut draft, deed)?;
        if draft.is_empty() {
            return Ok(());
        }
        let seen = draft.describe()?;
        assert!(seen.changes.iter().all(|change| !change.is_unusual()), "{:?}", seen.changes);
        draft.sign(&seen, &signers)?;
        assert_eq!(draft.missing(), []);
        self.repository = draft.publish(&signers, self.now)?.repository;
        self.releases.extend(signed);
        if let Deed::Remove(gone) = deed {
            self.releases.retain(|name, _| !name.starts_with(&format!("{}/", STAGES[*gone])));
        }
        Ok(())
    }

    fn edit(&self, draft: &mut Draft, deed: &Deed) -> Result<Option<(String, Digest)>, PublishError> {
        let (now, image) = (self.now, |number: &u8| Digest::of(&[*number]));
        match deed {
            Deed::Release(name, number) => {
                draft.release(NAMES[*name], image(number).into(), 100, now)?;
                return Ok(Some((NAMES[*name].to_owned(), image(number))));
            }
            Deed::Promote(to, name) => {
                let Some(digest) = self.releases.get(NAMES[*name]) else { return Ok(None) };
                draft.promote(&stage(STAGES[*to]), NAMES[*name], (*digest).into(), &[], now)?;
                return Ok(Some((format!("{}/{}", STAGES[*to], NAMES[*name]), *digest)));
            }
            Deed::Revoke(number) => draft.revoke(image(number).into(), "CVE-2026-1", now)?,
            Deed::Restore(number) => draft.restore(image(number).into(), now)?,
            Deed::Delegate(to, number) => {
                draft.delegate(&stage(STAGES[*to]), &keys(1, &[*number]), &[], now)?;
            }
            Deed::Remove(gone) => draft.remove_stage(&stage(STAGES[*gone]), now)?,
            Deed::Rotate(number, new) => {
                let old = draft.keys(&role(*number))?.keys[0].id();
                draft.rotate(&role(*number), &old, public(*new), now)?;
            }
            Deed::Lose(number) => draft.recover(&[public(*number).id()], &[], now)?,
            Deed::Threshold(threshold) => {
                let keys = draft.keys(&RoleName::Root)?;
                draft.set_keys(&RoleName::Root, &Keys { threshold: *threshold, ..keys }, now)?;
            }
            Deed::Renew(number) => draft.renew(&role(*number), now)?,
            Deed::Refresh | Deed::Wait(_) => {}
        }
        Ok(None)
    }
}

/// A registry that has exactly these files.
struct Shelf(Files);

impl Source for Shelf {
    fn fetch(&mut self, name: &str, _: u64) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(self.0.get(name).cloned())
    }
}

/// What a client has to find: every release and promotion, and nothing that was never signed.
fn believes(client: &mut Trusted, world: &World, shelf: &mut Shelf) -> Result<(), TestCaseError> {
    for (name, digest) in &world.releases {
        let target = client.target(name, shelf, world.now);
        let target = target.map_err(|error| TestCaseError::fail(format!("{name}: {error}")))?;
        prop_assert_eq!(target.and_then(|target| target.hashes.sha256()), Some((*digest).into()), "{}", name);
    }
    prop_assert_eq!(client.target("never:1", shelf, world.now).unwrap(), None);
    let catalogue = Catalogue::of(client, shelf, world.now);
    let catalogue = catalogue.map_err(|error| TestCaseError::fail(error.to_string()))?;
    let revoked = world.repository.revocations().unwrap();
    for (name, digest) in world.releases.iter().filter(|(name, _)| NAMES.contains(&name.as_str())) {
        let judged = catalogue.judge(Some(name), "", *digest, None, world.now);
        match revoked.get((*digest).into()) {
            Some(_) => prop_assert!(matches!(judged, Err(Doubt::Revoked { .. })), "{:?}", judged),
            None => {
                let promoted = |stage: &&str| world.releases.get(&format!("{stage}/{name}")) == Some(digest);
                let mut stages: Vec<&str> = STAGES.iter().copied().filter(promoted).collect();
                let judged = judged.map_err(|doubt| TestCaseError::fail(format!("{name}: {doubt}")))?;
                let mut reached: Vec<&str> = judged.stages().iter().map(String::as_str).collect();
                stages.sort_unstable();
                reached.sort_unstable();
                prop_assert_eq!(reached, stages, "{}", name);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_client_of_any_earlier_state_accepts_the_present_one(
        deeds in proptest::collection::vec(deed(), 1..14),
    ) {
        let mut world = World::new();
        let first = world.repository.files()["1.root.json"].clone();
        let fingerprint: ClaimedDigest = Digest::of(&first).into();
        let mut states = vec![Trusted::first(&first, fingerprint).unwrap()];
        for deed in deeds {
            if let Deed::Wait(seconds) = deed {
                world.now += seconds;
            }
            let before = world.repository.versions();
            // What cannot be done is refused, and changes nothing.
            let refused = world.act(&deed).is_err();
            prop_assert!(!refused || world.repository.versions() == before);
            // Time passes, and machines say that nothing is newer.
            let signers: Vec<&dyn Signer> = world.all.iter().map(|key| key as &dyn Signer).collect();
            if world.repository.is_due(Validity::default(), world.now) {
                world.repository =
                    world.repository.refreshed(&signers, Validity::default(), world.now).unwrap();
            }
            let files = world.repository.files();
            Repository::open(&files, &first, &before).unwrap();
            let mut shelf = Shelf(files);
            // Nobody has looked since: each goes on from the very state that it saw.
            let mut newest = None;
            for state in &states {
                let mut client = state.clone();
                let heard = refresh(&mut client, &mut shelf, world.now);
                prop_assert!(heard.is_ok(), "after {:?}: {}", deed, heard.unwrap_err());
                newest = Some(client);
            }
            let mut newest = newest.unwrap();
            believes(&mut newest, &world, &mut shelf)?;
            states.push(newest);
        }
    }
}
