//! What whoever has the registry may put there: publishers sign on top of nothing that is not theirs, and nothing that
//! they have not seen.

use super::world::*;
use crate::metadata::{Envelope, Targets};
use crate::publisher::{Change, Files, PublishError, Versions};

/// The draft's list, changed by somebody in between.
fn tampered(files: &Files, change: impl FnOnce(&mut Targets)) -> Files {
    let mut files = files.clone();
    let envelope = Envelope::open(&files["2.targets.json"], 1 << 20).unwrap();
    let mut targets: Targets = envelope.claimed().unwrap();
    change(&mut targets);
    files.insert("2.targets.json".to_owned(), Envelope::seal(&targets).unwrap().to_bytes().unwrap());
    files
}

#[test]
fn what_changed_since_it_was_seen_is_not_signed() {
    let mut draft = draft(&publisher(1));
    draft.release("app:1", digest("a"), 5, NOW).unwrap();
    let seen = draft.describe().unwrap();
    draft.release("app:2", digest("b"), 5, NOW).unwrap();
    assert_eq!(draft.sign(&seen, &[&key(11)]), Err(PublishError::Unseen));
    let seen = draft.describe().unwrap();
    draft.revoke(digest("c"), "why not", NOW).unwrap();
    assert_eq!(draft.sign(&seen, &[&key(11)]), Err(PublishError::Unseen));
}

#[test]
fn what_somebody_slipped_in_is_shown() {
    let base = publisher(1);
    let mut asked = draft(&base);
    asked.release("app:1", digest("a"), 5, NOW).unwrap();
    let expected = asked.describe().unwrap();
    let slipped = |change: fn(&mut Targets)| {
        let draft = resumed(&base, &tampered(&asked.files(), change)).unwrap();
        draft.describe().unwrap().beyond(&expected)
    };
    assert_eq!(slipped(|_| {}), []);
    let another = slipped(|targets| {
        let target = targets.targets["app:1"].clone();
        targets.targets.insert("app:2".into(), target);
    });
    assert!(matches!(&another[..], [Change::Released { name, .. }] if name == "app:2"), "{another:?}");
    let odd = slipped(|targets| {
        let mut target = targets.targets["app:1"].clone();
        target.custom.get_or_insert_default().insert("run".into(), "as root".into());
        targets.targets.insert("app:1".into(), target);
    });
    assert!(matches!(&odd[..], [Change::Field { path, .. }] if path == "/targets/app:1"), "{odd:?}");
    let [Change::Field { .. }] =
        &slipped(|targets| drop(targets.other.insert("x".into(), "\u{202e}".into())))[..]
    else {
        panic!("unseen")
    };
    let gone = slipped(|targets| drop(targets.targets.remove("app:1")));
    assert_eq!(gone, []);
}

#[test]
fn a_delegation_that_is_not_ours_is_shown_as_it_is() {
    let base = publisher(1);
    let mut asked = draft(&base);
    asked.delegate(&stage("dev"), &keys(1, &[31]), &[], NOW).unwrap();
    let expected = asked.describe().unwrap();
    let slipped = |change: fn(&mut crate::metadata::DelegatedRole)| {
        let files =
            tampered(&asked.files(), |targets| change(&mut targets.delegations.as_mut().unwrap().roles[0]));
        resumed(&base, &files).unwrap().describe().unwrap().beyond(&expected)
    };
    assert_eq!(slipped(|_| {}), []);
    let paths = slipped(|role| role.paths = Some(vec!["*".into()]));
    let late = slipped(|role| role.terminating = false);
    let extra = slipped(|role| drop(role.role.other.insert("x-coffer-requires".into(), "nothing".into())));
    for changes in [paths, late, extra] {
        assert!(changes.iter().any(Change::is_unusual), "{changes:?}");
    }
    // Another key under the name of the one that was asked for.
    let files = tampered(&asked.files(), |targets| {
        let delegations = targets.delegations.as_mut().unwrap();
        delegations.keys.values_mut().for_each(|key| *key = public(99));
    });
    let changes = resumed(&base, &files).unwrap().describe().unwrap().beyond(&expected);
    assert!(changes.iter().any(Change::is_unusual), "{changes:?}");
}

#[test]
fn words_of_a_draft_command_no_terminal() {
    let base = publisher(1);
    let mut asked = draft(&base);
    asked.release("app:1", digest("a"), 5, NOW).unwrap();
    let files = tampered(&asked.files(), |targets| {
        drop(targets.other.insert("\u{1b}[2J".into(), "\u{1b}]0;\u{202e}".into()));
    });
    let words = words(&resumed(&base, &files).unwrap()).concat();
    assert!(words.is_ascii() && !words.contains(char::is_control), "{words:?}");
}

