//! What a fuzz target calls: whatever whoever has the registry leaves as a draft.

use super::{Draft, Files, Keys, Plan, PublishError, Repository, Validity};
use crate::key::{Signer, SoftKey};

/// Noon of a day on which nothing of a fuzzer's has to be fresh.
const NOW: i64 = 1_795_694_400;

/// Takes `bytes` for a draft: a name and a document, line by line. One that is taken up is described in words that no
/// terminal obeys, signed, and passed on to somebody who sees the same. Returns whether it was taken up.
#[must_use]
pub fn draft(bytes: &[u8]) -> bool {
    passed_on(bytes).is_ok()
}

fn passed_on(bytes: &[u8]) -> Result<(), PublishError> {
    let key = |seed| SoftKey::from_seed(&[seed; 32]).map_err(|_| PublishError::NoOnlineKey);
    let (release, online) = (key(1)?, key(2)?);
    let base = base(&release, &online)?;
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut files = Files::new();
    while let (Some(name), Some(document)) = (lines.next(), lines.next()) {
        files.insert(String::from_utf8_lossy(name).into_owned(), document.to_vec());
    }
    let mut draft = Draft::resume(Some(base.clone()), &files, Validity::default())?;
    let seen = draft.describe()?;
    let words: String = seen.changes.iter().map(ToString::to_string).collect();
    assert!(!words.contains(char::is_control), "words that a terminal obeys");
    let _unwanted = draft.sign(&seen, &[&release]);
    let again = Draft::resume(Some(base), &draft.files(), Validity::default())?;
    assert_eq!(again.describe()?, seen, "the next signer sees something else");
    Ok(())
}

fn base(release: &SoftKey, online: &SoftKey) -> Result<Repository, PublishError> {
    let one = |key: &SoftKey| Keys::one(key.public().clone());
    let plan = Plan { root: one(release), release: one(release), online: one(online) };
    let mut draft = Draft::init(&plan, Validity::default(), NOW)?;
    let seen = draft.describe()?;
    draft.sign(&seen, &[release])?;
    Ok(draft.publish(&[online], NOW)?.repository)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_the_names_is_reached() {
        let key = |seed| SoftKey::from_seed(&[seed; 32]).unwrap();
        let base = base(&key(1), &key(2)).unwrap();
        let mut change = Draft::of(base, Validity::default());
        change.release("app:1", model::digest::Digest::of(b"a").into(), 5, NOW).unwrap();
        let lines = change.files().into_iter().flat_map(|(name, bytes)| [name.into_bytes(), bytes]);
        let text = lines.collect::<Vec<_>>().join(&b'\n');
        assert!(draft(&text));
        assert!(!draft(b"2.targets.json\n{}"));
    }
}
