//! `coffer build`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use model::reference::ImageName;
use model::request::{HostAddress, Ulimit};
use model::verdict::Level;

use super::ask::GroupLimits;
use super::global::ListOptions;
use super::ship::PullWhen;
use crate::value::build::{Agent, CacheEnd, NetworkOf, Output, Secret};
use crate::value::env::{self, Variable};
use crate::value::filter::{self, Filter};
use crate::value::pair::{self, Pair};
use crate::value::{host, size, ulimit};

/// `build`
#[derive(Debug, Args)]
#[command(override_usage = "coffer build [OPTIONS] PATH | URL | -")]
pub(crate) struct Build {
    /// Where the files are: a directory, a git repository, an archive's address, or - for an archive on standard
    /// input
    #[arg(value_name = "CONTEXT")]
    pub(crate) context: String,
    /// The Dockerfile, or - for standard input; PATH/Dockerfile if nothing is said
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<String>,
    /// A name for the image; may be repeated
    #[arg(short = 't', long = "tag", value_name = "NAME")]
    pub(crate) names: Vec<ImageName>,
    /// Build this stage; the last one if nothing is said
    #[arg(long, value_name = "STAGE")]
    pub(crate) target: Option<String>,
    /// Give an ARG a value; NAME alone passes ours on
    #[arg(long = "build-arg", value_name = "NAME=VALUE", value_parser = env::parse)]
    pub(crate) arguments: Vec<Variable>,
    /// Files that the Dockerfile knows by a name: NAME=DIR, NAME=https://..., NAME=docker-image://IMAGE
    #[arg(long = "build-context", value_name = "NAME=WHERE", value_parser = pair::parse)]
    pub(crate) contexts: Vec<Pair>,
    /// For which platform; this host's if nothing is said. Several, with commas, are one image for --push and type=oci
    #[arg(long = "platform", value_name = "OS/ARCH[/VARIANT]", value_delimiter = ',')]
    pub(crate) platforms: Vec<String>,
    #[command(flatten)]
    pub(crate) image: Described,
    #[command(flatten)]
    pub(crate) steps: Steps,
    #[command(flatten)]
    pub(crate) cache: Cache,
    #[command(flatten)]
    pub(crate) result: Outcome,
}

/// What is said of the image.
#[derive(Debug, Args)]
#[command(next_help_heading = "The image")]
pub(crate) struct Described {
    /// A label; may be repeated
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = pair::parse)]
    pub(crate) labels: Vec<Pair>,
    /// An annotation of its manifest; may be repeated
    #[arg(long = "annotation", value_name = "NAME=VALUE", value_parser = pair::parse)]
    pub(crate) annotations: Vec<Pair>,
    /// The same bytes on any machine at any time: times are SOURCE_DATE_EPOCH, or that of the base image
    #[arg(long)]
    pub(crate) reproducible: bool,
    /// Put a bill of material beside it: true, which is the default, or false
    #[arg(long, value_name = "WHETHER", default_value_t = true, action = clap::ArgAction::Set, hide_default_value = true, hide_possible_values = true)]
    pub(crate) sbom: bool,
    /// Put a statement beside it about how it was made: min, which is the default, max or false
    #[arg(
        long,
        value_enum,
        value_name = "HOW MUCH",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) provenance: Provenance,
}

/// How much is said about how an image was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Provenance {
    /// From what, and by whom.
    #[default]
    #[value(alias = "true", alias = "mode=min")]
    Min,
    /// Also the Dockerfile, and each step.
    #[value(alias = "mode=max")]
    Max,
    /// Nothing.
    #[value(alias = "none")]
    False,
}

/// What is said about each RUN.
#[derive(Debug, Args)]
#[command(next_help_heading = "Steps that run")]
pub(crate) struct Steps {
    /// A secret for RUN --mount=type=secret: id=NAME,src=FILE or id=NAME,env=VARIABLE
    #[arg(long = "secret", value_name = "SECRET")]
    pub(crate) secrets: Vec<Secret>,
    /// An agent for RUN --mount=type=ssh: default, or ID=SOCKET
    #[arg(long, value_name = "AGENT")]
    pub(crate) ssh: Vec<Agent>,
    /// Where packets go: default (out, and nothing in), none or host
    #[arg(
        long,
        value_enum,
        value_name = "NETWORK",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) network: NetworkOf,
    /// An address that each RUN knows by a name; may be repeated
    #[arg(long = "add-host", value_name = "NAME=ADDRESS", value_parser = host::parse)]
    pub(crate) hosts: Vec<HostAddress>,
    /// Size of /dev/shm
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    pub(crate) shm_size: Option<u64>,
    /// Set a POSIX limit: nofile=1024:2048
    #[arg(long, value_name = "NAME=SOFT[:HARD]", value_parser = ulimit::parse)]
    pub(crate) ulimit: Vec<Ulimit>,
    /// The policy level: open, baseline or restricted
    #[arg(long, value_name = "LEVEL")]
    pub(crate) policy: Option<Level>,
    #[command(flatten)]
    pub(crate) limits: GroupLimits,
}

