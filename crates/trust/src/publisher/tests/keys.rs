//! Keys that are exchanged, stolen and lost.

use super::world::*;
use crate::publisher::{Draft, Keys, Plan, PublishError, RoleName, Validity};

#[test]
fn a_release_key_is_exchanged_and_what_it_signed_is_signed_again() {
    let base = changed(&publisher(1), &[11], |draft| draft.release("app:1", digest("a"), 5, NOW));
    let mut rotation = draft(&base);
    let old = public(11).id();
    rotation.rotate(&RoleName::Release, &old, public(13), NOW).unwrap();
    assert_eq!(rotation.changed(), [RoleName::Root, RoleName::Release]);
    let words = words(&rotation);
    let expected = [
        format!("release gets key {} (ed25519)", public(13).id().short()),
        format!("release loses key {} (ed25519)", old.short()),
    ];
    assert_eq!(words[1..3], expected);
    // The old key's holder gives nothing to the new list.
    sign(&mut rotation, &[1, 2, 11]).unwrap();
    assert_eq!(rotation.missing().len(), 1);
    let mut next = passed_on(&rotation);
    next.rotate(&RoleName::Release, &old, public(13), NOW + 60).unwrap();
    assert_eq!(next.dropped(), []);
    sign(&mut next, &[13]).unwrap();
    let after = publish(&next, 21).unwrap();
    assert_eq!(reopened(&after, &base).unwrap().targets.document.targets, base.targets.document.targets);
}

#[test]
fn a_key_that_others_signed_along_with_leaves_no_gap() {
    let base = publisher(2);
    let both = changed(&base, &[1, 2, 11, 12, 13], |draft| {
        draft.set_keys(&RoleName::Release, &keys(1, &[11, 12]), NOW)
    });
    // Both have signed the list, so that it holds without one of them.
    let signed = changed(&both, &[11, 12], |draft| draft.release("app:1", digest("a"), 5, NOW));
    let mut rotation = draft(&signed);
    rotation.rotate(&RoleName::Release, &public(11).id(), public(13), NOW).unwrap();
    assert_eq!(rotation.changed(), [RoleName::Root]);
}

#[test]
fn the_online_key_is_exchanged_by_root() {
    let base = publisher(1);
    let mut rotation = draft(&base);
    rotation.rotate(&RoleName::Online, &public(21).id(), public(22), NOW).unwrap();
    sign(&mut rotation, &[2, 3]).unwrap();
    assert!(matches!(publish(&rotation, 21), Err(PublishError::NoOnlineKey)));
    let after = publish(&rotation, 22).unwrap();
    reopened(&after, &base).unwrap();
    assert!(matches!(after.refreshed(&[&key(21)], Validity::default(), NOW), Err(PublishError::NoOnlineKey)));
}

#[test]
fn a_lost_root_key_is_replaced_by_those_that_are_left() {
    let base = publisher(1);
    let lost = public(3).id();
    let mut recovery = draft(&base);
    recovery.recover(std::slice::from_ref(&lost), &[(RoleName::Root, public(4))], NOW).unwrap();
    sign(&mut recovery, &[1, 2]).unwrap();
    let after = publish(&recovery, 21).unwrap();
    assert_eq!(draft(&after).keys(&RoleName::Root).unwrap(), keys(2, &[1, 2, 4]));
    reopened(&after, &base).unwrap();
    let again = passed_on(&recovery).recover(&[lost], &[(RoleName::Root, public(4))], NOW);
    assert_eq!(again, Ok(()));
}

#[test]
fn every_role_that_had_the_lost_key_goes_on_without_it() {
    let base = changed(&publisher(1), &[11, 12], |draft| {
        draft.delegate(&stage("dev"), &keys(1, &[11, 31]), &[], NOW)?;
        draft.release("app:1", digest("a"), 5, NOW)
    });
    let promoted =
        changed(&base, &[11], |draft| draft.promote(&stage("dev"), "app:1", digest("a"), &[], NOW));
    let mut recovery = draft(&promoted);
    recovery.recover(&[public(11).id()], &[], NOW).unwrap();
    assert_eq!(recovery.keys(&RoleName::Release).unwrap(), keys(1, &[12]));
    assert_eq!(recovery.keys(&of_stage("dev")).unwrap(), keys(1, &[31]));
    assert_eq!(recovery.changed(), [RoleName::Root, RoleName::Release, of_stage("dev")]);
    sign(&mut recovery, &[1, 2, 12, 31]).unwrap();
    reopened(&publish(&recovery, 21).unwrap(), &promoted).unwrap();
}

#[test]
fn below_the_threshold_nobody_can_go_on() {
    let mut recovery = draft(&publisher(1));
    let lost = [public(1).id(), public(2).id()];
    let new = [(RoleName::Root, public(4)), (RoleName::Root, public(5))];
    let refused = recovery.recover(&lost, &new, NOW).unwrap_err();
    assert_eq!(refused, PublishError::Lost { role: RoleName::Root, left: 1, threshold: 2 });
    assert!(recovery.is_empty());
    let short = recovery.recover(&[public(11).id(), public(12).id()], &[], NOW).unwrap_err();
    assert!(matches!(short, PublishError::Threshold { role: RoleName::Release, keys: 0, .. }), "{short}");
    let unknown = recovery.recover(&[public(99).id()], &[], NOW).unwrap_err();
    assert_eq!(unknown, PublishError::NobodysKey(public(99).id()));
}

#[test]
fn a_role_has_as_many_keys_as_it_needs_and_each_once() {
    let mut draft = draft(&publisher(1));
    let mut set = |role: RoleName, keys: Keys| draft.set_keys(&role, &keys, NOW).unwrap_err();
    for (threshold, numbers) in [(0, &[11][..]), (2, &[11]), (1, &[])] {
        let refused = set(RoleName::Release, keys(threshold, numbers));
        assert!(matches!(refused, PublishError::Threshold { .. }), "{refused}");
    }
    assert!(matches!(set(RoleName::Release, keys(1, &[11, 11])), PublishError::KeyTwice { .. }));
    assert!(matches!(set(RoleName::Online, keys(2, &[21, 22])), PublishError::Threshold { .. }));
    let many: Vec<u8> = (100..133).collect();
    assert!(matches!(set(RoleName::Release, keys(1, &many)), PublishError::Full { most: 32, .. }));
    assert!(matches!(
        draft.rotate(&RoleName::Release, &public(1).id(), public(13), NOW),
        Err(PublishError::NotAKey { .. })
    ));
}

#[test]
fn the_online_key_is_nobody_else_s() {
    let shared = Plan { online: keys(1, &[11]), ..plan(1) };
    let refused = Draft::init(&shared, Validity::default(), NOW).unwrap_err();
    assert!(matches!(refused, PublishError::Shared { role: RoleName::Release, .. }), "{refused}");
    let mut draft = draft(&publisher(1));
    for role in [RoleName::Root, RoleName::Release] {
        let refused = draft.set_keys(&role, &keys(1, &[1, 21]), NOW).unwrap_err();
        assert_eq!(refused, PublishError::Shared { role, key: public(21).id() });
    }
    let refused = draft.set_keys(&RoleName::Online, &keys(1, &[2]), NOW).unwrap_err();
    assert_eq!(refused, PublishError::Shared { role: RoleName::Root, key: public(2).id() });
    let refused = draft.delegate(&stage("dev"), &keys(1, &[21]), &[], NOW).unwrap_err();
    assert_eq!(refused, PublishError::Shared { role: of_stage("dev"), key: public(21).id() });
}
