//! Mount options as fstab(5) and the runtime specification write them, sorted by who takes them.

use sys::mount::{Depth, Propagation, attr, old};

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
    /// `remount`: what is there is changed, and nothing new is mounted.
    pub remount: bool,
    /// `idmap` or `ridmap`: owners are seen through a map.
    pub idmap: Option<Depth>,
    /// `tmpcopyup`: what the image has there is copied into the new filesystem.
    pub copies_up: bool,
    /// Flags that only mount(2) takes (bits of `sys::mount::old`).
    pub old: u32,
    /// What is left goes to the filesystem: `size=64m`, `sync`, ...
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

/// Option and access-time mode. Whoever takes one back gets the kernel's default.
const ACCESS_TIMES: [(&str, u64); 5] = [
    ("noatime", attr::NOATIME),
    ("strictatime", attr::STRICTATIME),
    ("relatime", attr::RELATIME),
    ("atime", attr::RELATIME),
    ("nostrictatime", attr::RELATIME),
];

/// Option, flag of mount(2), and whether the option clears it.
const OLD: [(&str, u32, bool); 6] = [
    ("silent", old::SILENT, false),
    ("loud", old::SILENT, true),
    ("acl", old::POSIXACL, false),
    ("noacl", old::POSIXACL, true),
    ("iversion", old::I_VERSION, false),
    ("noiversion", old::I_VERSION, true),
];

const PROPAGATIONS: [(&str, Propagation); 4] = [
    ("private", Propagation::Private),
    ("slave", Propagation::Slave),
    ("shared", Propagation::Shared),
    ("unbindable", Propagation::Unbindable),
];

/// Options of a whole filesystem that only say what is so anyway.
const DEFAULTS: [&str; 3] = ["async", "nomand", "nolazytime"];

/// Words that mean something to us as a whole.
const OURS: [&str; 9] =
    ["bind", "defaults", "idmap", "norelatime", "rbind", "remount", "ridmap", "rnorelatime", "tmpcopyup"];

/// Words that every filesystem understands.
const FILESYSTEM_S: [&str; 7] = ["async", "dirsync", "lazytime", "mand", "nolazytime", "nomand", "sync"];

/// Every mount option that is known here, in alphabetical order. Others are the filesystem's.
#[must_use]
pub fn mount_options() -> Vec<String> {
    let plain = OLD.iter().map(|(name, ..)| *name).chain(OURS).chain(FILESYSTEM_S);
    let times = ACCESS_TIMES.iter().map(|(name, _)| *name);
    let both = ATTRIBUTES.iter().map(|(name, ..)| *name).chain(times);
    let both = both.chain(PROPAGATIONS.iter().map(|(name, _)| *name));
    let both = both.flat_map(|name| [name.to_owned(), format!("r{name}")]);
    let mut all: Vec<String> = plain.map(str::to_owned).chain(both).collect();
    all.sort_unstable();
    all
}

/// A word for a propagation (`rshared`, ...), and how deep it goes.
pub(crate) fn propagation(word: &str) -> Option<(Propagation, Depth)> {
    let find = |name: &str| PROPAGATIONS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    find(word)
        .map(|kind| (kind, Depth::Single))
        .or_else(|| find(word.strip_prefix('r')?).map(|kind| (kind, Depth::Recursive)))
}