#[test]
fn a_draft_is_written_as_drafts_are() {
    let base = publisher(1);
    let mut asked = draft(&base);
    asked.release("app:1", digest("a"), 5, NOW).unwrap();
    let files = asked.files();
    let replaced = |from: &str, to: &str| {
        let text = String::from_utf8(files["2.targets.json"].clone()).unwrap();
        assert!(text.contains(from), "{text}");
        let bytes = text.replacen(from, to, 1).into_bytes();
        resumed(&base, &Files::from([("2.targets.json".to_owned(), bytes)])).unwrap_err()
    };
    assert_eq!(replaced("T12:00:00Z", "T12:00:00+00:00"), PublishError::Unusual("2.targets.json".into()));
    assert!(matches!(replaced("\"version\":2", "\"version\":2,\"version\":3"), PublishError::File { .. }));
    assert!(matches!(replaced("targets", "root"), PublishError::File { .. }));
    let bytes = files["2.targets.json"].clone();
    for name in ["3.targets.json", "02.targets.json", "targets.json", "2.json", "2.targets.json.sig"] {
        assert!(resumed(&base, &Files::from([(name.to_owned(), bytes.clone())])).is_err(), "{name}");
    }
}

#[test]
fn published_files_are_whole_and_of_one_time() {
    let base = publisher(1);
    let after = changed(&base, &[11], |draft| draft.release("app:1", digest("a"), 5, NOW));
    let refusal = |files: &Files| opened(files, base.root()).unwrap_err();
    for name in after.files().into_keys() {
        let mut files = after.files();
        files.remove(&name);
        assert!(matches!(refusal(&files), PublishError::NoFile(_)), "{name}");
        let mut files = after.files();
        files.get_mut(&name).unwrap().extend(b" ");
        // No other file says what the timestamp's bytes are.
        if name != "timestamp.json" {
            let wrong = refusal(&files);
            let told = matches!(wrong, PublishError::Mismatch { .. } | PublishError::OtherRoot(_));
            assert!(told, "{name}: {wrong}");
        }
    }
    let mut mixed = after.files();
    mixed.insert("2.targets.json".into(), base.files()["1.targets.json"].clone());
    assert!(matches!(refusal(&mixed), PublishError::Mismatch { .. }));
    let stranger = opened(&after.files(), publisher(2).root()).unwrap_err();
    assert_eq!(stranger, PublishError::OtherRoot("1.root.json".into()));
}

#[test]
fn what_was_published_is_not_taken_back() {
    let base = publisher(1);
    let after = changed(&base, &[11], |draft| draft.release("app:1", digest("a"), 5, NOW));
    let refused = reopened(&base, &after).unwrap_err();
    assert_eq!(refused, PublishError::Rollback { name: "targets.json".into(), found: 1, seen: 2 });
    let stages = std::collections::BTreeMap::from([("dev".to_owned(), 1)]);
    let seen = Versions { stages, ..after.versions() };
    let refused = crate::publisher::Repository::open(&after.files(), after.root(), &seen).unwrap_err();
    assert_eq!(refused, PublishError::Rollback { name: "dev".into(), found: 0, seen: 1 });
}

#[test]
fn nobody_else_s_signature_makes_a_publisher_s_file() {
    let base = publisher(1);
    let mut forged = draft(&base);
    forged.release("app:1", digest("evil"), 5, NOW).unwrap();
    forged.targets = crate::publisher::paper::Paper::new(forged.targets.document.clone()).unwrap();
    let stolen =
        forged.targets.sign(&crate::metadata::Root::new(1, NOW).authority("targets"), &key(99)).unwrap();
    assert_eq!(stolen, crate::publisher::paper::Signing::Stranger);
    // The online key is stolen, and says that this is current.
    let mut whole = base.clone();
    whole.targets = forged.targets;
    let meta = crate::metadata::MetaFile::of(2, whole.targets.bytes());
    let mut snapshot = whole.snapshot.document.clone();
    snapshot.version = 2;
    snapshot.meta.insert("targets.json".into(), meta);
    let root = &base.root.document;
    whole.snapshot = crate::publisher::paper::Paper::new(snapshot).unwrap();
    whole.snapshot.sign(&root.authority("snapshot"), &key(21)).unwrap();
    let current = whole.refreshed(&[&key(21)], crate::publisher::Validity::default(), NOW).unwrap();
    let refused = opened(&current.files(), base.root()).unwrap_err();
    assert!(matches!(&refused, PublishError::Unsigned { name, .. } if name == "2.targets.json"), "{refused}");
}
