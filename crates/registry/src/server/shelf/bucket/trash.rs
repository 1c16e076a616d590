//! The trash: a state of a blob's pointer. Nothing is moved.

use std::time::{Duration, Instant};

use super::Bucket;
use super::objects::Written;
use super::pointer::{self, Pointer, State};
use crate::server::shelf::error::{Result, ShelfError};
use crate::server::shelf::upload::random_hex;
use crate::server::shelf::{ContentDigest, Trashed};

/// After so many seconds a collector that has not come to an end is taken to be dead.
const DEAD: u64 = 3600;

/// A collector that took longer than this from its decision to the last step leaves that to another. Far less
/// than after which it is taken to be dead, so that it cannot remove what came after.
const SLOW: Duration = Duration::from_secs(600);

impl Bucket {
    pub(in crate::server::shelf) async fn trash_blob(
        &self,
        digest: &ContentDigest,
        now: u64,
    ) -> Result<Option<Trashed>> {
        self.known.forget(digest);
        let Some((pointer, tag)) = pointer::read(&self.objects, digest).await? else { return Ok(None) };
        match pointer.state {
            State::Here => {}
            State::Trashed { when, .. } if when.saturating_add(DEAD) <= now => {}
            State::Trashed { .. } | State::Leaving { .. } => return Ok(None),
        }
        // The note first: what is in the trash has to be found there.
        self.objects.put(&note(digest), "".into()).await?;
        let state = State::Trashed { when: now, ticket: random_hex()? };
        let pointer = pointer.in_state(state);
        match pointer::change(&self.objects, digest, &pointer, &tag).await? {
            Written::Done(_) => Ok(describe(digest, &pointer)),
            Written::Refused => Ok(None),
        }
    }

    pub(in crate::server::shelf) async fn restore_blob(&self, trashed: &Trashed) -> Result<bool> {
        let digest = &trashed.digest;
        let Some((pointer, tag)) = pointer::read(&self.objects, digest).await? else { return Ok(false) };
        match &pointer.state {
            State::Here => return Ok(true),
            State::Trashed { ticket, .. } if *ticket == trashed.ticket => {}
            State::Trashed { .. } | State::Leaving { .. } => return Ok(false),
        }
        let back = pointer.in_state(State::Here);
        if pointer::change(&self.objects, digest, &back, &tag).await? == Written::Refused {
            let now = pointer::read(&self.objects, digest).await?;
            return Ok(now.is_some_and(|(pointer, _)| pointer.state == State::Here));
        }
        self.objects.delete(&note(digest)).await?;
        Ok(true)
    }

    pub(in crate::server::shelf) async fn purge_blob(&self, trashed: &Trashed, now: u64) -> Result<bool> {
        let digest = &trashed.digest;
        let Some((pointer, tag)) = pointer::read(&self.objects, digest).await? else {
            self.objects.delete(&note(digest)).await?;
            return Ok(false);
        };
        match &pointer.state {
            State::Trashed { ticket, .. } if *ticket == trashed.ticket => {}
            State::Leaving { when, ticket }
                if *ticket == trashed.ticket && when.saturating_add(DEAD) <= now => {}
            State::Here | State::Trashed { .. } | State::Leaving { .. } => return Ok(false),
        }
        let began = Instant::now();
        let leaving = pointer.in_state(State::Leaving { when: now, ticket: trashed.ticket.clone() });
        if pointer::change(&self.objects, digest, &leaving, &tag).await? == Written::Refused {
            return Ok(false);
        }
        pointer::destroy(&self.objects, &pointer.data).await?;
        if began.elapsed() > SLOW {
            return Err(ShelfError::Busy(digest.to_string()));
        }
        self.objects.delete_all(vec![pointer::name(digest), note(digest)]).await?;
        Ok(true)
    }

    pub(in crate::server::shelf) async fn trash(&self, limit: usize) -> Result<Vec<Trashed>> {
        let mut found = Vec::new();
        for (name, _) in self.objects.all("trash", limit).await? {
            let mut parts = name.rsplit('/');
            let (hex, algorithm) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let Ok(digest) = ContentDigest::from_parts(algorithm, hex) else { continue };
            let pointer = pointer::read(&self.objects, &digest).await?;
            found.extend(pointer.and_then(|(pointer, _)| describe(&digest, &pointer)));
        }
        Ok(found)
    }
}

fn note(digest: &ContentDigest) -> String {
    format!("trash/{}/{}", digest.algorithm().name(), digest.hex())
}

fn describe(digest: &ContentDigest, pointer: &Pointer) -> Option<Trashed> {
    match &pointer.state {
        State::Here => None,
        State::Trashed { when, ticket } | State::Leaving { when, ticket } => Some(Trashed {
            digest: digest.clone(),
            size: pointer.size(),
            when: *when,
            ticket: ticket.clone(),
        }),
    }
}