impl Options {
    /// Sorts `options`; later ones win over earlier ones, as in mount(8). One text may hold several,
    /// separated by commas.
    pub(crate) fn parse<'a>(options: impl IntoIterator<Item = &'a str>) -> Self {
        let mut parsed = Self::default();
        for option in options.into_iter().flat_map(split) {
            parsed.take(option);
        }
        parsed
    }

    /// The first option that a bind mount cannot have: its filesystem is mounted already.
    pub(crate) fn for_filesystem(&self) -> Option<&str> {
        let found = self.data.iter().map(|(key, _)| key.as_str()).find(|key| !DEFAULTS.contains(key));
        found.or((self.old != 0).then_some("acl, iversion or silent"))
    }

    fn take(&mut self, option: &str) {
        match option {
            "" | "defaults" | "norelatime" => {}
            "bind" => self.bind = Some(Depth::Single),
            "rbind" => self.bind = Some(Depth::Recursive),
            "remount" => self.remount = true,
            "idmap" => self.idmap = Some(Depth::Single),
            "ridmap" => self.idmap = Some(Depth::Recursive),
            "tmpcopyup" => self.copies_up = true,
            other => {
                let known = self.attribute(other)
                    || self.access_time(other)
                    || self.recursive(other)
                    || self.old(other)
                    || self.propagate(other);
                if !known {
                    self.filesystem(other);
                }
            }
        }
    }

    fn attribute(&mut self, option: &str) -> bool {
        flip(&mut self.set, &mut self.clear, option)
    }

    fn access_time(&mut self, option: &str) -> bool {
        set_access_time(&mut self.set, &mut self.clear, option)
    }

    fn recursive(&mut self, option: &str) -> bool {
        let Some(option) = option.strip_prefix('r') else { return false };
        let (set, clear) = (&mut self.recursive_set, &mut self.recursive_clear);
        option == "norelatime" || flip(set, clear, option) || set_access_time(set, clear, option)
    }

    fn old(&mut self, option: &str) -> bool {
        let Some((_, bit, clears)) = OLD.iter().find(|(name, ..)| *name == option) else { return false };
        self.old = if *clears { self.old & !bit } else { self.old | bit };
        true
    }

    fn propagate(&mut self, option: &str) -> bool {
        let found = propagation(option);
        self.propagation = found.or(self.propagation);
        found.is_some()
    }

    /// Quotes hold a value with commas together; the filesystem does not want them.
    fn filesystem(&mut self, option: &str) {
        let (key, value) = option.split_once('=').map_or((option, None), |(key, value)| (key, Some(value)));
        let bare = |value: &str| {
            let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            inner.unwrap_or(value).to_owned()
        };
        self.data.push((key.to_owned(), value.map(bare)));
    }
}

fn flip(set: &mut u64, clear: &mut u64, option: &str) -> bool {
    let Some((_, bit, clears)) = ATTRIBUTES.iter().find(|(name, ..)| *name == option) else {
        return false;
    };
    let (on, off) = if *clears { (clear, set) } else { (set, clear) };
    *on |= bit;
    *off &= !bit;
    true
}

fn set_access_time(set: &mut u64, clear: &mut u64, option: &str) -> bool {
    let Some((_, mode)) = ACCESS_TIMES.iter().find(|(name, _)| *name == option) else { return false };
    *clear |= attr::ATIME_FIELD;
    *set = *set & !attr::ATIME_FIELD | mode;
    true
}

/// The parts of `text` between commas, except those in quotes or behind a backslash.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |letter| {
        let divides = letter == ',' && !quoted && !escaped;
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        divides
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        let options = Options::parse(["noexec", "exec", "rw", "ro", "acl", "noacl", "noatime", "relatime"]);
        assert_eq!((options.set, options.clear), (attr::RDONLY, attr::NOEXEC | attr::ATIME_FIELD));
        assert_eq!(options.old, 0);
        assert_eq!(Options::parse(["private", "rshared"]).propagation, propagation("rshared"));
    }

    /// config.md "Linux mount options", and those of runc.
    const WORDS: &str = "acl async atime bind defaults dev diratime dirsync exec idmap iversion lazytime loud \
        mand noacl noatime nodev nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime \
        nosuid nosymfollow private ratime rbind rdev rdiratime relatime remount rexec ridmap rnoatime \
        rnodev rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime \
        rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared silent slave \
        strictatime suid symfollow sync tmpcopyup unbindable";

    #[test]
    fn every_word_of_the_specification_is_known() {
        assert_eq!(mount_options(), WORDS.split_whitespace().collect::<Vec<_>>());
        for word in mount_options() {
            let options = Options::parse([word.as_str()]);
            assert_eq!(!options.data.is_empty(), FILESYSTEM_S.contains(&word.as_str()), "{word}");
        }
    }

    #[test]
    fn commas_divide_except_in_quotes_and_behind_a_backslash() {
        let options = Options::parse([r#"mode=755,context="a:c1,c2",lowerdir=/a\,b:/c,ro"#]);
        let data = [("mode", "755"), ("context", "a:c1,c2"), ("lowerdir", r"/a\,b:/c")];
        assert_eq!(options.data, data.map(|(key, value)| (key.into(), Some(value.into()))));
        assert_eq!(options.set, attr::RDONLY);
    }

    #[test]
    fn a_bind_takes_no_option_of_a_filesystem() {
        assert_eq!(Options::parse(["bind", "ro", "async"]).for_filesystem(), None);
        assert_eq!(Options::parse(["bind", "size=1"]).for_filesystem(), Some("size"));
        assert!(Options::parse(["bind", "acl"]).for_filesystem().is_some());
    }

    proptest! {
        #[test]
        fn no_attribute_is_both_set_and_cleared(words in "[a-z,=\"\\\\]{0,60}") {
            let options = Options::parse([words.as_str(), "ro", "noatime"]);
            prop_assert_eq!(options.set & options.clear & !attr::ATIME_FIELD, 0);
        }
    }
}
