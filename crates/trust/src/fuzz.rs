//! What fuzz targets call: hostile bytes in, nothing but an answer out.

use std::collections::BTreeMap;

use model::digest::Digest;

use crate::SourceError;
use crate::catalogue::Catalogue;
use crate::client::{Source, Trusted, refresh};
use crate::key::{PublicKey, Signer as _, SoftKey};
use crate::metadata::{Document, Envelope, Role, Root, Snapshot, Targets, Timestamp};

/// The most that is read of a document here.
const MOST: u64 = 1 << 20;

/// Noon of a day on which nothing of a fuzzer's has to be fresh.
const NOW: i64 = 1_795_694_400;

/// Reads `bytes` as each of the four documents; one that is read is written and read again, and has to be the same.
/// Returns as how many it was read.
#[must_use]
pub fn documents(bytes: &[u8]) -> usize {
    let Ok(envelope) = Envelope::open(bytes, MOST) else { return 0 };
    [
        again::<Root>(&envelope),
        again::<Timestamp>(&envelope),
        again::<Snapshot>(&envelope),
        again::<Targets>(&envelope),
    ]
    .into_iter()
    .filter(|read| *read)
    .count()
}

fn again<T: Document + PartialEq + std::fmt::Debug>(envelope: &Envelope<'_>) -> bool {
    let Ok(document) = envelope.claimed::<T>() else { return false };
    let Ok(sealed) = Envelope::seal(&document) else { return false };
    assert_eq!(sealed.claimed::<T>().ok(), Some(document), "an edit changes what nobody edited");
    true
}

/// Has a client read everything that a server of `bytes` sends: its lines, in the order in which they are asked for.
#[must_use]
pub fn server(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let Ok(mut trusted) = Trusted::first(first, Digest::of(first).into()) else { return false };
    let mut place = Lines(lines.map(<[u8]>::to_vec).collect(), 0);
    let refreshed = refresh(&mut trusted, &mut place, NOW).is_ok();
    let target = trusted.target("team/app:1", &mut place, NOW).is_ok();
    refreshed && target && Catalogue::of(&mut trusted, &mut place, NOW).is_ok()
}

struct Lines(Vec<Vec<u8>>, usize);

impl Source for Lines {
    fn fetch(&mut self, _name: &str, most: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let line =
            self.0.get(self.1).filter(|line| u64::try_from(line.len()).is_ok_and(|length| length <= most));
        self.1 += 1;
        Ok(line.cloned())
    }
}

/// Signs what `bytes` claim to be, as the roles of a root that is known do, and has a client take it: what is behind the
/// signatures is reached.
#[must_use]
pub fn signed(bytes: &[u8]) -> bool {
    let Ok(key) = SoftKey::from_seed(&[1; 32]) else { return false };
    let mut files = BTreeMap::new();
    for (name, document) in ["timestamp.json", "1.snapshot.json", "1.targets.json", "1.team.json"]
        .into_iter()
        .zip(bytes.split(|byte| *byte == b'\n'))
    {
        files.insert(name.to_owned(), resigned(document, &key).unwrap_or_else(|| document.to_vec()));
    }
    let Some(root) = root(&key) else { return false };
    let Ok(mut trusted) = Trusted::first(&root, Digest::of(&root).into()) else { return false };
    let mut place = Files(files);
    let refreshed = refresh(&mut trusted, &mut place, NOW).is_ok();
    let _answer = trusted.target("team/app:1", &mut place, NOW);
    refreshed && Catalogue::of(&mut trusted, &mut place, NOW).is_ok()
}

fn root(key: &SoftKey) -> Option<Vec<u8>> {
    let mut root = Root::new(1, i64::MAX);
    let id = key.public().id();
    root.keys.insert(id.clone(), key.public().clone());
    for role in [Root::TYPE, Timestamp::TYPE, Snapshot::TYPE, Targets::TYPE] {
        root.roles.insert(role.to_owned(), Role::new(vec![id.clone()], 1));
    }
    let mut envelope = Envelope::seal(&root).ok()?;
    envelope.sign(key).ok()?;
    envelope.to_bytes().ok()
}

