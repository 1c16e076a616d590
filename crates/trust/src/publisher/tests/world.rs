//! Keys that are the same in every run, and a publisher that has them.

use model::digest::{ClaimedDigest, Digest};

use crate::key::{PublicKey, Signer, SoftKey};
use crate::publisher::{
    Draft, Files, Keys, Plan, PublishError, Repository, RoleName, StageName, Validity, Versions,
};

/// A Thursday.
pub(super) const NOW: i64 = 1_795_694_400;

pub(super) fn key(number: u8) -> SoftKey {
    SoftKey::from_seed(&[number; 32]).unwrap()
}

pub(super) fn public(number: u8) -> PublicKey {
    key(number).public().clone()
}

/// `threshold` of these keys.
pub(super) fn keys(threshold: u32, numbers: &[u8]) -> Keys {
    Keys { keys: numbers.iter().map(|number| public(*number)).collect(), threshold }
}

pub(super) fn digest(text: &str) -> ClaimedDigest {
    Digest::of(text.as_bytes()).into()
}

pub(super) fn stage(name: &str) -> StageName {
    name.parse().unwrap()
}

pub(super) fn of_stage(name: &str) -> RoleName {
    RoleName::Stage(stage(name))
}

/// Keys 1 to 3 are root's, two of which have to sign; 11 and 12 are release's; 21 is online.
pub(super) fn plan(release: u32) -> Plan {
    Plan { root: keys(2, &[1, 2, 3]), release: keys(release, &[11, 12]), online: keys(1, &[21]) }
}

/// Describes and signs with these keys.
pub(super) fn sign(draft: &mut Draft, numbers: &[u8]) -> Result<usize, PublishError> {
    let keys: Vec<SoftKey> = numbers.iter().map(|number| key(*number)).collect();
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    let seen = draft.describe()?;
    draft.sign(&seen, &signers).map(|given| given.len())
}

pub(super) fn publish(draft: &Draft, online: u8) -> Result<Repository, PublishError> {
    draft.publish(&[&key(online)], NOW).map(|published| published.repository)
}

/// A publisher that has published nothing but itself; so many of its release keys have to sign.
pub(super) fn publisher(release: u32) -> Repository {
    let mut draft = Draft::init(&plan(release), Validity::default(), NOW).unwrap();
    sign(&mut draft, &[1, 2, 11, 12]).unwrap();
    publish(&draft, 21).unwrap()
}

pub(super) fn draft(base: &Repository) -> Draft {
    Draft::of(base.clone(), Validity::default())
}

/// The next signer's copy of a draft, as it comes from a registry.
pub(super) fn passed_on(draft: &Draft) -> Draft {
    resumed(draft.base().unwrap(), &draft.files()).unwrap()
}

pub(super) fn resumed(base: &Repository, files: &Files) -> Result<Draft, PublishError> {
    Draft::resume(Some(base.clone()), files, Validity::default())
}

/// A change by people who have all the keys that it takes.
pub(super) fn changed(
    base: &Repository,
    numbers: &[u8],
    change: impl FnOnce(&mut Draft) -> Result<(), PublishError>,
) -> Repository {
    let mut draft = draft(base);
    change(&mut draft).unwrap();
    sign(&mut draft, numbers).unwrap();
    assert_eq!(draft.missing(), []);
    publish(&draft, 21).unwrap()
}

/// The repository as somebody finds it who knew `before`.
pub(super) fn reopened(repository: &Repository, before: &Repository) -> Result<Repository, PublishError> {
    Repository::open(&repository.files(), before.root(), &before.versions())
}

pub(super) fn opened(files: &Files, root: &[u8]) -> Result<Repository, PublishError> {
    Repository::open(files, root, &Versions::default())
}

pub(super) fn words(draft: &Draft) -> Vec<String> {
    draft.describe().unwrap().changes.iter().map(ToString::to_string).collect()
}
