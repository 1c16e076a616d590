//! A change of what a publisher says: read, verified, edited, shown, signed, and put where it belongs.

use ledger::Durability;
use model::digest::{ClaimedDigest, Digest};
use trust::key::{KeyId, Signer};
use trust::publisher::{Draft, Given, PublishError, Repository, RoleName, Versions};

use super::desk::Desk;
use super::notes;
use super::outcome::{First, Outcome, State};
use super::retired::named;
use super::whose::{Begun, Publisher, Sent, Whose};
use super::{EngineError, PublishingError, packed, unpacked};
use crate::book::Kind;
use crate::engine::Engine;
use crate::trust::files::root_version;
use crate::trust::{Carrier, Edition, Files, Place, Published, Revision};

/// What there is before a change.
struct There {
    base: Option<Repository>,
    /// What stands for the published files.
    latest: Option<Revision>,
    begun: Option<Published>,
    /// Documents that are nowhere but here.
    first: Option<Files>,
    /// The root that somebody named, where nothing but a draft has it.
    named: Option<Vec<u8>>,
}

impl Engine {
    /// Makes a change, and writes it down. The same edit on top of the same documents adds nothing but signatures.
    pub(super) fn amend(
        &self,
        kind: Kind,
        desk: &mut Desk<'_>,
        publisher: &mut Publisher,
        whose: &Whose,
        edit: &dyn Fn(&mut Draft) -> Result<(), PublishError>,
    ) -> Result<Outcome, EngineError> {
        // Who cannot write history down finds out before anything is signed.
        let book = self.book()?;
        let outcome = self.amended(desk, publisher, whose, edit)?;
        if !matches!(outcome.state, State::Unchanged) {
            book.append(&outcome.entry(kind, self.now()), Durability::Flushed)?;
        }
        Ok(outcome)
    }

    fn amended(
        &self,
        desk: &mut Desk<'_>,
        publisher: &mut Publisher,
        whose: &Whose,
        edit: &dyn Fn(&mut Draft) -> Result<(), PublishError>,
    ) -> Result<Outcome, EngineError> {
        let there = self.there(desk, publisher, whose)?;
        let validity = publisher.notes.validity();
        let (mut draft, asked) = match (there.alone(validity, edit)?, there.begun(validity)?) {
            (Some(alone), None) => (alone.clone(), Some(alone.describe()?)),
            (alone, Some(mut begun)) => {
                edit(&mut begun)?;
                (begun, alone.map(|alone| alone.describe()).transpose()?)
            }
            (None, None) => return Err(root_unknown(publisher)),
        };
        let seen = draft.describe()?;
        let others = match &asked {
            Some(asked) => seen.beyond(asked),
            None => seen.changes.clone(),
        };
        if !others.is_empty() && !desk.guard.agrees(&others) {
            return Err(PublishingError::Declined(others).into());
        }
        let given = sign(desk, publisher, &mut draft, &seen)?;
        // What waited here unpublished was said when it was made.
        let changes = match (asked, there.alone(validity, &|_| Ok(()))?) {
            (Some(asked), Some(before)) => asked.beyond(&before.describe()?),
            _ => Vec::new(),
        };
        let changes = if changes.is_empty() { seen.changes } else { changes };
        let state = self.hand_on(desk, publisher, &draft, &there)?;
        Ok(Outcome {
            publisher: publisher.keyring.name().to_owned(),
            place: publisher.place.clone(),
            changes,
            given,
            dropped: draft.dropped().to_vec(),
            missing: draft.missing(),
            state,
        })
    }

    /// What was published and begun, as far as it is the publisher's.
    fn there(&self, desk: &Desk<'_>, publisher: &Publisher, whose: &Whose) -> Result<There, EngineError> {
        let carrier = Carrier::Registry(publisher.place.clone());
        let latest = self.published(desk.registries, &carrier, Edition::Latest)?;
        let begun = self.published(desk.registries, &carrier, Edition::Pending)?;
        let base = latest.as_ref().map(|latest| self.opened(publisher, whose, &latest.files)).transpose()?;
        let first = if base.is_some() { None } else { notes::first(&desk.directory(&publisher.keyring))? };
        let there = There { base, latest: latest.map(|latest| latest.revision), begun, first, named: None };
        let there = there.after(whose.begun);
        let named = self.named_root(publisher, whose, &there)?;
        Ok(There { named, ..there })
    }