fn resigned(document: &[u8], key: &SoftKey) -> Option<Vec<u8>> {
    let mut envelope = Envelope::open(document, MOST).ok()?;
    envelope.sign(key).ok()?;
    envelope.to_bytes().ok()
}

struct Files(BTreeMap<String, Vec<u8>>);

impl Source for Files {
    fn fetch(&mut self, name: &str, _most: u64) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(self.0.get(name).cloned())
    }
}

/// Reads `bytes` as a catalogue and asks it; then as a key in each of its forms.
#[must_use]
pub fn catalogue(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let key = PublicKey::from_pem(&text).is_ok_and(|key| key.material().is_some());
    let private = SoftKey::from_pkcs8(bytes).is_ok() || SoftKey::from_pem(&text).is_ok();
    let Ok(catalogue) = Catalogue::from_bytes(bytes) else { return key || private };
    let digest = Digest::of(bytes);
    let named = catalogue.judge(Some("app:1"), "app", digest, Some("prod"), NOW).is_ok();
    named || catalogue.judge(None, "", digest, None, NOW).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    fn document(kind: &str, more: &str) -> String {
        format!(
            r#"{{"signatures":[],"signed":{{"_type":"{kind}","spec_version":"1.0","version":1,"expires":"2050-01-01T00:00:00Z",{more}}}}}"#
        )
    }

    /// A timestamp, a snapshot, targets that delegate and those of the stage that they delegate to; not signed.
    fn all() -> String {
        let meta = |files: &[&str]| {
            let listed: Vec<String> =
                files.iter().map(|file| format!(r#""{file}":{{"version":1}}"#)).collect();
            format!(r#""meta":{{{}}}"#, listed.join(","))
        };
        let key = SoftKey::from_seed(&[1; 32]).unwrap();
        let (id, key) = (key.public().id(), serde_json::to_string(key.public()).unwrap());
        let role = format!(r#"{{"name":"team","keyids":["{id}"],"threshold":1,"paths":["team/*"]}}"#);
        let delegations =
            format!(r#""targets":{{}},"delegations":{{"keys":{{"{id}":{key}}},"roles":[{role}]}}"#);
        let release = r#""targets":{"team/app:1":{"length":1,"hashes":{"sha256":"00"}}}"#
            .replace("00", &"00".repeat(32));
        [
            document("timestamp", &meta(&["snapshot.json"])),
            document("snapshot", &meta(&["targets.json", "team.json"])),
            document("targets", &delegations),
            document("targets", &release),
        ]
        .join("\n")
    }

    #[test]
    fn what_is_behind_the_signatures_is_reached() {
        let all = all();
        assert_eq!(all.lines().map(|line| documents(line.as_bytes())).collect::<Vec<_>>(), [1; 4]);
        let key = SoftKey::from_seed(&[1; 32]).unwrap();
        // Without a list of what is revoked there is no catalogue.
        assert!(!signed(all.as_bytes()));
        let root = String::from_utf8(root(&key).unwrap()).unwrap();
        assert!(!server(format!("{root}\n\n{all}").as_bytes()));
        assert!(!catalogue(all.as_bytes()) && catalogue(key.to_pem().as_bytes()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        /// Whatever is done to good documents, there is an answer.
        #[test]
        fn damage_has_an_answer(edits in vec((any::<Index>(), any::<u8>()), 1..6), cut in any::<Index>()) {
            let mut bytes = all().into_bytes();
            for (at, byte) in edits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
                let _answers = (documents(bytes), server(bytes), signed(bytes), catalogue(bytes));
                bytes.split(|byte| *byte == b'\n').for_each(|line| {
                    let _answer = documents(line);
                });
            }
        }
    }
}
