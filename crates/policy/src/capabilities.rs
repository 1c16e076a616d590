//! Capabilities: the kernel's names, and which of them a container gets.

use model::request::RunRequest;
use model::spec::{Capabilities, Text};

/// capability.h, in the kernel's order: the index is the number.
const NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// A set of capabilities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct CapabilitySet(u64);

impl CapabilitySet {
    /// None.
    pub const EMPTY: Self = Self(0);
    /// Every capability that the kernel knows.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);
    /// What a program that starts as root and drops needs: own, enter and signal its worker's user.
    pub const ROOT_START: Self = Self::of(&[0, 1, 3, 4, 5, 6, 7]);
    /// What the Pod Security Standards' level Baseline lets a container add: AUDIT_WRITE, CHOWN,
    /// DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID
    /// and SYS_CHROOT.
    pub const ADDABLE: Self = Self::of(&[29, 0, 1, 3, 4, 5, 27, 10, 31, 6, 8, 7, 18]);

    /// Mounts, and most of what administrators do.
    pub const SYS_ADMIN: Self = Self::one(21);

    pub(crate) const fn one(number: u8) -> Self {
        Self::of(&[number])
    }

    const fn of(mut numbers: &[u8]) -> Self {
        let mut bits = 0;
        while let [number, rest @ ..] = numbers {
            bits |= 1 << *number;
            numbers = rest;
        }
        Self(bits)
    }

    /// The capability of that name, with or without `CAP_`; `ALL` is all of them.
    ///
    /// # Errors
    /// [`UnknownCapability`].
    pub fn named(name: &str) -> Result<Self, UnknownCapability> {
        if name == "ALL" {
            return Ok(Self::ALL);
        }
        let bare = |known: &str| known.strip_prefix("CAP_") == Some(name);
        NAMES
            .iter()
            .position(|known| *known == name || bare(known))
            .map(|number| Self(1 << number))
            .ok_or_else(|| UnknownCapability(name.to_owned()))
    }

    /// Whether every member of `other` is in.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Members of either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Members that `other` lacks.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// How many.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Names with `CAP_`, in the kernel's order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES
            .into_iter()
            .enumerate()
            .filter(move |(number, _)| self.0 >> number & 1 == 1)
            .map(|(_, name)| name)
    }

    fn union(names: &[String]) -> Result<Self, UnknownCapability> {
        names.iter().try_fold(Self::EMPTY, |set, name| Ok(set.or(Self::named(name)?)))
    }
}

/// The kernel knows no such capability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no capability of Linux")]
pub struct UnknownCapability(pub String);

/// As whom the first process starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartsAs {
    /// Uid 0 in the container.
    Root,
    /// Any other.
    User,
}

impl StartsAs {
    /// From the user text of request or image; a name other than `root` counts as a user until it is
    /// resolved in the image.
    #[must_use]
    pub fn from_text(user: &str) -> Self {
        let name = user.split(':').next().unwrap_or_default();
        let zero = !name.is_empty() && name.bytes().all(|digit| digit == b'0');
        if name.is_empty() || name == "root" || zero { Self::Root } else { Self::User }
    }

    /// From a resolved uid.
    #[must_use]
    pub fn from_uid(uid: u32) -> Self {
        if uid == 0 { Self::Root } else { Self::User }
    }
}

/// What the container gets: nothing, or [`CapabilitySet::ROOT_START`] if it starts as root, and what
/// was added less what was dropped. `ALL` works as with Docker: dropped, it leaves what was added;
/// added, it leaves everything but what was dropped.
///
/// # Errors
/// [`UnknownCapability`], the first one.
pub fn granted(request: &RunRequest, starts_as: StartsAs) -> Result<CapabilitySet, UnknownCapability> {
    let added = CapabilitySet::union(&request.cap_add)?;
    let dropped = CapabilitySet::union(&request.cap_drop)?;
    if request.privileged {
        return Ok(CapabilitySet::ALL);
    }
    let default = match starts_as {
        StartsAs::Root => CapabilitySet::ROOT_START,
        StartsAs::User => CapabilitySet::EMPTY,
    };
    if added == CapabilitySet::ALL {
        return Ok(added.without(dropped));
    }
    Ok(default.without(dropped).or(added))
}

