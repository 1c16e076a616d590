//! Which namespaces the process is in, and which of them are the host's.

use std::fs;

use crate::json::Json;

/// The kinds, as /proc/self/ns names them, with the inode of the first namespace of the kind where the
/// kernel fixes it (linux/proc_ns.h; net and mnt since 6.18).
const KINDS: [(&str, u64); 8] = [
    ("user", 0xEFFF_FFFD),
    ("pid", 0xEFFF_FFFC),
    ("mnt", 0xEFFF_FFF8),
    ("ipc", 0xEFFF_FFFF),
    ("uts", 0xEFFF_FFFE),
    ("cgroup", 0xEFFF_FFFB),
    ("time", 0xEFFF_FFFA),
    ("net", 0xEFFF_FFF9),
];

/// One namespace that the process is in.
pub(crate) struct Namespace {
    kind: &'static str,
    inode: u64,
    initial: u64,
}

impl Namespace {
    pub(crate) fn name(&self) -> &'static str {
        self.kind
    }

    /// Whether it is the one that the machine booted with.
    pub(crate) fn is_initial(&self) -> bool {
        self.inode == self.initial
    }
}

/// Those that /proc shows.
pub(crate) fn read() -> Vec<Namespace> {
    let kinds = KINDS.into_iter();
    kinds.filter_map(|(kind, initial)| Some(Namespace { kind, inode: inode_of(kind)?, initial })).collect()
}

fn inode_of(kind: &str) -> Option<u64> {
    let link = fs::read_link(format!("/proc/self/ns/{kind}")).ok()?;
    inode_in(link.to_str()?)
}

/// The number in `kind:[number]`.
fn inode_in(link: &str) -> Option<u64> {
    link.split_once('[')?.1.strip_suffix(']')?.parse().ok()
}

/// An inode for each kind, and the kinds shared with the host.
pub(crate) fn section() -> Json {
    let namespaces = read();
    let shared = namespaces.iter().filter(|namespace| namespace.is_initial()).map(Namespace::name);
    let shared = Json::texts(shared);
    let inodes = namespaces
        .into_iter()
        .map(|Namespace { kind, inode, .. }| (kind, Json::Number(i64::try_from(inode).unwrap_or(i64::MAX))));
    Json::Object(inodes.chain([("shared_with_host", shared)]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inode_is_in_the_brackets() {
        assert_eq!(inode_in("user:[4026531837]"), Some(0xEFFF_FFFD));
        assert_eq!(inode_in("user:[]"), None);
        assert_eq!(inode_in("user"), None);
    }
}
