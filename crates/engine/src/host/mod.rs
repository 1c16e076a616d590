//! What this host can enforce: each lack with the step that ends it.
//!
//! Probed rather than deduced where that is cheap. The level that follows is kept for the boot, so that
//! a start reads one small file.

mod cgroup;
mod kernel;
mod rootless;
mod subordinate;
mod settings;

use std::path::Path;

use model::host::{HostCheck, HostState, HostWeight, host_level};
use model::usecase::Host;
use serde::{Deserialize, Serialize};

use crate::site::{Invoker, Site};
use crate::state;

pub(crate) use cgroup::controllers;
pub(crate) use kernel::release;
pub(crate) use subordinate::session_map;

/// How long a cached level is believed, seconds: settings can be changed without a reboot.
const BELIEVED: i64 = 3600;
/// The cache's file name in the runtime directory.
const CACHE: &str = "host.json";

/// Looks at everything, and keeps the level that follows.
pub(crate) fn check(site: &Site, now: i64) -> Vec<HostCheck> {
    let mut checks = kernel::checks();
    checks.extend(cgroup::checks(site.invoker));
    if let Invoker::Rootless { uid, .. } = site.invoker {
        checks.extend(rootless::checks(uid));
    }
    checks.extend(settings::checks());
    // A cache that cannot be written costs time at the next start and nothing else.
    let _slower = remember(&site.run, host_level(&checks), now);
    checks
}

/// The host dimension of the use case: from the cache, or from a fresh look.
pub(crate) fn level(site: &Site, now: i64) -> Host {
    remembered(&site.run, now).unwrap_or_else(|| host_level(&check(site, now)))
}

#[derive(Serialize, Deserialize)]
struct Cached {
    boot: String,
    kernel: String,
    at: i64,
    level: Host,
}

fn remembered(run: &Path, now: i64) -> Option<Host> {
    let bytes = state::read_file(state::open_dir(run).ok()?, CACHE).ok()??;
    let cached: Cached = serde_json::from_slice(&bytes).ok()?;
    let fresh = (0..BELIEVED).contains(&(now - cached.at));
    let same = cached.kernel == kernel::release() && cached.boot == state::boot_id().ok()?;
    (fresh && same).then_some(cached.level)
}

fn remember(run: &Path, level: Host, now: i64) -> std::io::Result<()> {
    let cached = Cached { boot: state::boot_id()?, kernel: kernel::release(), at: now, level };
    state::replace_file(state::open_dir(run)?, CACHE, &serde_json::to_vec(&cached)?)
}

/// What /etc/passwd calls a user; the number where it has none.
pub(crate) fn user_name(uid: u32) -> String {
    subordinate::User::of(uid).name()
}

/// One check before it was made.
#[derive(Debug, Clone, Copy)]
struct Probe {
    id: &'static str,
    text: &'static str,
    weight: HostWeight,
}

impl Probe {
    fn present(self, found: impl Into<String>) -> HostCheck {
        let Self { id, text, weight } = self;
        HostCheck { id, text, weight, state: HostState::Present, found: found.into(), remedy: String::new() }
    }

    fn missing(self, found: impl Into<String>, remedy: impl Into<String>) -> HostCheck {
        let Self { id, text, weight } = self;
        HostCheck { id, text, weight, state: HostState::Missing, found: found.into(), remedy: remedy.into() }
    }
}

/// A file of /proc or /sys as trimmed text.
fn text(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(root: &Path) -> Site {
        let site = Site {
            state: root.join("state"),
            run: root.join("run"),
            level: model::verdict::Level::Baseline,
            invoker: Invoker::Root,
        };
        site.prepare().unwrap();
        site
    }

    #[test]
    fn every_check_has_its_own_name_and_every_lack_a_remedy() {
        let root = tempfile::tempdir().unwrap();
        let checks = check(&site(root.path()), 0);
        let names: std::collections::HashSet<_> = checks.iter().map(|check| check.id).collect();
        assert_eq!(names.len(), checks.len());
        for check in checks {
            assert!(check.text.len() < 40 && !check.found.is_empty(), "{check:?}");
            assert_eq!(check.remedy.is_empty(), check.state == HostState::Present, "{check:?}");
        }
    }

    #[test]
    fn the_level_is_believed_for_an_hour_of_one_boot() {
        let root = tempfile::tempdir().unwrap();
        let site = site(root.path());
        assert_eq!(remembered(&site.run, 10), None);
        remember(&site.run, Host::Hardened, 10).unwrap();
        assert_eq!(remembered(&site.run, 11), Some(Host::Hardened));
        assert_eq!(remembered(&site.run, 9), None);
        assert_eq!(remembered(&site.run, 10 + BELIEVED), None);
        let cached =
            Cached { boot: "other".into(), kernel: kernel::release(), at: 10, level: Host::Hardened };
        std::fs::write(site.run.join(CACHE), serde_json::to_vec(&cached).unwrap()).unwrap();
        assert_eq!(remembered(&site.run, 11), None);
    }
}