/// The five sets of the spec. A user that is not root keeps what was granted over exec only through
/// the ambient set, since `no_new_privs` stops file capabilities. Root's inheritable set stays empty
/// (CVE-2022-24769).
pub(crate) fn five_sets(granted: CapabilitySet, starts_as: StartsAs) -> Capabilities {
    let names = || granted.names().map(Text::Borrowed).collect::<Vec<_>>();
    let kept = || match starts_as {
        StartsAs::Root => Vec::new(),
        StartsAs::User => names(),
    };
    Capabilities {
        bounding: names(),
        effective: names(),
        permitted: names(),
        inheritable: kept(),
        ambient: kept(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(add: &[&str], drop: &[&str]) -> RunRequest {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        RunRequest { cap_add: owned(add), cap_drop: owned(drop), ..RunRequest::default() }
    }

    fn names(add: &[&str], drop: &[&str], starts_as: StartsAs) -> Vec<&'static str> {
        granted(&request(add, drop), starts_as).unwrap().names().collect()
    }

    #[test]
    fn a_user_gets_nothing_and_root_gets_the_seven_to_drop_with() {
        assert!(names(&[], &[], StartsAs::User).is_empty());
        assert_eq!(
            names(&[], &[], StartsAs::Root),
            [
                "CAP_CHOWN",
                "CAP_DAC_OVERRIDE",
                "CAP_FOWNER",
                "CAP_FSETID",
                "CAP_KILL",
                "CAP_SETGID",
                "CAP_SETUID"
            ]
        );
    }

    #[test]
    fn all_is_dropped_and_added_as_with_docker() {
        assert_eq!(names(&["NET_RAW"], &["ALL"], StartsAs::Root), ["CAP_NET_RAW"]);
        assert_eq!(names(&["ALL"], &["CAP_SYS_ADMIN"], StartsAs::User).len(), 40);
        assert_eq!(names(&[], &["KILL"], StartsAs::Root).len(), 6);
    }

    #[test]
    fn privileged_gets_everything_and_an_unknown_name_is_an_error_even_then() {
        let mut request = request(&["FLY"], &[]);
        request.privileged = true;
        assert_eq!(granted(&request, StartsAs::User), Err(UnknownCapability("FLY".into())));
        request.cap_add.clear();
        assert_eq!(granted(&request, StartsAs::User), Ok(CapabilitySet::ALL));
    }

    #[test]
    fn only_a_user_keeps_capabilities_through_the_ambient_set() {
        let set = CapabilitySet::named("NET_RAW").unwrap();
        assert_eq!(five_sets(set, StartsAs::User).ambient, ["CAP_NET_RAW"]);
        let root = five_sets(set, StartsAs::Root);
        assert!(root.ambient.is_empty() && root.inheritable.is_empty());
        assert_eq!(root.bounding, ["CAP_NET_RAW"]);
    }

    #[test]
    fn root_is_recognised_in_every_spelling() {
        for text in ["", "0", "00", "root", "root:www", "0:0", ":5"] {
            assert_eq!(StartsAs::from_text(text), StartsAs::Root, "{text}");
        }
        for text in ["1", "10", "nginx", "rooty", "1000:0"] {
            assert_eq!(StartsAs::from_text(text), StartsAs::User, "{text}");
        }
    }

    #[test]
    fn the_baseline_set_is_that_of_the_pod_security_standards() {
        let names: Vec<_> = CapabilitySet::ADDABLE.names().collect();
        assert_eq!(names.len(), 13);
        for name in ["AUDIT_WRITE", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETPCAP", "SYS_CHROOT"] {
            assert!(CapabilitySet::ADDABLE.contains(CapabilitySet::named(name).unwrap()), "{name}");
        }
        for name in ["NET_RAW", "NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH", "BPF"] {
            assert!(!CapabilitySet::ADDABLE.contains(CapabilitySet::named(name).unwrap()), "{name}");
        }
    }
}
