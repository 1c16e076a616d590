//! Limits that keep one container from using up the host.

use model::spec::Spec;

use super::Found;
use super::weakness::{UNLIMITED_MEMORY, UNLIMITED_PIDS};

pub(super) fn find(spec: &Spec, found: &mut Found) {
    let resources = &spec.linux.resources;
    let unified = |file: &str| resources.unified.get(file).is_some_and(|value| value.trim() != "max");
    if !is_limited(resources.memory.limit) && !unified("memory.max") {
        found.add(&UNLIMITED_MEMORY, "");
    }
    if !is_limited(resources.pids.limit) && !unified("pids.max") {
        found.add(&UNLIMITED_PIDS, "");
    }
}

/// 0 and -1 are what engines write for no limit.
fn is_limited(limit: Option<i64>) -> bool {
    limit.is_some_and(|limit| limit > 0)
}
