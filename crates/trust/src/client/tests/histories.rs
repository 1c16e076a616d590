//! Histories of publishers and servers, honest ones and others, made of whatever bytes proptest has: the client does
//! what the reference does, and no version that was seen goes down.

use std::collections::{BTreeMap, BTreeSet};

use model::digest::Digest;
use proptest::collection::vec;
use proptest::prelude::*;

use super::reference::{Alias, Facts, Keys, Kind, Listed, Listing, Reference, Served};
use super::world::{DAY, Disk, NOW, id, key};
use crate::SourceError;
use crate::client::{Source, Trusted, refresh};
use crate::key::{KeyId, Signer as _};
use crate::metadata::{Document, Envelope, MetaFile, Role, Root, Signature, Snapshot, Targets, Timestamp};
use model::hex;

const KINDS: [Kind; 4] = [Kind::Root, Kind::Timestamp, Kind::Snapshot, Kind::Targets];

/// How many keys there are.
const SEEDS: u8 = 4;

/// Numbers, until the bytes are used up; then zeros.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn below(&mut self, limit: u8) -> u8 {
        self.0.next().copied().unwrap_or(0) % limit
    }

    /// Rarely.
    fn odd(&mut self) -> bool {
        self.below(8) == 7
    }
}

/// Whoever makes files, with or without a right to.
struct Maker {
    /// The latest file of each kind.
    latest: BTreeMap<Kind, Facts>,
    served: Served,
    /// Everything that was ever made, to be served again.
    archive: Vec<Facts>,
    /// The keys that a new root is going to name.
    roles: BTreeMap<Kind, Keys>,
}

fn role_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Root => Root::TYPE,
        Kind::Timestamp => Timestamp::TYPE,
        Kind::Snapshot => Snapshot::TYPE,
        Kind::Targets => Targets::TYPE,
    }
}

fn listed_id((seed, alias): Listed) -> KeyId {
    match alias {
        Alias::Own => id(seed),
        Alias::Other => KeyId::new(format!("alias {seed}")),
    }
}

fn meta(listing: &Listing) -> MetaFile {
    let bytes = listing.bytes.as_deref();
    let hashes = bytes.map(crate::metadata::Hashes::of);
    MetaFile { version: listing.version, length: None, hashes, other: serde_json::Map::new() }
}

impl Maker {
    fn new() -> Self {
        let keys = |seed| Keys { listed: vec![(seed, Alias::Own)], threshold: 1 };
        let roles = KINDS.into_iter().zip(1..).map(|(kind, seed)| (kind, keys(seed))).collect();
        let mut maker = Self { latest: BTreeMap::new(), served: BTreeMap::new(), archive: Vec::new(), roles };
        let mut honest = Dice([].iter());
        for kind in [Kind::Root, Kind::Targets, Kind::Snapshot, Kind::Timestamp] {
            maker.make(kind, &mut honest);
        }
        maker
    }

    /// Makes a file and serves it; the more zeros the dice show, the more honestly.
    fn make(&mut self, kind: Kind, dice: &mut Dice<'_>) {
        let before = self.latest.get(&kind).map_or(0, |facts| facts.version);
        let version = match dice.below(12) {
            0..=8 => before + 1,
            9 => before + 2,
            10 => before.max(1),
            _ => before.saturating_sub(1).max(1),
        };
        let expires = NOW + i64::from([30, 30, 30, 30, 3, 1][usize::from(dice.below(6))]) * DAY;
        let signers = self.signers(kind, dice);
        let listing = match kind {
            Kind::Timestamp => self.listing(Kind::Snapshot, dice),
            Kind::Snapshot => self.listing(Kind::Targets, dice),
            Kind::Root | Kind::Targets => None,
        };
        let facts = self.facts(kind, version, expires, signers, listing);
        let name = match kind {
            Kind::Timestamp => "timestamp.json".to_owned(),
            _ => {
                let number = if dice.odd() { version + 1 } else { version };
                format!("{number}.{}.json", role_name(kind))
            }
        };
        self.archive.push(facts.clone());
        self.latest.insert(kind, facts.clone());
        self.served.insert(name, facts);
    }

