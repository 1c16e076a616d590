//! `coffer pull`, `coffer push`, `coffer copy`, `coffer sync`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use engine::ship::{Packing, Wanted};
use model::reference::ImageName;

/// `pull`
#[derive(Debug, Args)]
pub(crate) struct Pull {
    /// Names in registries: nginx, nginx:1.27, quay.io/team/app@sha256:...
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// Take the image for another platform than this host's
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platform: Option<Wanted>,
    /// Pull every tag of the repository
    #[arg(short, long)]
    pub(crate) all_tags: bool,
    /// Print only the name with its digest
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// `push`
#[derive(Debug, Args)]
pub(crate) struct Push {
    /// Name, id or the beginning of an id; with --all-tags, a repository
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// Where to; without it, where the image's name says
    #[arg(value_name = "DESTINATION", conflicts_with = "all_tags")]
    pub(crate) destination: Option<String>,
    /// Pack layers that are not packed: none, gzip or zstd; the image gets another digest
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) compress: Compress,
    /// Push every tag that the store has of the repository
    #[arg(short, long)]
    pub(crate) all_tags: bool,
    /// Leave signatures, inventories and attestations behind
    #[arg(long)]
    pub(crate) without_referrers: bool,
    /// Print only the name with its digest
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// How layers are packed that are not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compress {
    /// They stay, and so does the image's digest.
    #[default]
    None,
    /// Every client reads it.
    Gzip,
    /// Smaller and faster.
    Zstd,
}

impl Compress {
    pub(crate) fn packing(self) -> Option<Packing> {
        match self {
            Self::None => None,
            Self::Gzip => Some(Packing::Gzip),
            Self::Zstd => Some(Packing::Zstd),
        }
    }
}

/// `copy`
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// docker://NAME, TRANSPORT:PATH, or an image of the store
    #[arg(value_name = "SOURCE")]
    pub(crate) from: String,
    /// A name in a registry, or oci:, oci-archive:, dir: or docker-archive:PATH
    #[arg(value_name = "DESTINATION")]
    pub(crate) to: String,
    /// Copy every platform, so that the digest stays
    #[arg(short, long, conflicts_with = "platform")]
    pub(crate) all: bool,
    /// Copy the image for another platform than this host's
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platform: Option<Wanted>,
    /// Leave signatures, inventories and attestations behind
    #[arg(long)]
    pub(crate) without_referrers: bool,
    /// Print only the digest
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// `sync`
#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// A repository, or a file that lists several
    #[arg(value_name = "SOURCE")]
    pub(crate) from: String,
    /// A repository or oci:DIR; not with a file, which says it
    #[arg(value_name = "DESTINATION")]
    pub(crate) to: Option<String>,
    /// Take only tags that fit: `1.*`
    #[arg(long, value_name = "PATTERN")]
    pub(crate) tags: Vec<String>,
    /// Only say what would be copied
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Go on after a tag that fails
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Leave signatures, inventories and attestations behind
    #[arg(long)]
    pub(crate) without_referrers: bool,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// When a registry is asked for the image of a container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PullWhen {
    /// When the store does not have it.
    #[default]
    Missing,
    /// Every time.
    Always,
    /// Not at all.
    Never,
}

/// A name without a transport, or with `docker://`.
pub(crate) fn name(typed: &str) -> Result<ImageName, model::reference::ReferenceSyntax> {
    typed.strip_prefix("docker://").unwrap_or(typed).parse()
}
