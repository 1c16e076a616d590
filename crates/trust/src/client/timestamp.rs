//! Section 5.4, "update the timestamp role".

use super::Trusted;
use super::held::Held;
use super::limits::MOST_METADATA;
use super::source::{Source, fetch};
use crate::TrustError;
use crate::metadata::{Document as _, Timestamp};

const FILE: &str = "timestamp.json";

pub(super) fn update(trusted: &mut Trusted, source: &mut dyn Source, now: i64) -> Result<(), TrustError> {
    // 5.4.1. Download the timestamp metadata file, up to X number of bytes. The filename [...] is of the fixed form
    // FILENAME.EXT (e.g., timestamp.json).
    let bytes = fetch(source, FILE, MOST_METADATA)?;
    // 5.4.2. Check for an arbitrary software attack. The new timestamp metadata file MUST have been signed by a
    // THRESHOLD of keys specified in the trusted root metadata file.
    let authority = trusted.root.content.authority(Timestamp::TYPE);
    let new = Held::<Timestamp>::verified(FILE, bytes, MOST_METADATA, authority)?;
    // 5.4.3.1. The version number of the trusted timestamp metadata file, if any, MUST be less than the version number
    // of the new timestamp metadata file. [...] In case they are equal, discard the new timestamp metadata and abort
    // the update cycle. This is normal and it shouldn't raise any error.
    //
    // The cycle goes on with the trusted one, in case an earlier one was interrupted, and unless that has expired.
    if let Some(held) = trusted.timestamp.as_ref().filter(|held| held.content.version == new.content.version)
    {
        return held.fresh(Timestamp::TYPE, now);
    }
    // 5.4.3.2. The version number of the snapshot metadata file in the trusted timestamp metadata file, if any, MUST be
    // less than or equal to its version number in the new timestamp metadata file.
    trusted.floors.check_timestamp(&new.content)?;
    // 5.4.4. Check for a freeze attack. The expiration timestamp in the new timestamp metadata file MUST be higher than
    // the fixed update start time. If so, the new timestamp metadata file becomes the trusted timestamp metadata file.
    new.fresh(Timestamp::TYPE, now)?;
    trusted.floors.raise_timestamp(&new.content);
    // 5.4.5. Persist timestamp metadata: it is one of `Trusted::files`.
    trusted.timestamp = Some(new);
    Ok(())
}
