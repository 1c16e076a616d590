//! What programs in a base rely on, and where two bases differ.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};

use build::plan::Origin;
use build::rebase::{Difference, Family, Kind, Libc, Side};
use model::image::Image;

use crate::building::context::Origins;
use crate::building::error::{BuildError, FilesError};
use crate::building::listing::{Listed, ListedKind};
use crate::building::solve::whole;
use crate::building::taken::Gathered;
use crate::building::tree::Tree;
use crate::engine::Engine;

/// Bytes of a C library that are searched for its version.
const MAX_LIBRARY: u64 = 8 << 20;
/// Bytes of a text that tells what a base is.
const MAX_TEXT: u64 = 4 << 20;
/// Bytes that are compared at once.
const PIECE: usize = 64 << 10;

/// All files of a base.
struct Base {
    tree: Tree,
    entries: BTreeMap<String, Listed>,
}

impl Engine {
    pub(super) fn side(&self, image: &Image) -> Result<Side, BuildError> {
        let base = self.all_files(image)?;
        Ok(Side { config: image.config.clone(), layers: image.layers.clone(), family: base.family() })
    }

    pub(super) fn differences(
        &self,
        old: &Image,
        new: &Image,
    ) -> Result<BTreeMap<String, Difference>, BuildError> {
        let (old, new) = (self.all_files(old)?, self.all_files(new)?);
        let mut differences = BTreeMap::new();
        for path in old.entries.keys().chain(new.entries.keys()) {
            let (before, after) = (old.entries.get(path), new.entries.get(path));
            let is_same = match (before, after) {
                (Some(before), Some(after)) => {
                    same(&old.tree, before, &new.tree, after).map_err(FilesError::read(path.as_bytes()))?
                }
                _ => false,
            };
            if !is_same && !differences.contains_key(path) {
                let difference = Difference { old: before.map(kind), new: after.map(kind) };
                differences.insert(path.clone(), difference);
            }
        }
        Ok(differences)
    }

    fn all_files(&self, image: &Image) -> Result<Base, BuildError> {
        let roots = BTreeMap::from([(0, image.layers.as_slice())]);
        let origins = Origins { roots, ..Origins::default() };
        let taken = self.taken(&whole(Origin::Step(0), ""), &origins, &[])?;
        let mut entries = BTreeMap::new();
        let mut tree = None;
        for source in taken.sources {
            let Gathered::Files { tree: found, tops, .. } = source else { continue };
            let listed = tops.into_iter().flat_map(|top| top.entries);
            entries
                .extend(listed.map(|listed| (format!("/{}", String::from_utf8_lossy(&listed.path)), listed)));
            tree = Some(found);
        }
        let tree = match tree {
            Some(tree) => tree,
            None => self.tree_of(&image.layers).map_err(FilesError::read(b"the base"))?,
        };
        Ok(Base { tree, entries })
    }
}

impl Base {
    fn family(&self) -> Family {
        Family {
            distribution: self.distribution(),
            libc: self.libc(),
            runtimes: self.runtimes(),
            libraries: self.entries.keys().filter_map(|path| library(path)).collect(),
        }
    }

    /// Nothing where it is not there or no file.
    fn read(&self, path: &str, most: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let listed = self.entries.get(path).filter(|listed| listed.kind == ListedKind::File);
        if let Some(opened) = listed.and_then(|listed| listed.open(self.tree.layers(), b"").ok()) {
            // What cannot be read says nothing, and then nothing is moved.
            let _unread = File::from(opened).take(most).read_to_end(&mut bytes);
        }
        bytes
    }

    fn text(&self, path: &str) -> String {
        String::from_utf8_lossy(&self.read(path, MAX_TEXT)).into_owned()
    }