    /// Whose draft it is that waits where nothing is published, by the fingerprint that somebody gave.
    fn named_root(
        &self,
        publisher: &Publisher,
        whose: &Whose,
        there: &There,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        let fingerprint = match whose.root {
            Some(fingerprint) => Some(fingerprint),
            None => self.pinned_root(&publisher.place)?,
        };
        match (&there.base, there.draft(), fingerprint) {
            (None, Some(begun), Some(fingerprint)) => {
                Ok(Some(root_of(begun, &fingerprint, &publisher.place)?))
            }
            _ => Ok(None),
        }
    }

    /// The published documents, verified against a root that is known to be the publisher's.
    pub(super) fn opened(
        &self,
        publisher: &Publisher,
        whose: &Whose,
        files: &Files,
    ) -> Result<Repository, EngineError> {
        let keyring = &publisher.keyring;
        let pinned = || self.pinned_root(&publisher.place);
        let known = match (keyring.root()?, whose.root) {
            (Some(root), _) => root,
            (None, Some(fingerprint)) => root_of(files, &fingerprint, &publisher.place)?,
            (None, None) => match pinned()? {
                Some(fingerprint) => root_of(files, &fingerprint, &publisher.place)?,
                None => return Err(root_unknown(publisher)),
            },
        };
        Ok(Repository::open(&unpacked(files), &known, &keyring.seen()?)?)
    }

    /// Publishes what is complete, and leaves the rest where the next signer finds it.
    fn hand_on(
        &self,
        desk: &mut Desk<'_>,
        publisher: &mut Publisher,
        draft: &Draft,
        there: &There,
    ) -> Result<State, EngineError> {
        if draft.is_empty() {
            return Ok(State::Unchanged);
        }
        let online = if draft.is_ready() { online(desk, publisher, draft)? } else { Vec::new() };
        if online.is_empty() {
            publisher.sent = Sent::Perhaps;
            self.leave(desk, publisher, draft, there)?;
            note_root(publisher, there)?;
            note_place(desk, publisher)?;
            return Ok(if draft.is_ready() { State::WaitsForOnline } else { State::Waits });
        }
        let signers: Vec<&dyn Signer> = online.iter().map(|signer| &**signer).collect();
        let published = draft.publish(&signers, self.now())?;
        let files = packed(&published.repository.files())?;
        let carrier = Carrier::Registry(publisher.place.clone());
        publisher.sent = Sent::Perhaps;
        self.publish(desk.registries, &carrier, Edition::Latest, &files, there.latest)?;
        remember(desk, publisher, there.base.as_ref(), &published.repository)?;
        self.leave(desk, publisher, &published.rest, there)?;
        let fresh_until =
            published.repository.expiries().iter().map(|(_, end)| *end).min().unwrap_or_default();
        let first = if there.latest.is_none() { First::Yes } else { First::No };
        Ok(State::Published { fingerprint: fingerprint(&files), first, fresh_until })
    }

    /// Leaves a draft beside the images; takes away what was there when nothing is left to sign.
    fn leave(
        &self,
        desk: &Desk<'_>,
        publisher: &Publisher,
        draft: &Draft,
        there: &There,
    ) -> Result<(), EngineError> {
        let carrier = Carrier::Registry(publisher.place.clone());
        let over = there.begun.as_ref().map(|begun| begun.revision);
        let files = packed(&draft.files())?;
        if !files.is_empty() {
            self.publish(desk.registries, &carrier, Edition::Pending, &files, over)?;
        } else if there.draft().is_some()
            && let Some(seen) = over
            && self.withdraw(desk.registries, &carrier, seen).is_err()
        {
            // Where nobody may remove anything, an empty draft says the same.
            self.publish(desk.registries, &carrier, Edition::Pending, &files, over)?;
        }
        Ok(())
    }
}

impl There {
    fn after(self, begun: Begun) -> Self {
        match begun {
            Begun::Continued => self,
            // What stands for it is replaced all the same.
            Begun::Dropped => Self {
                begun: self
                    .begun
                    .map(|begun| Published { files: Files::default(), revision: begun.revision }),
                ..self
            },
        }
    }

    /// What waits for signatures; an empty draft is none.
    fn draft(&self) -> Option<&Files> {
        self.begun.as_ref().map(|begun| &begun.files).filter(|files| !files.is_empty())
    }

    /// The edit as if nobody had begun anything.
    fn alone(
        &self,
        validity: trust::publisher::Validity,
        edit: &dyn Fn(&mut Draft) -> Result<(), PublishError>,
    ) -> Result<Option<Draft>, EngineError> {
        let mut draft = match (&self.base, &self.first) {
            (Some(base), _) => Draft::of(base.clone(), validity),
            (None, Some(first)) => Draft::resume(None, &unpacked(first), validity)?,
            (None, None) => return Ok(None),
        };
        edit(&mut draft)?;
        Ok(Some(draft))
    }

