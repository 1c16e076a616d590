//! Releasing and revoking.

use super::world::*;
use crate::publisher::{Draft, PublishError, RoleName, Validity};

#[test]
fn a_new_publisher_is_described_signed_and_opened_by_its_root() {
    let mut draft = Draft::init(&plan(1), Validity::default(), NOW).unwrap();
    let words = words(&draft);
    assert_eq!(words[0], "version 1 of root, good until 2027-11-26T12:00:00Z");
    assert!(words.iter().filter(|line| line.starts_with("root gets key ")).count() == 3, "{words:#?}");
    assert!(words.contains(&"root needs 2 signatures".to_owned()), "{words:#?}");
    assert!(words.contains(&"online needs 1 signature".to_owned()), "{words:#?}");
    assert!(!words.iter().any(|line| line.starts_with("unusual")), "{words:#?}");
    sign(&mut draft, &[1]).unwrap();
    assert!(matches!(publish(&draft, 21), Err(PublishError::Incomplete(_))));
    sign(&mut draft, &[2, 12]).unwrap();
    let repository = publish(&draft, 21).unwrap();
    let names: Vec<String> = repository.files().into_keys().collect();
    let [root, snapshot, targets, list, timestamp] = names.as_slice() else { panic!("{names:?}") };
    assert_eq!([root, snapshot, targets], ["1.root.json", "1.snapshot.json", "1.targets.json"]);
    assert!(list.ends_with(".revoked.json") && timestamp == "timestamp.json");
    opened(&repository.files(), repository.root()).unwrap();
}

#[test]
fn a_release_is_a_name_a_digest_and_a_number() {
    let before = publisher(1);
    let one = changed(&before, &[11], |draft| draft.release("web/app:1.4", digest("a"), 500, NOW));
    let two = changed(&one, &[12], |draft| draft.release("web/app:1.5", digest("b"), 501, NOW));
    let mut third = draft(&two);
    third.release("web/app:1.4", digest("c"), 502, NOW).unwrap();
    let expected = format!("releases `web/app:1.4` as {}, number 3 instead of {}", digest("c"), digest("a"));
    assert_eq!(words(&third)[1..], [expected]);
    let targets = &two.targets.document.targets;
    let target = &targets["web/app:1.4"];
    assert_eq!((target.length, target.sequence(), target.hashes.sha256()), (500, 1, Some(digest("a"))));
    assert_eq!(targets["web/app:1.5"].sequence(), 2);
    reopened(&two, &before).unwrap();
}

#[test]
fn signing_what_is_signed_changes_nothing() {
    let before = changed(&publisher(1), &[11], |draft| draft.release("app:1", digest("a"), 5, NOW));
    let mut again = draft(&before);
    again.release("app:1", digest("a"), 5, NOW + 60).unwrap();
    assert!(again.is_empty());
    assert!(matches!(publish(&again, 21), Err(PublishError::Incomplete(waits)) if waits.is_empty()));
}

#[test]
fn what_a_tag_meant_before_is_what_was_published() {
    let before = changed(&publisher(1), &[11], |draft| draft.release("app:1", digest("a"), 5, NOW));
    let mut wavering = draft(&before);
    wavering.release("app:1", digest("b"), 5, NOW).unwrap();
    wavering.release("app:1", digest("c"), 5, NOW).unwrap();
    let expected = format!("releases `app:1` as {}, number 3 instead of {}", digest("c"), digest("a"));
    assert_eq!(words(&wavering)[1..], [expected]);
    wavering.release("app:1", digest("a"), 5, NOW).unwrap();
    assert_eq!(words(&wavering).len(), 1);
}

#[test]
fn what_is_no_release_is_not_signed() {
    let mut draft = draft(&publisher(1));
    for name in
        ["app", "app:", "App:1", "../app:1", "a/b/c/d/e/f/g:1", "app:1@sha256:00", "", "/app:1", "app:1 "]
    {
        let refused = draft.release(name, digest("a"), 5, NOW);
        assert!(matches!(refused, Err(PublishError::ReleaseName(_))), "{name}");
    }
    draft.release("a/b/c/d/e/f:1", digest("a"), 5, NOW).unwrap();
}

#[test]
fn a_revoked_digest_is_listed_and_not_released_again() {
    let before = changed(&publisher(1), &[11], |draft| draft.release("app:1", digest("a"), 5, NOW));
    let revoked = changed(&before, &[11], |draft| draft.revoke(digest("a"), "CVE-2026-1", NOW));
    let list = revoked.revocations().unwrap();
    assert_eq!((list.version, list.revoked.len()), (2, 1));
    let entry = list.get(digest("a")).unwrap();
    assert_eq!((entry.reason.as_str(), entry.time.as_str()), ("CVE-2026-1", "2026-11-26T12:00:00Z"));
    let mut after = draft(&revoked);
    let refused = after.release("app:2", digest("a"), 5, NOW);
    assert!(matches!(refused, Err(PublishError::Revoked { reason, .. }) if reason == "CVE-2026-1"));
    after.restore(digest("a"), NOW).unwrap();
    assert_eq!(words(&after)[1..], [format!("no longer revokes {}", digest("a"))]);
    sign(&mut after, &[12]).unwrap();
    let restored = publish(&after, 21).unwrap();
    assert_eq!(reopened(&restored, &revoked).unwrap().revocations().unwrap().version, 3);
    let nothing = draft(&restored).restore(digest("a"), NOW);
    assert_eq!(nothing, Err(PublishError::NotRevoked(digest("a"))));
}

#[test]
fn a_revocation_has_a_reason() {
    let mut draft = draft(&publisher(1));
    for reason in ["", "  ", "two\nlines", &"x".repeat(501)] {
        assert!(
            matches!(draft.revoke(digest("a"), reason, NOW), Err(PublishError::Reason { .. })),
            "{reason}"
        );
    }
}

#[test]
fn documents_are_renewed_before_they_end() {
    let before = publisher(1);
    let later = NOW + 80 * 86_400;
    let mut renewal = draft(&before);
    renewal.renew(&RoleName::Release, later).unwrap();
    renewal.renew(&RoleName::Root, later).unwrap();
    sign(&mut renewal, &[1, 3, 11]).unwrap();
    let after = publish(&renewal, 21).unwrap();
    let ends = |name: &str| after.expiries().into_iter().find(|(role, _)| role == name).unwrap().1;
    assert_eq!(ends("targets"), later + 90 * 86_400);
    assert_eq!(ends("root"), later + 365 * 86_400);
    reopened(&after, &before).unwrap();
}

#[test]
fn the_online_key_alone_says_that_nothing_is_newer() {
    let before = publisher(1);
    let validity = Validity::default();
    let day = 86_400;
    assert!(!before.is_due(validity, NOW + 2 * day) && before.is_due(validity, NOW + 5 * day));
    let soon = before.refreshed(&[&key(21)], validity, NOW + 5 * day).unwrap();
    assert_eq!((soon.versions().timestamp, soon.versions().snapshot), (2, 1));
    let late = soon.refreshed(&[&key(1), &key(21)], validity, NOW + 9 * day).unwrap();
    assert_eq!((late.versions().timestamp, late.versions().snapshot), (3, 2));
    assert_eq!(late.expiries()[3], ("timestamp".to_owned(), NOW + 16 * day));
    reopened(&late, &before).unwrap();
    let wrong = before.refreshed(&[&key(11)], validity, NOW);
    assert!(matches!(wrong, Err(PublishError::NoOnlineKey)));
}
