//! A passed check is a value, and some values can be vouched for: only by those listed here.

use std::collections::BTreeSet;

use crate::tree::{files, none};

/// The call, and where in the product it may stand.
const VOUCHERS: &[(&str, &str)] = &[
    ("Permit::assertion(", "crates/policy/src/decide.rs"),
    ("Commission::assertion(", "crates/runtime/src/floor.rs"),
    ("Digest::assertion(", "crates/store/src/"),
    ("Attested::assertion(", "crates/trust/src/catalogue.rs"),
    ("Attestation::assertion(", "crates/engine/src/trust/publishing/attested.rs"),
];

/// Files of the product that call it.
fn callers(call: &str) -> BTreeSet<String> {
    let ours = files().into_iter().filter(|file| file.is_rust() && !file.path.starts_with("xtask/"));
    ours.filter(|file| file.product().contains(call)).map(|file| file.path).collect()
}

#[test]
fn only_the_check_vouches_for_its_value() {
    for (call, place) in VOUCHERS {
        let strangers = callers(call).into_iter().filter(|path| !path.starts_with(place));
        none(strangers, &format!("`{call})` stands outside {place}"));
    }
}

#[test]
fn a_permit_is_made_in_one_place() {
    let calls = files()
        .iter()
        .filter(|file| file.path.starts_with("crates/policy/"))
        .fold(0, |sum, file| sum + file.product().matches("Permit::assertion(").count());
    assert_eq!(calls, 1, "one decision, one place that says yes");
}
