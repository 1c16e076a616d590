//! What the log says.

use super::world::*;
use crate::publisher::{Change, RoleName};

#[test]
fn the_log_tells_what_holds_and_since_when() {
    let hour = 3600;
    let one = changed(&publisher(1), &[11], |draft| draft.release("app:1", digest("a"), 5, NOW + hour));
    let two = changed(&one, &[12], |draft| {
        draft.delegate(&stage("dev"), &keys(1, &[31]), &[], NOW + 2 * hour)?;
        draft.release("app:1", digest("b"), 5, NOW + 2 * hour)
    });
    let three =
        changed(&two, &[31], |draft| draft.promote(&stage("dev"), "app:1", digest("b"), &[], NOW + 3 * hour));
    let four = changed(&three, &[11], |draft| draft.revoke(digest("a"), "CVE-2026-1", NOW + 4 * hour));
    let five = changed(&four, &[1, 3], |draft| {
        draft.rotate(&RoleName::Root, &public(2).id(), public(4), NOW + 5 * hour)
    });
    let log = five.log().unwrap();
    let told: Vec<String> = log
        .iter()
        .filter(|event| event.time.as_deref() > Some("2026-11-26T12:00:00Z"))
        .map(|event| format!("{} {}", &event.time.as_ref().unwrap()[11..16], event.change))
        .collect();
    let (a, b) = (digest("a"), digest("b"));
    let expected = [
        format!("14:00 releases `app:1` as {b}, number 2 instead of {a}"),
        format!("15:00 promotes `app:1` to dev as {b}"),
        format!("16:00 revokes {a}: CVE-2026-1"),
        "17:00 version 2 of root, good until 2027-11-26T17:00:00Z".to_owned(),
        format!("17:00 root gets key {} (ed25519)", public(4).id().short()),
        format!("17:00 root loses key {} (ed25519)", public(2).id().short()),
    ];
    assert_eq!(told, expected);
    let last = log.last().unwrap();
    assert_eq!(last.by, [public(1).id(), public(3).id()]);
    assert!(matches!(log[0].change, Change::Document { version: 1, .. }));
    assert_eq!(log.iter().find(|event| event.role == of_stage("dev")).unwrap().by, [public(31).id()]);
}
