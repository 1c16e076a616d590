//! Section 5.3, "update the root role".

use super::held::{Held, unsigned};
use super::limits::{MOST_METADATA, MOST_ROOTS};
use super::source::{Source, look};
use super::{Trusted, floors};
use crate::TrustError;
use crate::metadata::{Document as _, Envelope, Root, Snapshot, Timestamp};

/// 5.3.2 to 5.3.9, and the checks after them.
pub(super) fn update(trusted: &mut Trusted, source: &mut dyn Source, now: i64) -> Result<(), TrustError> {
    for _ in 0..MOST_ROOTS {
        // 5.3.2. Let N denote the version number of the trusted root metadata file.
        let Some(next) = trusted.root.content.version.checked_add(1) else { break };
        // 5.3.3. Try downloading version N+1 of the root metadata file, up to some W number of bytes. The filename
        // [...] is of the fixed form VERSION_NUMBER.FILENAME.EXT. If this file is not available, or we have downloaded
        // more than Y number of root metadata files, then go to step 5.3.10.
        let name = format!("{next}.root.json");
        let Some(bytes) = look(source, &name, MOST_METADATA)? else { break };
        step(trusted, &name, bytes, next)?;
        // 5.3.9. Repeat steps 5.3.2 to 5.3.9.
    }
    // A root that was seen once and is withheld now.
    floors::at_least("root.json", trusted.root.content.version, trusted.floors.root)?;
    // 5.3.10. Check for a freeze attack. The expiration timestamp in the trusted root metadata file MUST be higher than
    // the fixed update start time.
    trusted.root.fresh(Root::TYPE, now)
    // 5.3.12. Set whether consistent snapshots are used as per the trusted root metadata file: it is read there.
}

fn step(trusted: &mut Trusted, name: &str, bytes: Vec<u8>, next: u64) -> Result<(), TrustError> {
    // 5.3.4. Check for an arbitrary software attack. Version N+1 of the root metadata file MUST have been signed by:
    // (1) a THRESHOLD of keys specified in the trusted root metadata file (version N), and (2) a THRESHOLD of keys
    // specified in the new root metadata file being validated (version N+1).
    let new = Held::<Root>::verified(name, bytes, MOST_METADATA, trusted.root.content.authority(Root::TYPE))?;
    let new = signed_by_itself(name, new)?;
    // 5.3.5. Check for a rollback attack. The version number of the new root metadata (version N+1) MUST be exactly
    // the version in the trusted root metadata (version N) incremented by one.
    let found = new.content.version;
    if found != next {
        floors::at_least(name, found, next)?;
        return Err(TrustError::Version { file: name.to_owned(), found, wanted: next });
    }
    // 5.3.6. Note that the expiration of the new (intermediate) root metadata file does not matter yet.
    // 5.3.7. Set the trusted root metadata file to the new root metadata file.
    // 5.3.8. Persist root metadata: it is one of `Trusted::files`.
    let old = std::mem::replace(&mut trusted.root, new);
    // 5.3.11. If the timestamp and / or snapshot keys have been rotated, then delete the trusted timestamp and
    // snapshot metadata files. This is done in order to recover from fast-forward attacks after the repository has
    // been compromised and recovered.
    //
    // At every step and not after the last one, because a later step may fail, and the next update would not know
    // what this one saw; but once for each root. Rotated means that a key was taken out: one that was only added has
    // driven nothing up.
    let rotated = |role| old.content.authority(role).lost_keys(&trusted.root.content.authority(role));
    if next > trusted.floors.root && (rotated(Timestamp::TYPE) || rotated(Snapshot::TYPE)) {
        (trusted.timestamp, trusted.snapshot) = (None, None);
        trusted.floors.forgive();
    }
    trusted.floors.root = trusted.floors.root.max(next);
    trusted.reconsider();
    Ok(())
}

/// A root has to be signed as it says itself.
pub(super) fn signed_by_itself(name: &str, root: Held<Root>) -> Result<Held<Root>, TrustError> {
    let authority = root.content.authority(Root::TYPE);
    let malformed = |error| TrustError::Format { file: name.to_owned(), error };
    let envelope = Envelope::open(&root.bytes, MOST_METADATA).map_err(malformed)?;
    envelope.holds(&authority).map_err(|shortfall| unsigned(name, shortfall))?;
    Ok(root)
}