    fn begun(&self, validity: trust::publisher::Validity) -> Result<Option<Draft>, PublishError> {
        let begun = self.draft();
        begun.map(|files| Draft::resume(self.base.clone(), &unpacked(files), validity)).transpose()
    }
}

/// Signs with whichever keys are here and wanted, and with no more of them.
fn sign(
    desk: &mut Desk<'_>,
    publisher: &Publisher,
    draft: &mut Draft,
    seen: &trust::publisher::Description,
) -> Result<Vec<Given>, EngineError> {
    let (keys, mut given) = (publisher.keyring.keys()?, Vec::new());
    for key in &keys {
        if draft.wants(&key.public.id()) {
            let signer = desk.open(&publisher.keyring, key)?;
            given.extend(draft.sign(seen, &[&*signer])?);
        }
    }
    let missing = draft.missing();
    let ours = |id: &KeyId| keys.iter().any(|key| key.public.id() == *id);
    let signed_before = missing.iter().any(|missing| missing.signed.iter().any(ours));
    if given.is_empty() && !missing.is_empty() && !signed_before {
        let waits = missing.iter().map(ToString::to_string).collect();
        return Err(PublishError::Unwanted(waits).into());
    }
    Ok(given)
}

/// The online key, if it is here.
fn online(
    desk: &mut Desk<'_>,
    publisher: &Publisher,
    draft: &Draft,
) -> Result<Vec<Box<dyn Signer>>, EngineError> {
    let wanted = draft.keys(&RoleName::Online)?;
    let keys = publisher.keyring.keys()?;
    let key = keys.iter().find(|key| wanted.keys.contains(&key.public));
    Ok(key.map(|key| desk.open(&publisher.keyring, key)).transpose()?.into_iter().collect())
}

/// From now on nothing older is signed on top of.
fn remember(
    desk: &Desk<'_>,
    publisher: &mut Publisher,
    before: Option<&Repository>,
    repository: &Repository,
) -> Result<(), EngineError> {
    publisher.keyring.remember(repository.root(), &repository.versions())?;
    if let Some(before) = before
        && publisher.notes.retire(&named(before)?, &named(repository)?)
    {
        publisher.notes.save(&desk.directory(&publisher.keyring))?;
    }
    note_place(desk, publisher)?;
    Ok(notes::forget_first(&desk.directory(&publisher.keyring))?)
}

/// Whoever was told the fingerprint once need not be told it again when all of this is published.
fn note_root(publisher: &Publisher, there: &There) -> Result<(), EngineError> {
    match &there.named {
        Some(root) if publisher.keyring.root()?.is_none() => {
            Ok(publisher.keyring.remember(root, &Versions::default())?)
        }
        _ => Ok(()),
    }
}

/// So that nobody has to say it again.
fn note_place(desk: &Desk<'_>, publisher: &mut Publisher) -> Result<(), PublishingError> {
    if publisher.notes.has_published_at(&publisher.place) {
        publisher.notes.save(&desk.directory(&publisher.keyring))?;
    }
    Ok(())
}

/// Of the oldest root: every later one is told by it.
pub(crate) fn fingerprint(files: &Files) -> ClaimedDigest {
    let roots = files.iter().filter_map(|(name, bytes)| Some((root_version(name)?, bytes)));
    let oldest = roots.min_by_key(|(version, _)| *version).map(|(_, bytes)| bytes);
    Digest::of(oldest.unwrap_or_default()).into()
}

/// The root that somebody named.
pub(super) fn root_of(
    files: &Files,
    fingerprint: &ClaimedDigest,
    place: &Place,
) -> Result<Vec<u8>, PublishingError> {
    let mut roots = files.iter().filter(|(name, _)| root_version(name).is_some());
    let root = roots.find(|(_, bytes)| fingerprint.confirm(Digest::of(bytes)).is_ok());
    let other =
        || PublishingError::OtherRoot { place: place.to_string(), fingerprint: fingerprint.to_string() };
    root.map(|(_, bytes)| bytes.to_vec()).ok_or_else(other)
}

fn root_unknown(publisher: &Publisher) -> EngineError {
    let (place, publisher) = (publisher.place.to_string(), publisher.keyring.name().to_owned());
    PublishingError::RootUnknown { publisher, place }.into()
}
