//! Mount options as fstab(5) and the runtime specification write them, sorted by who takes them.

use sys::mount::{Depth, Propagation, attr};

/// Options of one mount, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Attributes to set on this mount.
    pub set: u64,
    /// Attributes to clear.
    pub clear: u64,
    /// The same, for this mount and all below (`rro`, `rnosuid`, ...).
    pub recursive_set: u64,
    /// The same, to clear.
    pub recursive_clear: u64,
    /// Propagation and how deep it goes.
    pub propagation: Option<(Propagation, Depth)>,
    /// `bind` or `rbind`.
    pub bind: Option<Depth>,
    /// `idmap`: owners are seen through the container's map.
    pub idmap: bool,
    /// What is left goes to the filesystem: `size=64m`, `ro` for the superblock, ...
    pub data: Vec<(String, Option<String>)>,
}

/// Option, attribute, and whether the option clears it.
const ATTRIBUTES: [(&str, u64, bool); 12] = [
    ("ro", attr::RDONLY, false),
    ("rw", attr::RDONLY, true),
    ("nosuid", attr::NOSUID, false),
    ("suid", attr::NOSUID, true),
    ("nodev", attr::NODEV, false),
    ("dev", attr::NODEV, true),
    ("noexec", attr::NOEXEC, false),
    ("exec", attr::NOEXEC, true),
    ("nodiratime", attr::NODIRATIME, false),
    ("diratime", attr::NODIRATIME, true),
    ("nosymfollow", attr::NOSYMFOLLOW, false),
    ("symfollow", attr::NOSYMFOLLOW, true),
];

const PROPAGATIONS: [(&str, Propagation); 3] =
    [("private", Propagation::Private), ("slave", Propagation::Slave), ("shared", Propagation::Shared)];

impl Options {
    /// Sorts `options`; later ones win over earlier ones, as in mount(8).
    pub(crate) fn parse<'a>(options: impl IntoIterator<Item = &'a str>) -> Self {
        let mut parsed = Self::default();
        for option in options {
            parsed.take(option);
        }
        parsed
    }

    fn take(&mut self, option: &str) {
        match option {
            "" | "defaults" | "async" | "noiversion" | "nomand" | "norelatime" | "relatime" | "loud" => {}
            "bind" => self.bind = Some(Depth::Single),
            "rbind" => self.bind = Some(Depth::Recursive),
            "idmap" | "ridmap" => self.idmap = true,
            "noatime" => self.access_time(attr::NOATIME),
            "strictatime" => self.access_time(attr::STRICTATIME),
            other => {
                if !self.attribute(other) && !self.recursive_attribute(other) && !self.propagate(other) {
                    self.filesystem(other);
                }
            }
        }
    }

    fn access_time(&mut self, mode: u64) {
        self.clear |= attr::ATIME_FIELD;
        self.set = self.set & !attr::ATIME_FIELD | mode;
    }

    fn attribute(&mut self, option: &str) -> bool {
        let Some((_, bit, clears)) = ATTRIBUTES.iter().find(|(name, ..)| *name == option) else {
            return false;
        };
        flip(&mut self.set, &mut self.clear, *bit, *clears);
        true
    }

    fn recursive_attribute(&mut self, option: &str) -> bool {
        let known = |(name, ..): &&(&str, u64, bool)| option.strip_prefix('r') == Some(*name);
        let Some((_, bit, clears)) = ATTRIBUTES.iter().find(known) else { return false };
        flip(&mut self.recursive_set, &mut self.recursive_clear, *bit, *clears);
        true
    }

    fn propagate(&mut self, option: &str) -> bool {
        let find = |name: &str| PROPAGATIONS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        let found = find(option)
            .map(|kind| (kind, Depth::Single))
            .or_else(|| find(option.strip_prefix('r')?).map(|kind| (kind, Depth::Recursive)));
        self.propagation = found.or(self.propagation);
        found.is_some()
    }

    fn filesystem(&mut self, option: &str) {
        let (key, value) = option.split_once('=').map_or((option, None), |(key, value)| (key, Some(value)));
        self.data.push((key.to_owned(), value.map(str::to_owned)));
    }
}

fn flip(set: &mut u64, clear: &mut u64, bit: u64, clears: bool) {
    let (on, off) = if clears { (clear, set) } else { (set, clear) };
    *on |= bit;
    *off &= !bit;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_go_to_the_mount_the_tree_or_the_filesystem() {
        let options =
            Options::parse(["rbind", "rprivate", "ro", "nosuid", "rnoexec", "size=64m", "newinstance"]);
        assert_eq!(options.bind, Some(Depth::Recursive));
        assert_eq!(options.propagation, Some((Propagation::Private, Depth::Recursive)));
        assert_eq!((options.set, options.recursive_set), (attr::RDONLY | attr::NOSUID, attr::NOEXEC));
        assert_eq!(options.data, [("size".into(), Some("64m".into())), ("newinstance".into(), None)]);
    }

    #[test]
    fn the_last_of_contradicting_options_wins() {
        let options = Options::parse(["noexec", "exec", "rw", "ro"]);
        assert_eq!((options.set, options.clear), (attr::RDONLY, attr::NOEXEC));
    }
}
