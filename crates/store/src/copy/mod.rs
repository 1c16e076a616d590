//! Copies of files, in and out of containers, as tar streams between two processes.
//!
//! One side collects a tree, the other extracts it. Either may be the container's, and then it is a process
//! of ours inside the container's own file tree; the other trusts nothing that comes from there. Both find
//! their way by descriptors and leave the looking up of names to the kernel.

mod collect;
mod error;
mod extract;
pub(crate) mod layer;
mod path;
mod place;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

pub(crate) use collect::sorted_names;
pub use collect::{Links, Naming, Selection, attributes, collect};
pub use error::CopyError;
pub use extract::{Destination, Owners, Rules, Trust, extract};
pub use layer::{LayerChange, Standing, Upper};
pub use path::TypedPath;

/// Entries of one copy: more than any tree that somebody copies by hand.
const MAX_ENTRIES: u64 = 2_000_000;
/// Bytes of all paths and link targets of one copy together.
const MAX_PATHS: u64 = 256 << 20;
/// Longest path below the top (`PATH_MAX`).
const MAX_PATH: usize = 4095;
/// Symbolic links followed on the way to a destination, as in the kernel.
const MAX_LINKS: usize = 40;
/// Pieces in which data is moved.
const PIECE: usize = 128 << 10;

/// Whose names they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Those of this host, and whatever its links lead to.
    Host,
    /// Those of the tree whose root is the working directory.
    Container,
}

/// Something of a copy that a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about, made fit to print.
    pub path: String,
    /// What happened to it.
    pub what: NoticeKind,
}

/// Everything of a copy that a person should know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notices {
    /// The first ones.
    pub list: Vec<Notice>,
    /// How many there are beyond those.
    pub further: u64,
}

impl Notices {
    /// A person reads no more than this.
    const SHOWN: usize = 8;

    fn add(&mut self, path: String, what: NoticeKind) {
        if self.list.len() < Self::SHOWN {
            self.list.push(Notice { path, what });
        } else {
            self.further += 1;
        }
    }

    /// Those of both sides.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.further += others.further;
        others.list.into_iter().for_each(|notice| self.add(notice.path, notice.what));
        self
    }
}

/// What happened to a part of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeKind {
    /// A device node, fifo or socket was left out.
    Special,
    /// What the kernel shows there was left out: /proc, /sys.
    Kernel,
    /// A file became shorter while it was read; zeros stand for the rest.
    Shrunk,
    /// The kernel shows a file there that cannot be read; it is empty in the copy.
    Unreadable,
}

impl View {
    /// How names below a directory of this side are looked up: on the host nothing that a stranger put into a
    /// stream leads out of the directory, in the container there is nowhere to lead to.
    fn below(self) -> ResolveFlags {
        match self {
            Self::Host => ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS,
            Self::Container => ResolveFlags::NO_MAGICLINKS,
        }
    }

    /// Opens what a person typed.
    fn open(self, path: &[u8], flags: OFlags) -> Result<std::os::fd::OwnedFd, Errno> {
        let path = if path.is_empty() { b"." } else { path };
        let resolve = match self {
            Self::Host => ResolveFlags::empty(),
            Self::Container => ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS,
        };
        patiently(|| openat2(CWD, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve))
    }
}

/// How often a lookup is tried: the kernel gives one up that followed `..` while anything on this host was
/// renamed or mounted (openat2(2), `EAGAIN`).
const ATTEMPTS: usize = 1000;

fn patiently<T>(open: impl Fn() -> Result<T, Errno>) -> Result<T, Errno> {
    let mut attempts = (1..ATTEMPTS).map(|_| open());
    attempts.find(|opened| !matches!(opened, Err(Errno::AGAIN))).unwrap_or_else(open)
}
