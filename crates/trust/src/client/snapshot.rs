//! Section 5.5, "update the snapshot role".

use super::Trusted;
use super::held::{Held, matches};
use super::limits::MOST_METADATA;
use super::source::{Source, fetch};
use crate::TrustError;
use crate::metadata::{Document as _, FormatError, MetaFile, Snapshot};

const FILE: &str = "snapshot.json";

pub(super) fn update(trusted: &mut Trusted, source: &mut dyn Source, now: i64) -> Result<(), TrustError> {
    let listed = trusted.timestamp.as_ref().and_then(|held| held.content.snapshot()).cloned();
    let listed = listed.ok_or_else(|| TrustError::Unheard("timestamp.json".to_owned()))?;
    if let Some(held) = trusted.snapshot.as_ref().filter(|held| held.is(&listed)) {
        return held.fresh(Snapshot::TYPE, now);
    }
    // 5.5.1. Download snapshot metadata file, up to either the number of bytes specified in the timestamp metadata file,
    // or some Y number of bytes. If consistent snapshots are not used, then the filename [...] is of the fixed form
    // FILENAME.EXT (e.g., snapshot.json). Otherwise, [...] VERSION_NUMBER.FILENAME.EXT.
    let (name, bytes) = listed_file(trusted, source, FILE, &listed, MOST_METADATA)?;
    // 5.5.3. Check for an arbitrary software attack. The new snapshot metadata file MUST have been signed by a THRESHOLD
    // of keys specified in the trusted root metadata file.
    let authority = trusted.root.content.authority(Snapshot::TYPE);
    let new = Held::<Snapshot>::verified(&name, bytes, MOST_METADATA, authority)?;
    // 5.5.4. Check against timestamp role's snapshot version.
    same_version(&name, &new, &listed)?;
    // 5.5.5. Check for a rollback attack. The version number of the targets metadata file, and all delegated targets
    // metadata files, if any, in the trusted snapshot metadata file, if any, MUST be less than or equal to its version
    // number in the new snapshot metadata file. Furthermore, any targets metadata filename that was listed in the
    // trusted snapshot metadata file, if any, MUST continue to be listed in the new snapshot metadata file.
    trusted.floors.check_snapshot(&new.content)?;
    // 5.5.6. Check for a freeze attack. If so, the new snapshot metadata file becomes the trusted snapshot metadata file.
    new.fresh(Snapshot::TYPE, now)?;
    trusted.floors.raise_snapshot(&new.content);
    // 5.5.7. Persist snapshot metadata: it is one of `Trusted::files`.
    trusted.kept.retain(|role, _| new.content.meta.contains_key(&format!("{role}.json")));
    trusted.targets.retain(|role, _| new.content.meta.contains_key(&format!("{role}.json")));
    trusted.snapshot = Some(new);
    Ok(())
}

/// Downloads a file that another one lists, sections 5.5.1, 5.5.2, 5.6.1 and 5.6.2; returns its name there too.
pub(super) fn listed_file(
    trusted: &Trusted,
    source: &mut dyn Source,
    file: &str,
    listed: &MetaFile,
    most: u64,
) -> Result<(String, Vec<u8>), TrustError> {
    let name = match trusted.root.content.consistent_snapshot {
        true => format!("{}.{file}", listed.version),
        false => file.to_owned(),
    };
    if listed.length.is_some_and(|length| length > most) {
        return Err(TrustError::Format { file: name, error: FormatError::TooLarge { most } });
    }
    let bytes = fetch(source, &name, listed.length.unwrap_or(most))?;
    // 5.5.2. Check against timestamp role's snapshot hash, and 5.6.2, against snapshot role's targets hash. The hashes of
    // the new metadata file MUST match the hashes, if any, listed. This is done, in part, to prevent a mix-and-match
    // attack by man-in-the-middle attackers.
    match matches(&bytes, listed) {
        true => Ok((name, bytes)),
        false => Err(TrustError::Mixed(name)),
    }
}

pub(super) fn same_version<T: crate::metadata::Document>(
    name: &str,
    new: &Held<T>,
    listed: &MetaFile,
) -> Result<(), TrustError> {
    let (found, wanted) = (new.content.version(), listed.version);
    match found == wanted {
        true => Ok(()),
        false => Err(TrustError::Version { file: name.to_owned(), found, wanted }),
    }
}
