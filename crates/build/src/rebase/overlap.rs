//! What the application's layers touch, against where the bases differ.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::reason::{MOST, Reason};

/// A path that the application's layers touch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Above {
    /// Absolute, normalised.
    pub path: String,
    /// How.
    pub touch: Touch,
}

/// How a layer touches a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touch {
    /// A file, link or device is there now.
    File,
    /// A directory is there now; what it held stays.
    Directory,
    /// What was there is gone, all that it held included: a whiteout, or an opaque directory.
    Removed,
}

/// How two bases differ at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// What the old one has there.
    pub old: Option<Kind>,
    /// What the new one has there.
    pub new: Option<Kind>,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// Anything else.
    Other,
}

/// Files and directories in which package managers keep what is installed, all packages in one: dpkg, apk, rpm, pacman.
/// (dpkg's status.d has a file for each package, and those can be told apart.)
const DATABASES: [&str; 7] = [
    "/var/lib/dpkg/status",
    "/lib/apk/db/installed",
    "/usr/lib/apk/db/installed",
    "/var/lib/rpm",
    "/usr/lib/sysimage/rpm",
    "/usr/share/rpm",
    "/var/lib/pacman/local",
];

/// Why what is above does not go together with what changes below.
pub(super) fn reasons(above: &[Above], differences: &BTreeMap<String, Difference>) -> Vec<Reason> {
    let mut above: Vec<&Above> = above.iter().collect();
    above.sort();
    let databases = above.iter().filter(|above| is_database(&above.path));
    let databases = databases.map(|above| Reason::Packages(above.path.clone()));
    let replaced = above.iter().filter(|above| !is_database(&above.path) && is_replaced(above, differences));
    let replaced = replaced.map(|above| Reason::Replaced(above.path.clone()));
    let removed = above.iter().filter(|above| !is_database(&above.path));
    let removed = removed.filter_map(|above| removed_below(above, differences));
    let parents = above.iter().filter_map(|above| parent(&above.path, differences));
    let kinds: [Vec<Reason>; 4] =
        [databases.collect(), replaced.collect(), removed.collect(), parents.collect()];
    kinds.into_iter().flat_map(few).collect()
}

fn few(mut reasons: Vec<Reason>) -> Vec<Reason> {
    let more = reasons.len().saturating_sub(MOST);
    reasons.truncate(MOST);
    reasons.extend((more > 0).then_some(Reason::More(more)));
    reasons
}

fn is_database(path: &str) -> bool {
    DATABASES.iter().any(|database| path == *database || is_within(path, database))
}

fn is_within(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// A path is the application's now, and the bases do not agree about it. A directory that both have is shared: only
/// what it is counts, its owner and mode included, since the layer's entry brings its own.
fn is_replaced(above: &Above, differences: &BTreeMap<String, Difference>) -> bool {
    above.touch != Touch::Removed && differences.contains_key(&above.path)
}

/// What is gone, or hidden by a file where a directory was, must be the same in both.
fn removed_below(above: &Above, differences: &BTreeMap<String, Difference>) -> Option<Reason> {
    let hides = match above.touch {
        Touch::Directory => return None,
        Touch::Removed if differences.contains_key(&above.path) => Some(above.path.clone()),
        Touch::Removed | Touch::File => first_within(&above.path, differences),
    };
    hides.map(|differs| Reason::Removed { path: above.path.clone(), differs })
}

fn first_within(path: &str, differences: &BTreeMap<String, Difference>) -> Option<String> {
    let begin = format!("{}/", path.trim_end_matches('/'));
    let (first, _) =
        differences.range::<str, _>((Bound::Included(begin.as_str()), Bound::Unbounded)).next()?;
    first.starts_with(&begin).then(|| first.clone())
}

/// A directory on the way to a path has to stay one.
fn parent(path: &str, differences: &BTreeMap<String, Difference>) -> Option<Reason> {
    let ends = path.char_indices().skip(1).filter(|(_, c)| *c == '/').map(|(end, _)| end);
    let mut parents = ends.filter_map(|end| path.get(..end));
    parents.find_map(|parent| {
        let difference = differences.get(parent)?;
        let now = match (difference.old, difference.new) {
            (Some(Kind::Directory), Some(Kind::Directory)) => return None,
            (Some(Kind::Directory), None) => "nothing",
            (Some(Kind::Directory), Some(Kind::Link)) => "a symbolic link",
            (Some(Kind::Directory), Some(Kind::Other)) => "a file",
            (_, Some(Kind::Directory)) => return None,
            (_, _) => "something else",
        };
        Some(Reason::Parent { path: path.to_owned(), parent: parent.to_owned(), now })
    })
}
