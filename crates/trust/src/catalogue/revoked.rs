//! The list of what a publisher takes back: a target named `revoked.json`, at all times.

use model::digest::ClaimedDigest;
use serde::Deserialize;

/// The longest reason that is kept, in characters.
const LONGEST: usize = 500;

#[derive(Deserialize)]
struct Wire {
    revoked: Vec<Revocation>,
}

/// One image that is taken back.
#[derive(Deserialize)]
pub(super) struct Revocation {
    pub(super) digest: ClaimedDigest,
    pub(super) reason: String,
    pub(super) time: String,
}

/// Reads the list; one that is not understood as a whole is not understood at all.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Revocation>, String> {
    let wire: Wire = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let short = |text: &str, most| text.chars().filter(|letter| !letter.is_control()).take(most).collect();
    let entries = wire.revoked.into_iter();
    Ok(entries
        .map(|entry| Revocation {
            reason: short(&entry.reason, LONGEST),
            time: short(&entry.time, 40),
            ..entry
        })
        .collect())
}
