//! What makes two steps the same: a digest over what a step does, what lies below and what it takes. Where it stands,
//! what it is called, and what must not decide (proxies, the values of secrets, the addresses of names) is not in it.

mod writer;

use std::fmt;

use model::digest::{ClaimedDigest, Digest};

use super::{Act, Copy, Mount, Origin, Step};
use writer::{Origins, Writer};

/// The first thing that is hashed: another form of what follows is another version.
const VERSION: &str = "cofferdam build step 2";

/// What a step is found by among those that were done before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Digest);

impl Key {
    /// The raw 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The same as what somebody keeps something under.
    #[must_use]
    pub fn digest(&self) -> ClaimedDigest {
        self.0.into()
    }

    /// 64 lower-case hex digits.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.hex()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

/// The key of a step: the same on any machine and in any build.
///
/// `taken` are the digests of what it takes, in the order of [`Step::takes`]: the image of a base, the files of a copy,
/// what each mount shows. Without the image's digest a base's key is that of its name.
#[must_use]
pub fn key(step: &Step, below: Option<&Key>, taken: &[Digest]) -> Key {
    let mut writer = Writer::new(VERSION, Origins::Taken);
    let below = below.filter(|_| !is_link(&step.act));
    writer.option(below, |writer, key| writer.bytes(key.as_bytes()));
    match &step.act {
        Act::Base { platform, .. } if !taken.is_empty() => {
            writer.text("image");
            writer.text(platform);
        }
        act => writer.act(act),
    }
    writer.list(taken, |writer, digest| writer.bytes(digest.as_bytes()));
    Key(writer.finish())
}

/// What tells the steps of one plan apart.
pub(super) fn identity(step: &Step) -> Digest {
    let mut writer = Writer::new("step of a plan", Origins::Step);
    writer.option(step.below.as_ref(), |writer, step| writer.number(*step as u64));
    writer.act(&step.act);
    if let Act::Run(run) = &step.act {
        writer.texts(&run.proxies);
    }
    writer.number(step.caching as u64);
    writer.finish()
}

fn is_link(act: &Act) -> bool {
    matches!(act, Act::Copy(Copy { link: true, .. }))
}

impl Step {
    /// What has to be hashed for its key, in the order of the digests.
    #[must_use]
    pub fn takes(&self) -> Vec<Takes<'_>> {
        match &self.act {
            Act::Base { reference, platform } => vec![Takes::Image { reference, platform }],
            Act::Copy(copy) => vec![Takes::Files(copy)],
            Act::Directory(_) => Vec::new(),
            Act::Run(run) => run.mounts.iter().filter_map(shown).collect(),
        }
    }
}

/// Something that a step takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes<'a> {
    /// An image, by the digest of its configuration.
    Image {
        /// As written, variables replaced.
        reference: &'a str,
        /// `linux/amd64`
        platform: &'a str,
    },
    /// The sources of a copy.
    Files(&'a Copy),
    /// What a mount shows at first.
    Mounted {
        /// Where it is.
        origin: &'a Origin,
        /// Which part of it; empty is all.
        source: &'a str,
    },
}

fn shown(mount: &Mount) -> Option<Takes<'_>> {
    match mount {
        Mount::Bind { origin, source, .. } | Mount::Cache { origin, source, .. }
            if *origin != Origin::Scratch =>
        {
            Some(Takes::Mounted { origin, source })
        }
        _ => None,
    }
}