    /// Whoever signs for the role now and will, or some of them, or anybody.
    fn signers(&self, kind: Kind, dice: &mut Dice<'_>) -> BTreeSet<Listed> {
        let latest = self.latest.get(&Kind::Root).filter(|_| kind == Kind::Root);
        let old = latest.into_iter().flat_map(|root| root.roles[&kind].listed.clone());
        let mut signers: BTreeSet<Listed> = self.roles[&kind].listed.iter().copied().chain(old).collect();
        if dice.odd() {
            signers.pop_first();
        }
        if dice.odd() {
            signers.insert((1 + dice.below(SEEDS), Alias::Other));
        }
        if dice.odd() {
            signers.insert((1 + dice.below(SEEDS), Alias::Own));
        }
        signers
    }

    fn listing(&self, kind: Kind, dice: &mut Dice<'_>) -> Option<Listing> {
        let mut about = self.latest[&kind].clone();
        if dice.odd() {
            let same: Vec<&Facts> = self.archive.iter().filter(|facts| facts.kind == kind).collect();
            about = same[usize::from(dice.below(255)) % same.len()].clone();
        }
        let version = if dice.odd() { about.version + 1 } else { about.version };
        Some(Listing { version, bytes: (!dice.odd()).then_some(about.bytes) })
    }

    fn facts(
        &self,
        kind: Kind,
        version: u64,
        expires: i64,
        signers: BTreeSet<Listed>,
        listing: Option<Listing>,
    ) -> Facts {
        let listed = listing.as_ref().map(meta);
        let bytes = match kind {
            Kind::Root => signed(&self.root(version, expires), &signers),
            Kind::Timestamp => signed(&Timestamp::new(version, expires, listed.unwrap()), &signers),
            Kind::Snapshot => {
                let mut snapshot = Snapshot::new(version, expires);
                snapshot.meta.insert("targets.json".to_owned(), listed.unwrap());
                signed(&snapshot, &signers)
            }
            Kind::Targets => signed(&Targets::new(version, expires), &signers),
        };
        let roles = if kind == Kind::Root { self.roles.clone() } else { BTreeMap::new() };
        Facts { kind, bytes, version, expires, signed: signers, roles, listing }
    }

    fn root(&self, version: u64, expires: i64) -> Root {
        let mut root = Root::new(version, expires);
        for (kind, keys) in &self.roles {
            let ids = keys.listed.iter().map(|listed| listed_id(*listed)).collect();
            root.roles.insert(role_name(*kind).to_owned(), Role::new(ids, keys.threshold));
            let keys = keys.listed.iter().map(|listed| (listed_id(*listed), key(listed.0).public().clone()));
            root.keys.extend(keys);
        }
        root
    }

    /// Gives a role other keys, and perhaps begins anew with its versions, as after a theft.
    fn rotate(&mut self, dice: &mut Dice<'_>) {
        let kind = KINDS[usize::from(dice.below(4))];
        let number = 1 + dice.below(3);
        let alias = |dice: &mut Dice<'_>| if dice.below(3) == 2 { Alias::Other } else { Alias::Own };
        let mut listed: Vec<Listed> = (0..number).map(|_| (1 + dice.below(SEEDS), alias(dice))).collect();
        if dice.below(4) == 3 {
            // One key under two ids.
            listed = vec![(listed[0].0, Alias::Own), (listed[0].0, Alias::Other)];
        }
        let threshold = 1 + u32::from(dice.below(2));
        self.roles.insert(kind, Keys { listed, threshold });
        self.make(Kind::Root, dice);
        if kind != Kind::Root && dice.below(2) == 1 {
            if let Some(latest) = self.latest.get_mut(&kind) {
                latest.version = 0;
            }
            self.make(kind, dice);
            self.make(Kind::Timestamp, dice);
        }
    }

    /// Something happens at the publisher's, or at the place that serves their files.
    fn turn(&mut self, dice: &mut Dice<'_>) {
        match dice.below(10) {
            0..=2 => KINDS.into_iter().rev().for_each(|kind| {
                if kind != Kind::Root {
                    self.make(kind, dice);
                }
            }),
            3 => self.make(Kind::Timestamp, dice),
            4 => self.make(Kind::Snapshot, dice),
            5 => self.make(Kind::Targets, dice),
            6 => self.make(Kind::Root, dice),
            7 => self.rotate(dice),
            8 => {
                // An old file, under its own name or that of another one.
                let old = self.archive[usize::from(dice.below(255)) % self.archive.len()].clone();
                let names: Vec<String> = self.served.keys().cloned().collect();
                let name = match dice.below(3) {
                    0 if old.kind == Kind::Timestamp => "timestamp.json".to_owned(),
                    _ => names[usize::from(dice.below(255)) % names.len()].clone(),
                };
                self.served.insert(name, old);
            }
            _ => {
                let names: Vec<String> = self.served.keys().cloned().collect();
                self.served.remove(&names[usize::from(dice.below(255)) % names.len()]);
            }
        }
        if self.served.is_empty() {
            self.make(Kind::Timestamp, dice);
        }
    }
}

