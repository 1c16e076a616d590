//! What a user needs to run containers without root.

use std::os::unix::fs::MetadataExt as _;

use launch::session::Barrier;
use model::host::{HostCheck, HostWeight};

use super::Probe;
use super::subordinate::{SUBGID, SUBUID, User, find_helper, first_free};

/// As many ids as distributions give to a user.
const COUNT: u32 = 65_536;
/// Whom the host's root looks like inside a user's session, which does not have that id.
const OVERFLOW: u32 = 65_534;

pub(super) fn checks(uid: u32) -> Vec<HostCheck> {
    let user = User::of(uid);
    vec![
        allowed(),
        subordinate("subuids", "user ids to give to containers", &user, SUBUID),
        subordinate("subgids", "group ids to give to containers", &user, SUBGID),
        helper("newuidmap", "newuidmap"),
        helper("newgidmap", "newgidmap"),
    ]
}

/// Distributions keep users from making user namespaces in several ways.
fn allowed() -> HostCheck {
    let probe = Probe {
        id: "unprivileged-user-namespaces",
        text: "users may make user namespaces",
        weight: HostWeight::Baseline,
    };
    match Barrier::now() {
        Some(barrier) => probe.missing(barrier.to_string(), barrier.remedy()),
        None => probe.present("allowed"),
    }
}

fn subordinate(id: &'static str, what: &'static str, user: &User, file: &str) -> HostCheck {
    let probe = Probe { id, text: what, weight: HostWeight::Advice };
    match user.ranges(file).first() {
        Some((first, size)) => probe.present(format!("{first}:{size}")),
        None => {
            let flag = if file == SUBUID { "--add-subuids" } else { "--add-subgids" };
            let first = first_free(file);
            let last = first.saturating_add(COUNT - 1);
            probe.missing("none", format!("sudo usermod {flag} {first}-{last} {}", user.name()))
        }
    }
}

/// The helper has to carry privilege: set-user-id root, or a file capability.
fn helper(id: &'static str, program: &'static str) -> HostCheck {
    let probe = Probe { id, text: "helper of shadow-utils for id maps", weight: HostWeight::Advice };
    let Some(path) = find_helper(program) else {
        return probe.missing("not installed", "sudo apt-get install uidmap");
    };
    let root = |uid| uid == 0 || uid == OVERFLOW;
    let setuid = path.metadata().is_ok_and(|meta| meta.mode() & 0o4000 != 0 && root(meta.uid()));
    let mut none = [0_u8; 0];
    let capable = rustix::fs::getxattr(&path, "security.capability", &mut none[..]).is_ok();
    let path = path.display();
    if setuid || capable {
        probe.present(path.to_string())
    } else {
        probe.missing("without privilege", format!("sudo chmod u+s {path}"))
    }
}