/// What of earlier builds is used.
#[derive(Debug, Args)]
#[command(next_help_heading = "Earlier builds")]
pub(crate) struct Cache {
    /// Do every step anew
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Do every step of these stages anew
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    pub(crate) no_cache_filter: Vec<String>,
    /// Take steps from here, too: type=registry,ref=NAME or type=local,src=DIR
    #[arg(long, value_name = "WHERE")]
    pub(crate) cache_from: Vec<CacheEnd>,
    /// Put steps there: type=registry,ref=NAME or type=local,dest=DIR
    #[arg(long, value_name = "WHERE")]
    pub(crate) cache_to: Vec<CacheEnd>,
    /// Ask registries for base images: missing, which is the default, always or never; --pull alone is always
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "always",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) pull: PullWhen,
}

/// Where the result goes, and what is said of it.
#[derive(Debug, Args)]
#[command(next_help_heading = "The result")]
pub(crate) struct Outcome {
    /// Write it: type=local,dest=DIR | type=tar,dest=FILE | type=oci,dest=FILE | type=docker,dest=FILE; DIR alone is
    /// local, - is a tar on standard output
    #[arg(short, long = "output", value_name = "WHERE")]
    pub(crate) outputs: Vec<Output>,
    /// Send it where its names say, when it is built
    #[arg(long)]
    pub(crate) push: bool,
    /// How progress is told: auto, plain, tty, quiet or rawjson
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) progress: Telling,
    /// Print only the image's digest
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Write the image's digest into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) iidfile: Option<PathBuf>,
    /// Write what is known of the build into this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) metadata_file: Option<PathBuf>,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// How progress is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Telling {
    /// By what standard error is.
    #[default]
    Auto,
    /// Line by line.
    Plain,
    /// On a terminal, in place.
    Tty,
    /// Not at all.
    Quiet,
    /// Line by line, as JSON.
    Rawjson,
}

/// `build check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The Dockerfile, or its directory; - is standard input
    #[arg(value_name = "FILE", default_value = "Dockerfile", hide_default_value = true)]
    pub(crate) file: String,
    /// Give an ARG a value; NAME alone passes ours on
    #[arg(long = "build-arg", value_name = "NAME=VALUE", value_parser = env::parse)]
    pub(crate) arguments: Vec<Variable>,
    /// Leave these rules out
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
}

/// `rebase`
#[derive(Debug, Args)]
pub(crate) struct Rebase {
    /// The image: a name, an id, or TRANSPORT:PATH
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// What it shall lie on
    #[arg(long, value_name = "IMAGE")]
    pub(crate) onto: String,
    /// What it was built on
    #[arg(long, value_name = "IMAGE")]
    pub(crate) from: Option<String>,
    /// A name for what comes of it, instead of the image's own; may be repeated
    #[arg(short = 't', long = "tag", value_name = "NAME")]
    pub(crate) names: Vec<ImageName>,
    /// Only say whether it may be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `build cache ls`
#[derive(Debug, Args)]
pub(crate) struct CacheList {
    /// Also list what is remembered of files
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Show only what matches; keys: type, id, inuse, until
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = filter::cached(&["type", "id", "inuse", "until"]))]
    pub(crate) filter: Vec<Filter>,
    #[command(flatten)]
    pub(crate) list: ListOptions,
}

/// `build cache prune`
#[derive(Debug, Args)]
pub(crate) struct CachePrune {
    /// Also remove steps that an image has all layers of, which makes no room
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Remove only what matches; keys: type, id, until
    #[arg(long, value_name = "KEY=VALUE", value_parser = filter::cached(&["type", "id", "until"]))]
    pub(crate) filter: Vec<Filter>,
    /// Keep so many bytes of what was used last
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    pub(crate) keep_storage: Option<u64>,
}
