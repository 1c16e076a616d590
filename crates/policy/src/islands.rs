//! Exec islands: the few places of an image from which programs may run, as read-only mounts.
//!
//! Everything else of the root is noexec and stays writable, so a place is made an island as a whole
//! only where nobody expects to write: the system's own trees, and directories of programs. Programs
//! that lie among data get a mount each.
//!
//! Left out: package managers' scripts (/var/lib/dpkg, /var/lib/apk: hundreds, of use only when
//! packages are installed, which needs `--mutable` anyway), what the kernel's filesystems hide, what
//! lies below a symbolic link of the root, and what a mount or a volume covers.

use std::collections::{BTreeMap, BTreeSet};

use model::image::{ExecDir, Image};
use model::spec::{Island, IslandKind};

use crate::hostpaths::{components, within};

/// A mount costs some 20 microseconds at every start; beyond this many, deep islands are merged.
pub const LIMIT: usize = 512;

/// The system's own trees, which package managers fill and programs leave alone.
const TREES: [&str; 7] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr"];

/// Subdirectories of /usr/local that belong to the system's tree; any other is an application that may
/// keep its logs and data beside its programs (/usr/local/apache2, /usr/local/tomcat).
const LOCAL: [&str; 11] =
    ["bin", "sbin", "lib", "lib32", "lib64", "libexec", "share", "games", "include", "etc", "man"];

/// Names of directories that hold programs and nothing that is written.
const PROGRAM_DIRECTORIES: [&str; 8] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", ".bin"];

/// Never islands: data lies in them, or other mounts cover them.
const NEVER: [&str; 20] = [
    "/",
    "/data",
    "/dev",
    "/etc",
    "/home",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/srv",
    "/sys",
    "/tmp",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/run",
    "/var/tmp",
];

/// Left out as a whole, see above.
const SKIPPED: [&str; 5] = ["/dev", "/proc", "/sys", "/var/lib/apk", "/var/lib/dpkg"];

/// The islands of an image, sorted by path, none inside another. `covered` are the normalised targets
/// of mounts, volumes and the engine's own files.
#[must_use]
pub fn islands(image: &Image, covered: &[String]) -> Vec<Island> {
    let sea = Sea::of(image, covered);
    let mut found = BTreeMap::new();
    // The facts are sorted, so that most directories lie in the island that was found last.
    let mut last = None;
    for directory in &image.facts.exec_dirs {
        let inside = last.as_deref().is_some_and(|island| within(&directory.path, island));
        if !inside && !sea.hides(&directory.path) {
            last = sea.place(directory, &mut found).or(last);
        }
    }
    let merged = merge(without_nested(found), &sea);
    let visible = merged.into_iter().filter(|(path, _)| !sea.covers(path)).take(LIMIT);
    visible.map(|(path, kind)| Island { path, kind }).collect()
}

/// Islands by path, on the way.
type Found = BTreeMap<String, IslandKind>;

/// What surrounds the islands.
struct Sea<'a> {
    /// Mounts and volumes.
    covered: &'a [String],
    /// Top-level names that are symbolic links.
    links: BTreeSet<&'a str>,
    /// Directories that an application may write to although they lie in a system tree or look like
    /// program directories: the working directory, and applications below /usr/local.
    writable: BTreeSet<String>,
}

impl<'a> Sea<'a> {
    fn of(image: &'a Image, covered: &'a [String]) -> Self {
        let working_dir = normalised(&image.config.working_dir);
        let mut writable = applications(&image.facts.exec_dirs);
        if !is_system_directory(&working_dir) {
            writable.insert(working_dir);
        }
        let links = image.facts.root_links.keys().map(|name| name.trim_start_matches('/')).collect();
        Self { covered, links, writable }
    }

    /// Nothing in the directory can be executed, or need be.
    fn hides(&self, path: &str) -> bool {
        SKIPPED.iter().any(|skipped| within(path, skipped))
            || components(path).next().is_some_and(|top| self.links.contains(top))
    }

    fn covers(&self, path: &str) -> bool {
        self.covered.iter().any(|target| within(path, target))
    }

    /// Whether the directory holds, or is, one that is written to.
    fn is_written(&self, directory: &str) -> bool {
        self.writable.iter().any(|writable| within(writable, directory))
    }

