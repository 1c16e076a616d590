//! What Debian's formats share: words for what becomes of a package.

use model::finding::Fix;

use crate::advisory::{Affected, Status};
use crate::version::{Bound, Interval};

/// What a fixed version says of a package; `0` is that it never was vulnerable.
pub(super) fn fixed(affected: &mut Affected, version: &str) {
    if version == "0" {
        affected.status = Status::NotAffected;
        affected.ranges.push(Interval::ALL);
        return;
    }
    affected.ranges.push(Interval { from: None, to: Some(Bound::Excluding(version.to_owned())) });
    affected.fix = Fix::In(version.to_owned());
}

/// What a word in place of a version says of a package.
///
/// # Errors
/// A word that is not known.
pub(super) fn worded(affected: &mut Affected, word: &str) -> Result<(), String> {
    affected.ranges.push(Interval::ALL);
    match word {
        "<not-affected>" => affected.status = Status::NotAffected,
        "<undetermined>" => affected.status = Status::UnderInvestigation,
        "<end-of-life>" | "<ignored>" | "<removed>" => affected.fix = Fix::Never,
        "<unfixed>" | "<no-dsa>" | "<postponed>" => affected.fix = Fix::None,
        word => return Err(format!("`{word}` is no word that is known")),
    }
    Ok(())
}
