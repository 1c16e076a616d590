//! Several people, each with their own key.

use super::world::*;
use crate::publisher::{PublishError, RoleName, Signers};

#[test]
fn two_people_give_the_same_command() {
    let base = publisher(2);
    let mut first = draft(&base);
    first.release("app:1", digest("a"), 5, NOW).unwrap();
    assert_eq!(sign(&mut first, &[11]).unwrap(), 1);
    let [missing] = first.missing().try_into().unwrap();
    assert_eq!(
        (missing.threshold, missing.signed, missing.absent.clone()),
        (2, vec![public(11).id()], vec![public(12).id()])
    );
    assert!(first.wants(&public(12).id()) && !first.wants(&public(11).id()));
    assert!(matches!(publish(&first, 21), Err(PublishError::Incomplete(_))));
    let mut second = passed_on(&first);
    second.release("app:1", digest("a"), 5, NOW + 3600).unwrap();
    assert_eq!(second.dropped(), []);
    assert_eq!(sign(&mut second, &[12]).unwrap(), 1);
    let published = publish(&second, 21).unwrap();
    assert_eq!(published.versions().targets, base.versions().targets + 1);
    reopened(&published, &base).unwrap();
}

#[test]
fn one_person_is_not_two() {
    let mut draft = draft(&publisher(2));
    draft.release("app:1", digest("a"), 5, NOW).unwrap();
    assert_eq!(sign(&mut draft, &[11, 11]).unwrap(), 1);
    assert_eq!(sign(&mut draft, &[11]).unwrap(), 0);
    assert_eq!(sign(&mut passed_on(&draft), &[11]).unwrap(), 0);
    assert_eq!(draft.missing().len(), 1);
}

#[test]
fn a_stranger_does_not_count_and_is_not_carried_along() {
    let base = publisher(2);
    let mut draft = draft(&base);
    draft.release("app:1", digest("a"), 5, NOW).unwrap();
    let refused = sign(&mut draft, &[1, 21, 99]).unwrap_err();
    assert!(matches!(&refused, PublishError::Unwanted(waits) if waits.len() == 1), "{refused}");
    sign(&mut draft, &[11]).unwrap();
    let mut files = draft.files();
    let theirs = files["2.targets.json"].clone();
    let mut envelope = crate::metadata::Envelope::open(&theirs, 1 << 20).unwrap();
    envelope.sign(&key(99)).unwrap();
    // A right key's name does not make a signature.
    envelope.add(crate::metadata::Signature { keyid: public(12).id(), sig: "00".repeat(64) });
    files.insert("2.targets.json".to_owned(), envelope.to_bytes().unwrap());
    let next = resumed(&base, &files).unwrap();
    assert_eq!(next.files(), draft.files());
    assert_eq!(next.missing(), draft.missing());
}

#[test]
fn what_others_published_meanwhile_stops_a_draft() {
    let base = publisher(2);
    let mut late = draft(&base);
    late.release("app:1", digest("a"), 5, NOW).unwrap();
    sign(&mut late, &[11]).unwrap();
    let moved = changed(&base, &[11, 12], |draft| draft.release("app:2", digest("b"), 5, NOW));
    let refused = resumed(&moved, &late.files()).unwrap_err();
    assert_eq!(refused, PublishError::Moved { role: RoleName::Release, pending: 2, published: 2 });
    let further = changed(&moved, &[11, 12], |draft| draft.release("app:3", digest("c"), 5, NOW));
    let mut next = draft(&further);
    next.release("app:4", digest("d"), 5, NOW).unwrap();
    let withheld = resumed(&base, &next.files()).unwrap_err();
    assert_eq!(withheld, PublishError::Rollback { name: "release".into(), found: 1, seen: 3 });
}

#[test]
fn what_was_published_is_no_draft_any_more() {
    let base = publisher(2);
    let mut draft = draft(&base);
    draft.release("app:1", digest("a"), 5, NOW).unwrap();
    sign(&mut draft, &[11, 12]).unwrap();
    let files = draft.files();
    let published = publish(&draft, 21).unwrap();
    assert!(resumed(&published, &files).unwrap().is_empty());
}

#[test]
fn an_edit_of_what_is_signed_says_whose_signature_it_costs() {
    let base = publisher(2);
    let mut first = draft(&base);
    first.release("app:1", digest("a"), 5, NOW).unwrap();
    sign(&mut first, &[11]).unwrap();
    let mut second = passed_on(&first);
    second.release("app:2", digest("b"), 5, NOW).unwrap();
    assert_eq!(second.dropped(), [(RoleName::Release, public(11).id())]);
    sign(&mut second, &[12]).unwrap();
    assert_eq!(second.missing()[0].absent, [public(11).id()]);
    let stale = resumed(&base, &first.files()).and_then(|mut first| first.join(&second));
    assert_eq!(stale, Err(PublishError::Apart(RoleName::Release)));
}

#[test]
fn signatures_given_at_the_same_time_are_joined() {
    let base = publisher(2);
    let mut shared = draft(&base);
    shared.release("app:1", digest("a"), 5, NOW).unwrap();
    let (mut one, mut other) = (passed_on(&shared), passed_on(&shared));
    sign(&mut one, &[11]).unwrap();
    sign(&mut other, &[12]).unwrap();
    one.join(&other).unwrap();
    assert_eq!(one.missing(), []);
    reopened(&publish(&one, 21).unwrap(), &base).unwrap();
}

#[test]
fn nobody_waits_for_what_has_nothing_to_do_with_them() {
    let base = changed(&publisher(2), &[11, 12], |draft| {
        draft.delegate(&stage("dev"), &keys(1, &[31]), &[], NOW)?;
        draft.release("app:1", digest("a"), 5, NOW)
    });
    let mut both = draft(&base);
    both.release("app:2", digest("b"), 5, NOW).unwrap();
    both.promote(&stage("dev"), "app:1", digest("a"), &[], NOW).unwrap();
    sign(&mut both, &[11, 31]).unwrap();
    let published = both.publish(&[&key(21)], NOW).unwrap();
    assert_eq!(published.repository.versions().targets, base.versions().targets);
    assert_eq!(published.repository.versions().stages["dev"], 1);
    assert_eq!(published.rest.changed(), [RoleName::Release]);
    let mut rest = resumed(&published.repository, &both.files()).unwrap();
    assert_eq!(rest.changed(), [RoleName::Release]);
    sign(&mut rest, &[12]).unwrap();
    reopened(&publish(&rest, 21).unwrap(), &base).unwrap();
}

#[test]
fn a_new_root_wants_those_who_leave_and_those_who_come() {
    let base = publisher(1);
    let mut rotation = draft(&base);
    rotation.set_keys(&RoleName::Root, &keys(2, &[4, 5]), NOW).unwrap();
    sign(&mut rotation, &[4, 5]).unwrap();
    let [missing] = rotation.missing().try_into().unwrap();
    assert_eq!(missing.signers, Signers::Former);
    assert!(missing.to_string().starts_with("2 signatures of root as it was, by "), "{missing}");
    let mut next = passed_on(&rotation);
    sign(&mut next, &[1]).unwrap();
    assert_eq!(next.missing().len(), 1);
    sign(&mut next, &[3]).unwrap();
    let after = publish(&next, 21).unwrap();
    assert_eq!(reopened(&after, &base).unwrap().versions().root, 2);
    // Those who left sign nothing any more.
    let mut later = draft(&after);
    later.renew(&RoleName::Root, NOW + 1).unwrap();
    assert!(matches!(sign(&mut later, &[1, 2, 3]), Err(PublishError::Unwanted(_))));
}
