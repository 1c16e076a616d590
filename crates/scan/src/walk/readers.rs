//! Who wants a file: by its path, as far as that tells, and else by its size and mode.

use super::{Bounds, LockFiles};
use crate::catalog::{Candidate, Cataloger};
use crate::catalogers;
use crate::misconfiguration;
use crate::scope::Scope;
use crate::secrets;
use crate::system::wants_release;

/// A size that nobody minds who wants a path.
const LIKELY: u64 = 4096;

/// What has to be known of a file, by its path alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// No more than that it is there.
    Nothing,
    /// Its mode, by which it may be odd, or a program that somebody wants.
    Mode,
    /// What is in it.
    Content,
}

impl Need {
    pub(super) fn of(path: &str, bounds: &Bounds) -> Self {
        let is_wanted = |executable| is_wanted(&Candidate { path, size: LIKELY, executable }, bounds);
        match bounds.scope {
            // What nobody wants even of a program is most of a tree.
            Scope::Packages if !is_wanted(true) => Self::Nothing,
            _ if is_wanted(false) => Self::Content,
            _ => Self::Mode,
        }
    }
}

/// Whether anybody wants a file.
pub(super) fn is_wanted(file: &Candidate<'_>, bounds: &Bounds) -> bool {
    let is_searched = || secrets::wants(file) || misconfiguration::wants(file);
    wants_release(file)
        || asked(bounds).any(|cataloger| (cataloger.wants)(file))
        || bounds.scope == Scope::Everything && is_searched()
}

/// All catalogers that are asked about a tree.
fn asked(bounds: &Bounds) -> impl Iterator<Item = &'static Cataloger> + use<> {
    let of_sources: &[_] = match bounds.lock_files {
        LockFiles::Ignored => &[],
        LockFiles::Counted => catalogers::OF_SOURCES,
    };
    catalogers::ALL.iter().chain(of_sources).copied().flatten()
}

/// Who wants to read a file, and by which of its paths.
pub(super) struct Readers<'a> {
    pub(super) releases: Vec<Candidate<'a>>,
    pub(super) catalogers: Vec<(&'static Cataloger, Candidate<'a>)>,
    pub(super) secrets: Option<Candidate<'a>>,
    pub(super) lines: Option<Candidate<'a>>,
}

impl<'a> Readers<'a> {
    pub(super) fn of(candidates: &[Candidate<'a>], bounds: &Bounds) -> Self {
        let wanted = |cataloger: &'static Cataloger| {
            let candidate = candidates.iter().find(|candidate| (cataloger.wants)(candidate))?;
            Some((cataloger, *candidate))
        };
        let searched: &[Candidate<'a>] = match bounds.scope {
            Scope::Packages => &[],
            Scope::Everything => candidates,
        };
        Self {
            releases: candidates.iter().copied().filter(wants_release).collect(),
            catalogers: asked(bounds).filter_map(wanted).collect(),
            secrets: searched.iter().copied().find(secrets::wants),
            lines: searched.iter().copied().find(misconfiguration::wants),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.releases.is_empty()
            && self.catalogers.is_empty()
            && self.secrets.is_none()
            && self.lines.is_none()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A path for each kind of file that somebody wants, and some that nobody does.
    const PATHS: [&str; 16] = [
        "var/lib/dpkg/status",
        "lib/apk/db/installed",
        "var/lib/rpm/rpmdb.sqlite",
        "var/lib/rpm/rpmdb.sqlite-wal",
        "etc/os-release",
        "etc/shadow",
        "etc/sudoers",
        "usr/bin/python3.11",
        "usr/bin/tool",
        "usr/lib/libssl.so.3",
        "app/app.jar",
        "app/node_modules/a/package.json",
        "app/node_modules/a/index.js",
        "app/yarn.lock",
        "usr/include/stdio.h",
        "usr/share/doc/a/copyright",
    ];

    #[test]
    fn packages_need_little_of_most_files() {
        let lean = Bounds { scope: Scope::Packages, ..Bounds::default() };
        for (path, need, whole) in [
            ("var/lib/dpkg/status", Need::Content, Need::Content),
            ("usr/bin/tool", Need::Mode, Need::Content),
            ("etc/shadow", Need::Mode, Need::Content),
            ("app/src/index.js", Need::Nothing, Need::Content),
            ("usr/include/stdio.h", Need::Nothing, Need::Mode),
        ] {
            assert_eq!(Need::of(path, &lean), need, "{path}");
            assert_eq!(Need::of(path, &Bounds::default()), whole, "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_path_that_nobody_wants_belongs_to_no_file_that_somebody_does(
            which in 0..PATHS.len(),
            size in 0_u64..1 << 34,
            executable: bool,
            is_lean: bool,
        ) {
            let scope = if is_lean { Scope::Packages } else { Scope::Everything };
            let bounds = Bounds { scope, lock_files: LockFiles::Counted, ..Bounds::default() };
            let file = Candidate { path: PATHS[which], size, executable };
            let is_wanted = is_wanted(&file, &bounds);
            prop_assert_eq!(is_wanted, !Readers::of(&[file], &bounds).is_empty());
            let least = if executable { Need::Mode } else { Need::Content };
            let need = Need::of(file.path, &bounds);
            prop_assert!(!is_wanted || need == Need::Content || need == least, "{:?} {:?}", need, file);
        }
    }
}