    /// os-release(5)
    fn distribution(&self) -> Option<(String, String)> {
        let texts = ["/etc/os-release", "/usr/lib/os-release"].map(|path| self.text(path));
        let text = texts.into_iter().find(|text| !text.is_empty())?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
            Some(line.trim_matches(['"', '\'']).to_owned())
        };
        let (id, version) = (field("ID")?, field("VERSION_ID").unwrap_or_default());
        // Alpine's releases are 3.20, and each has its own libraries; elsewhere the first number is the release.
        let parts = if id == "alpine" { 2 } else { 1 };
        Some((id, version.split('.').take(parts).collect::<Vec<_>>().join(".")))
    }

    fn libc(&self) -> Option<Libc> {
        const LOADERS: [&str; 2] = ["/lib/ld-musl-", "/usr/lib/ld-musl-"];
        let is_loader = |path: &String| LOADERS.iter().any(|loader| path.starts_with(loader));
        if self.entries.keys().any(is_loader) {
            let installed =
                ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"].map(|path| self.text(path));
            let installed = installed.concat();
            let version = installed.split("\n\n").find(|package| package.contains("P:musl\n"));
            let version =
                version.and_then(|package| package.lines().find_map(|line| line.strip_prefix("V:")));
            return Some(Libc { kind: "musl".into(), version: numbers(version.unwrap_or_default()) });
        }
        let path = self.entries.keys().find(|path| path.ends_with("/libc.so.6"))?;
        let bytes = self.read(path, MAX_LIBRARY);
        const SAID: &[u8] = b"release version ";
        let at = bytes.windows(SAID.len()).position(|window| window == SAID).map(|at| at + SAID.len());
        let said = at.and_then(|at| bytes.get(at..)).unwrap_or_default();
        let said: Vec<u8> = said.iter().take(16).copied().collect();
        Some(Libc { kind: "glibc".into(), version: numbers(&String::from_utf8_lossy(&said)) })
    }

    /// By the directories in which their libraries lie.
    fn runtimes(&self) -> BTreeMap<String, String> {
        const PLACES: [(&str, &str, &str); 6] = [
            ("python", "/usr/lib/python", ""),
            ("python", "/usr/local/lib/python", ""),
            ("perl", "/usr/share/perl/", "."),
            ("ruby", "/usr/lib/ruby/", "."),
            ("ruby", "/usr/local/lib/ruby/", "."),
            ("php", "/usr/lib/php/", ""),
        ];
        let mut runtimes = BTreeMap::new();
        for (name, place, needed) in PLACES {
            for path in self.entries.keys().filter_map(|path| path.strip_prefix(place)) {
                let version = path.split('/').next().unwrap_or_default();
                let is_version = version.starts_with(|first: char| first.is_ascii_digit())
                    && version.contains('.')
                    && version.contains(needed);
                if is_version {
                    let version = version.split('.').take(2).collect::<Vec<_>>().join(".");
                    runtimes.insert(name.to_owned(), version);
                }
            }
        }
        for place in ["/usr/include/node", "/usr/local/include/node"] {
            let header = self.text(&format!("{place}/node_version.h"));
            let major = header.lines().find_map(|line| line.strip_prefix("#define NODE_MAJOR_VERSION "));
            runtimes.extend(major.map(|major| ("node".to_owned(), major.trim().to_owned())));
        }
        runtimes
    }
}

/// `libssl.so.3` of `/usr/lib/x86_64-linux-gnu/libssl.so.3`.
fn library(path: &str) -> Option<String> {
    let (directory, name) = path.rsplit_once('/')?;
    let is_place = ["/lib", "/usr/lib", "/usr/local/lib"]
        .iter()
        .any(|place| directory.strip_prefix(place).is_some_and(|rest| rest.matches('/').count() <= 1));
    let (_, version) = name.split_once(".so.")?;
    let is_name = name.starts_with("lib") && version.bytes().all(|byte| byte.is_ascii_digit());
    (is_place && is_name).then(|| name.to_owned())
}

/// `2.36-9` to 2 and 36.
fn numbers(text: &str) -> Vec<u32> {
    let version: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    version.split('.').filter_map(|part| part.parse().ok()).collect()
}

fn kind(listed: &Listed) -> Kind {
    match listed.kind {
        ListedKind::Directory => Kind::Directory,
        ListedKind::Link(_) => Kind::Link,
        ListedKind::File | ListedKind::Fifo => Kind::Other,
    }
}

fn same(old: &Tree, before: &Listed, new: &Tree, after: &Listed) -> io::Result<bool> {
    let of = |listed: &Listed| (listed.kind.clone(), listed.mode, listed.uid, listed.gid);
    if of(before) != of(after) {
        return Ok(false);
    }
    if before.kind != ListedKind::File {
        return Ok(true);
    }
    if before.state.size != after.state.size {
        return Ok(false);
    }
    let open = |tree: &Tree, listed: &Listed| {
        listed.open(tree.layers(), b"").map(File::from).map_err(|error| io::Error::other(error.to_string()))
    };
    let (mut one, mut two) = (open(old, before)?, open(new, after)?);
    let (mut left, mut right) = (vec![0; PIECE], vec![0; PIECE]);
    loop {
        let length = one.read(&mut left)?;
        let (Some(piece), Some(other)) = (left.get(..length), right.get_mut(..length)) else {
            return Ok(false);
        };
        if length == 0 {
            return Ok(true);
        }
        two.read_exact(other)?;
        if piece != other {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_known_by_their_interface() {
        assert_eq!(library("/usr/lib/x86_64-linux-gnu/libssl.so.3"), Some("libssl.so.3".into()));
        for path in
            ["/usr/lib/x86_64-linux-gnu/libssl.so.3.0.1", "/opt/lib/libx.so.1", "/usr/lib/a/b/libx.so.1"]
        {
            assert_eq!(library(path), None, "{path}");
        }
    }

    #[test]
    fn versions_end_where_the_packager_begins() {
        assert_eq!(numbers("2.36-9+deb12u9"), [2, 36]);
        assert_eq!(numbers("1.2.5-r0"), [1, 2, 5]);
        assert_eq!(numbers(""), Vec::<u32>::new());
    }
}
