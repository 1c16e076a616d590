//! What no word is known for: the smallest parts in which two documents differ.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::super::{Change, RoleName};

/// Whatever differs where nothing should.
pub(super) fn compare<T: Serialize>(role: &RoleName, expected: &T, found: &T, changes: &mut Vec<Change>) {
    let value = |document: &T| serde_json::to_value(document).unwrap_or_default();
    differ(role, "", Some(&value(expected)), Some(&value(found)), changes);
}

/// Goes down as long as both are objects: the smallest part that differs is what is shown.
fn differ(
    role: &RoleName,
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    changes: &mut Vec<Change>,
) {
    if before == after {
        return;
    }
    if let (Some(Value::Object(had)), Some(Value::Object(has))) = (before, after) {
        let names: BTreeSet<&String> = had.keys().chain(has.keys()).collect();
        for name in names {
            differ(role, &format!("{path}/{name}"), had.get(name), has.get(name), changes);
        }
        return;
    }
    let (before, after) = (before.cloned(), after.cloned());
    changes.push(Change::Field { role: role.clone(), path: path.to_owned(), before, after });
}