fn signed<T: Document>(document: &T, signers: &BTreeSet<Listed>) -> Vec<u8> {
    let mut envelope = Envelope::seal(document).unwrap();
    for listed in signers {
        let sig = hex::encode(&key(listed.0).sign(envelope.message()).unwrap());
        envelope.add(Signature { keyid: listed_id(*listed), sig });
    }
    envelope.to_bytes().unwrap()
}

struct Place<'a>(&'a Served);

impl Source for Place<'_> {
    fn fetch(&mut self, name: &str, _most: u64) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(self.0.get(name).map(|facts| facts.bytes.clone()))
    }
}

/// The files of either, to be compared.
fn believed(reference: &Reference) -> [Option<&[u8]>; 4] {
    [
        Some(reference.root.bytes.as_slice()),
        reference.timestamp.as_ref().map(|facts| facts.bytes.as_slice()),
        reference.snapshot.as_ref().map(|facts| facts.bytes.as_slice()),
        reference.targets.as_ref().map(|facts| facts.bytes.as_slice()),
    ]
}

fn files(disk: &Disk) -> [Option<&[u8]>; 4] {
    ["root.json", "timestamp.json", "snapshot.json", "targets.json"]
        .map(|name| disk.0.get(name).map(Vec::as_slice))
}

/// Plays a history; returns how many updates went through, and how many did not.
fn play(bytes: &[u8]) -> (usize, usize) {
    let mut dice = Dice(bytes.iter());
    let mut maker = Maker::new();
    let first = maker.served["1.root.json"].clone();
    let mut reference = Reference::new(first.clone());
    let mut trusted = Trusted::first(&first.bytes, Digest::of(&first.bytes).into()).unwrap();
    let (mut now, mut outcomes) = (NOW, (0, 0));
    while dice.0.len() > 0 {
        (0..=dice.below(3)).for_each(|_| maker.turn(&mut dice));
        now += i64::from(dice.below(4)) * DAY / 2 - if dice.odd() { DAY } else { 0 };
        let before = trusted.floors().clone();
        let expected = reference.refresh(&maker.served, now);
        let found = refresh(&mut trusted, &mut Place(&maker.served), now);
        assert_eq!(
            found.as_ref().map(drop).map_err(|error| error.code()),
            expected.as_ref().map(drop).map_err(|code| *code)
        );
        let disk = Disk::of(&trusted);
        assert_eq!(files(&disk), believed(&reference));
        let after = trusted.floors();
        assert!(after.root >= before.root && after.heard >= before.heard);
        if after.root == before.root {
            assert!(after.timestamp >= before.timestamp && after.snapshot >= before.snapshot);
            assert!(before.files.iter().all(|(file, version)| after.files[file] >= *version));
        }
        match found {
            Ok(_) => outcomes.0 += 1,
            Err(_) => outcomes.1 += 1,
        }
        if dice.odd() {
            restart(&mut trusted, &mut reference, disk, &mut dice);
        }
    }
    outcomes
}

/// The client ends and begins again, perhaps without one of its files.
fn restart(trusted: &mut Trusted, reference: &mut Reference, mut disk: Disk, dice: &mut Dice<'_>) {
    match dice.below(5) {
        0 => reference.timestamp = disk.0.remove("timestamp.json").and(None),
        1 => reference.snapshot = disk.0.remove("snapshot.json").and(None),
        2 => reference.targets = disk.0.remove("targets.json").and(None),
        _ => {}
    }
    // Which roles there are is the snapshot's to say.
    if reference.snapshot.is_none() {
        reference.targets = None;
    }
    *trusted = disk.load(trusted.floors().clone()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_client_does_what_the_reference_does(bytes in vec(any::<u8>(), 0..300)) {
        play(&bytes);
    }
}

/// A history in which nothing goes wrong, and one in which things do: the property is about something.
#[test]
fn histories_have_updates_that_go_through_and_others() {
    let honest = play(&[0; 300]);
    assert!(honest.0 > 8 && honest.1 == 0, "{honest:?}");
    let mut state = 1_u32;
    let bytes: Vec<u8> = (0..4000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let outcomes = bytes.chunks(200).map(play).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert!(outcomes.0 > 20 && outcomes.1 > 20, "{outcomes:?}");
}
