//! Section 5.6, "update the targets role": the same for the top-level role and for every delegated one.

use super::Trusted;
use super::held::Held;
use super::limits::MOST_TARGETS;
use super::snapshot::{listed_file, same_version};
use super::source::Source;
use crate::TrustError;
use crate::metadata::{Authority, Document as _, MetaFile, Targets, file_name};

pub(super) fn update(trusted: &mut Trusted, source: &mut dyn Source, now: i64) -> Result<(), TrustError> {
    let authority = trusted.root.content.authority(Targets::TYPE);
    obtain(trusted, Targets::TYPE, authority, source, now)
}

/// Makes sure that the targets of `role` are the present ones, signed by `authority`: whoever delegates to the role on
/// the way by which it is reached now.
pub(super) fn obtain(
    trusted: &mut Trusted,
    role: &str,
    authority: Authority,
    source: &mut dyn Source,
    now: i64,
) -> Result<(), TrustError> {
    let listed = listed(trusted, role)?;
    if let Some(held) = present(trusted, role, &authority, &listed) {
        return held.fresh(role, now);
    }
    // 5.6.1. Download the top-level targets metadata file, up to either the number of bytes specified in the snapshot
    // metadata file, or some Z number of bytes.
    // 5.6.2. Check against snapshot role's targets hash.
    let (name, bytes) = listed_file(trusted, source, &file_name(role), &listed, MOST_TARGETS)?;
    // 5.6.3. Check for an arbitrary software attack. The new targets metadata file MUST have been signed by a THRESHOLD
    // of keys specified in the trusted root metadata file.
    let new = Held::<Targets>::verified(&name, bytes, MOST_TARGETS, authority)?;
    // 5.6.4. Check against snapshot role's targets version.
    same_version(&name, &new, &listed)?;
    // 5.6.5. Check for a freeze attack. If so, the new targets metadata file becomes the trusted targets metadata file.
    new.fresh(role, now)?;
    // 5.6.6. Persist targets metadata: they are among `Trusted::files`.
    trusted.kept.remove(role);
    trusted.targets.insert(role.to_owned(), new);
    Ok(())
}

/// What is there already, if it is the file that is listed, and signed by `authority`.
fn present<'a>(
    trusted: &'a mut Trusted,
    role: &str,
    authority: &Authority,
    listed: &MetaFile,
) -> Option<&'a Held<Targets>> {
    // A cached file counts for whoever delegates to the role now, and for nobody else.
    if let Some(bytes) = trusted.kept.get(role)
        && let Ok(held) = Held::<Targets>::verified(role, bytes.clone(), MOST_TARGETS, authority.clone())
        && held.is(listed)
    {
        trusted.kept.remove(role);
        trusted.targets.insert(role.to_owned(), held);
    }
    let held = trusted.targets.get_mut(role)?;
    (held.is(listed) && held.confirm(MOST_TARGETS, authority)).then_some(&*held)
}

fn listed(trusted: &Trusted, role: &str) -> Result<MetaFile, TrustError> {
    let snapshot =
        trusted.snapshot.as_ref().ok_or_else(|| TrustError::Unheard("snapshot.json".to_owned()))?;
    let listed = snapshot.content.meta.get(&format!("{role}.json"));
    listed.cloned().ok_or_else(|| TrustError::NotListed(role.to_owned()))
}