    /// Adds the island or islands of one directory; returns the one that holds all of it.
    fn place(&self, directory: &ExecDir, found: &mut Found) -> Option<String> {
        let whole = self.tree(&directory.path).or_else(|| self.holds_programs_only(directory));
        match &whole {
            Some(island) => {
                found.insert(island.clone(), IslandKind::Directory);
            }
            None => {
                for name in &directory.files {
                    found.entry(join(&directory.path, name)).or_insert(IslandKind::File);
                }
            }
        }
        whole
    }

    /// The highest directory on the way down to `path`, from a system tree on, in which nothing is
    /// written.
    fn tree(&self, path: &str) -> Option<String> {
        let tree = TREES.into_iter().find(|tree| within(path, tree))?;
        let written_into = |writable: &String| within(path, writable) && within(writable, tree);
        if self.writable.iter().any(written_into) {
            return None;
        }
        let depth = components(path).count();
        (components(tree).count()..=depth)
            .map(|depth| ancestor(path, depth))
            .find(|above| !self.is_written(above))
    }

    /// The directory itself, if nobody expects to write to it.
    fn holds_programs_only(&self, directory: &ExecDir) -> Option<String> {
        let path = directory.path.as_str();
        let name = components(path).next_back().unwrap_or_default();
        let named = PROGRAM_DIRECTORIES.contains(&name);
        let only = directory.others == 0 && directory.files.len() > 1;
        ((named || only) && !NEVER.contains(&path) && !self.is_written(path)).then(|| directory.path.clone())
    }
}

/// Directories directly below /usr/local that are no part of the system's tree.
fn applications(exec_dirs: &[ExecDir]) -> BTreeSet<String> {
    let below = exec_dirs.iter().filter(|directory| within(&directory.path, "/usr/local"));
    below
        .filter_map(|directory| components(&directory.path).nth(2))
        .filter(|name| !LOCAL.contains(name))
        .map(|name| format!("/usr/local/{name}"))
        .collect()
}

/// Working directories that say nothing about being written to.
fn is_system_directory(path: &str) -> bool {
    path == "/"
        || TREES.contains(&path)
        || path == "/usr/local"
        || components(path).next_back().is_some_and(|name| PROGRAM_DIRECTORIES.contains(&name))
}

/// Drops what lies inside another island: paths are sorted, so a parent comes first, though not always
/// directly (`/a`, `/a-b`, `/a/c`).
fn without_nested(found: Found) -> Found {
    let directories: BTreeSet<String> = found
        .iter()
        .filter(|(_, kind)| **kind == IslandKind::Directory)
        .map(|(path, _)| path.clone())
        .collect();
    let nested = |path: &str| {
        let depth = components(path).count();
        (0..depth).any(|above| directories.contains(&ancestor(path, above)))
    };
    found.into_iter().filter(|(path, _)| !nested(path)).collect()
}

/// Replaces the deepest islands by their parents until there are few enough. What lies directly in a
/// directory that must not be an island stays as it is; beyond the limit it is not executable.
fn merge(mut found: Found, sea: &Sea<'_>) -> Found {
    let mut depth = found.keys().map(|path| components(path).count()).max().unwrap_or(0);
    while found.len() > LIMIT && depth > 1 {
        depth -= 1;
        found = without_nested(found.into_iter().map(|island| raised(island, depth, sea)).collect());
    }
    found
}

fn raised((path, kind): (String, IslandKind), depth: usize, sea: &Sea<'_>) -> (String, IslandKind) {
    let above = ancestor(&path, depth);
    if components(&path).count() <= depth || NEVER.contains(&above.as_str()) || sea.hides(&above) {
        (path, kind)
    } else {
        (above, IslandKind::Directory)
    }
}

/// The first `depth` components of a path.
fn ancestor(path: &str, depth: usize) -> String {
    let mut above = String::with_capacity(path.len());
    for name in components(path).take(depth) {
        above.push('/');
        above.push_str(name);
    }
    if above.is_empty() { "/".to_owned() } else { above }
}

fn normalised(path: &str) -> String {
    ancestor(path, usize::MAX)
}

fn join(directory: &str, name: &str) -> String {
    if directory == "/" { format!("/{name}") } else { format!("{directory}/{name}") }
}

#[cfg(test)]
mod tests;
