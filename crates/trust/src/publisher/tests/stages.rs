//! Stages, and what has to be attested before a promotion.

use super::world::*;
use crate::publisher::{Attestation, Change, PublishError, Repository, Requirement};

/// A publisher with a release, and a stage that wants key 41's scan.
fn staged() -> Repository {
    let vuln = Requirement { kind: "vuln".into(), keys: vec![public(41)] };
    changed(&publisher(1), &[11], |draft| {
        draft.release("app:1", digest("a"), 5, NOW)?;
        draft.delegate(&stage("prod"), &keys(2, &[31, 32, 33]), &[vuln], NOW)
    })
}

#[test]
fn a_stage_is_described_as_it_is() {
    let vuln = Requirement { kind: "vuln".into(), keys: vec![public(41)] };
    let mut draft = draft(&publisher(1));
    draft.delegate(&stage("prod"), &keys(1, &[31]), &[vuln], NOW).unwrap();
    let expected = [
        "makes stage prod".to_owned(),
        format!("prod gets key {} (ed25519)", public(31).id().short()),
        "prod needs 1 signature".to_owned(),
        format!("promotion to prod needs `vuln` by key {} (ed25519)", public(41).id().short()),
    ];
    assert_eq!(words(&draft)[1..], expected);
    let next = passed_on(&draft);
    assert_eq!(next.requirements(&stage("prod")).unwrap()[0].keys, [public(41)]);
    assert_eq!(next.stages(), [stage("prod")]);
}

#[test]
fn a_promotion_is_signed_by_the_stage_s_own_people() {
    let base = staged();
    let scan = Attestation::assertion("vuln", &public(41), digest("a"));
    let mut promotion = draft(&base);
    promotion.promote(&stage("prod"), "app:1", digest("a"), &[scan], NOW).unwrap();
    let expected = format!("promotes `app:1` to prod as {}", digest("a"));
    assert_eq!(words(&promotion)[1..], [expected]);
    assert!(matches!(sign(&mut promotion, &[11, 12]), Err(PublishError::Unwanted(_))));
    sign(&mut promotion, &[31]).unwrap();
    let mut next = passed_on(&promotion);
    sign(&mut next, &[33]).unwrap();
    let after = publish(&next, 21).unwrap();
    assert!(after.files().contains_key("1.prod.json"));
    let target = &reopened(&after, &base).unwrap().stages[&stage("prod")].document.targets["prod/app:1"];
    assert_eq!((target.length, target.sequence(), target.hashes.sha256()), (5, 1, Some(digest("a"))));
}

#[test]
fn what_is_not_attested_is_not_promoted() {
    let base = staged();
    let promote =
        |given: &[Attestation]| draft(&base).promote(&stage("prod"), "app:1", digest("a"), given, NOW);
    let others = [
        Attestation::assertion("sbom", &public(41), digest("a")),
        Attestation::assertion("vuln", &public(42), digest("a")),
        Attestation::assertion("vuln", &public(41), digest("b")),
    ];
    let refused = promote(&others).unwrap_err();
    assert_eq!(refused, PublishError::NotAttested { stage: stage("prod"), kinds: vec!["vuln".into()] });
    promote(&[Attestation::assertion("vuln", &public(41), digest("a"))]).unwrap();
}

#[test]
fn only_what_is_released_and_not_revoked_is_promoted() {
    let base = changed(&publisher(1), &[11], |draft| {
        draft.release("app:1", digest("a"), 5, NOW)?;
        draft.delegate(&stage("dev"), &keys(1, &[31]), &[], NOW)
    });
    let promote = |base: &Repository, to: &str, name: &str, what: &str| {
        draft(base).promote(&stage(to), name, digest(what), &[], NOW).unwrap_err()
    };
    assert_eq!(promote(&base, "dev", "app:2", "a"), PublishError::NotReleased("app:2".into()));
    assert!(matches!(promote(&base, "dev", "app:1", "b"), PublishError::OtherDigest { .. }));
    assert!(
        matches!(promote(&base, "test", "app:1", "a"), PublishError::NoStage { there, .. } if there == ["dev"])
    );
    let mut unpublished = draft(&base);
    unpublished.release("app:2", digest("b"), 5, NOW).unwrap();
    let early = unpublished.promote(&stage("dev"), "app:2", digest("b"), &[], NOW);
    assert_eq!(early, Err(PublishError::NotReleased("app:2".into())));
    let revoked = changed(&base, &[12], |draft| draft.revoke(digest("a"), "CVE-2026-1", NOW));
    assert!(matches!(promote(&revoked, "dev", "app:1", "a"), PublishError::Revoked { .. }));
}

#[test]
fn a_stage_s_people_change_and_its_promotions_stay() {
    let scan = Attestation::assertion("vuln", &public(41), digest("a"));
    let base = changed(&staged(), &[31, 32], |draft| {
        draft.promote(&stage("prod"), "app:1", digest("a"), &[scan], NOW)
    });
    let mut change = draft(&base);
    change.delegate(&stage("prod"), &keys(1, &[34]), &[], NOW).unwrap();
    let words = words(&change);
    assert!(words.contains(&"promotion to prod needs no attestation".to_owned()), "{words:#?}");
    assert!(words.contains(&"prod needs 1 signature instead of 2".to_owned()), "{words:#?}");
    sign(&mut change, &[11]).unwrap();
    assert_eq!(change.missing()[0].role, of_stage("prod"));
    let mut next = passed_on(&change);
    sign(&mut next, &[34]).unwrap();
    let after = reopened(&publish(&next, 21).unwrap(), &base).unwrap();
    assert_eq!(after.stages[&stage("prod")].document.targets, base.stages[&stage("prod")].document.targets);
    let delegations = after.targets.document.delegations.unwrap();
    assert_eq!(delegations.keys.into_keys().collect::<Vec<_>>(), [public(34).id()]);
}

/// The same, with a promotion, and then without the stage.
fn removed() -> (Repository, Repository) {
    let scan = Attestation::assertion("vuln", &public(41), digest("a"));
    let promoted = changed(&staged(), &[31, 32], |draft| {
        draft.promote(&stage("prod"), "app:1", digest("a"), &[scan], NOW)
    });
    let removed = changed(&promoted, &[11], |draft| draft.remove_stage(&stage("prod"), NOW + 60));
    (promoted, removed)
}

#[test]
fn a_stage_is_removed_and_stays_listed() {
    let (promoted, removed) = removed();
    let mut change = draft(&promoted);
    change.remove_stage(&stage("prod"), NOW).unwrap();
    assert_eq!(words(&change)[1..], ["removes stage prod"]);
    let next = passed_on(&change);
    assert_eq!((next.stages(), words(&next)), (Vec::new(), words(&change)));
    let after = reopened(&removed, &promoted).unwrap();
    assert_eq!(after.versions().stages, promoted.versions().stages, "what was listed does not vanish");
    assert!(!after.files().contains_key("1.prod.json") && promoted.files().contains_key("1.prod.json"));
    assert_eq!(after.targets.document.delegations.as_ref().unwrap().keys.len(), 0);
    let log = after.log().unwrap();
    let gone = log.iter().find(|event| matches!(event.change, Change::StageRemoved { .. })).unwrap();
    assert_eq!(
        (gone.by.as_slice(), gone.time.as_deref()),
        (&[public(11).id()][..], Some("2026-11-26T12:01:00Z"))
    );
    // The same command of the next signer changes nothing; that of somebody who errs is refused.
    let mut again = draft(&removed);
    again.remove_stage(&stage("prod"), NOW).unwrap();
    assert!(again.is_empty());
    assert!(matches!(again.remove_stage(&stage("dev"), NOW), Err(PublishError::NoStage { .. })));
}

#[test]
fn only_the_release_role_removes_a_stage() {
    let (promoted, removed) = removed();
    let mut change = draft(&promoted);
    change.remove_stage(&stage("prod"), NOW).unwrap();
    assert!(matches!(sign(&mut change, &[31, 32, 33]), Err(PublishError::Unwanted(_))));
    assert!(reopened(&removed, &promoted).is_ok());
    // Without a word about it, a file that is listed is nobody's.
    let mut silent = draft(&promoted);
    silent.remove_stage(&stage("prod"), NOW).unwrap();
    let unsaid = silent.edit_targets(NOW, |targets| {
        targets.other.remove("x-coffer-removed");
        Ok(())
    });
    unsaid.unwrap();
    assert!(silent.describe().unwrap().changes.iter().any(Change::is_unusual));
    sign(&mut silent, &[11]).unwrap();
    let after = publish(&silent, 21).unwrap();
    assert!(matches!(reopened(&after, &promoted), Err(PublishError::NoFile(_))));
}

#[test]
fn a_name_that_comes_back_is_its_new_people_s_alone() {
    let (promoted, removed) = removed();
    let mut change = draft(&removed);
    change.delegate(&stage("prod"), &keys(1, &[35]), &[], NOW).unwrap();
    sign(&mut change, &[11]).unwrap();
    assert!(!change.is_ready(), "the old document is not shown as theirs");
    let mut next = passed_on(&change);
    sign(&mut next, &[35]).unwrap();
    let after = reopened(&publish(&next, 21).unwrap(), &removed).unwrap();
    let paper = &after.stages[&stage("prod")].document;
    assert_eq!((paper.version, paper.targets.len()), (2, 0));
    assert_eq!(promoted.versions().stages["prod"], 1);
    let gone =
        after.log().unwrap().into_iter().any(|event| matches!(event.change, Change::StageRemoved { .. }));
    assert!(!gone);
}

#[test]
fn what_cannot_be_asked_for_is_not() {
    let mut draft = draft(&publisher(1));
    let mut ask = |kind: &str, keys| {
        let required = Requirement { kind: kind.into(), keys };
        draft.delegate(&stage("dev"), &super::world::keys(1, &[31]), &[required], NOW).unwrap_err()
    };
    assert!(matches!(ask("", vec![public(41)]), PublishError::Kind(_)));
    assert!(matches!(ask("a b", vec![public(41)]), PublishError::Kind(_)));
    assert!(matches!(ask("vuln", Vec::new()), PublishError::Threshold { .. }));
}
