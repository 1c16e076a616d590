//! `coffer trust ...`: what publishers and signers type, and what those type who rely on them.

use std::path::PathBuf;

use clap::Args;
use engine::trust::{NamedKey, Place, RoleName, StageName};
use model::digest::ClaimedDigest;

use crate::value::fingerprint;
use crate::value::keys::{self, GivenKey, KeyCount};
use crate::value::requirement::{self, Requirement};
use crate::value::validity::{self, Length};

/// How keys that are sealed are opened.
#[derive(Debug, Clone, Args)]
pub(crate) struct Opening {
    /// A file with the passphrase of keys; asked for where nothing is said
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// How keys that are made are sealed.
#[derive(Debug, Clone, Args)]
pub(crate) struct Sealing {
    /// Leave keys that are made unsealed: whoever reads the files signs
    #[arg(long, conflicts_with = "passphrase_file", help_heading = "Keys")]
    pub(crate) no_passphrase: bool,
    #[command(flatten)]
    pub(crate) opening: Opening,
}

/// Where a publisher's documents are, and what becomes of what others have begun there.
#[derive(Debug, Clone, Args)]
pub(crate) struct There {
    /// What the publisher vouches for: registry.example/team; remembered from the first signature
    #[arg(long, value_name = "PLACE")]
    pub(crate) place: Option<Place>,
    /// The publisher's fingerprint, for a signer who has not signed here before
    #[arg(long, value_name = "FINGERPRINT", value_parser = fingerprint::parse)]
    pub(crate) root: Option<ClaimedDigest>,
    /// Sign also what others have begun, without asking
    #[arg(long)]
    pub(crate) all: bool,
    /// Drop what others have begun, with the signatures that it has
    #[arg(long, conflicts_with = "all")]
    pub(crate) discard: bool,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// Whose signature it is.
#[derive(Debug, Clone, Args)]
pub(crate) struct Whose {
    /// The publisher, as `coffer trust init` was told; found by the image's name where nothing is said
    #[arg(long, value_name = "NAME")]
    pub(crate) publisher: Option<String>,
    #[command(flatten)]
    pub(crate) there: There,
}

/// `trust init`
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// What to call the publisher here: team
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Keys that are made, and how many of a role have to sign; root=2:1,release=1:1,online=1:1 where nothing is said
    #[arg(long, value_name = "ROLE=KEYS:NEEDED", value_delimiter = ',', value_parser = keys::count, help_heading = "Keys")]
    pub(crate) keys: Vec<KeyCount>,
    /// The key of somebody else, or of a token: root=ben.pub, root=pkcs11:...
    #[arg(long, value_name = "ROLE=KEY", value_parser = keys::given, help_heading = "Keys")]
    pub(crate) key: Vec<GivenKey>,
    /// How long what a role signs is valid: root=365d,release=90d,snapshot=14d,timestamp=7d
    #[arg(long, value_name = "ROLE=TIME", value_delimiter = ',', value_parser = validity::parse)]
    pub(crate) valid: Vec<Length>,
    #[command(flatten)]
    pub(crate) sealing: Sealing,
}

/// `trust sign`
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// Images in a registry, by tag: registry.example/team/app:1.4
    #[arg(value_name = "IMAGE", required_unless_present = "waiting")]
    pub(crate) images: Vec<String>,
    /// Sign what others have begun, and nothing else; with --publisher
    #[arg(long, requires = "publisher", conflicts_with_all = ["images", "discard"])]
    pub(crate) waiting: bool,
    #[command(flatten)]
    pub(crate) whose: Whose,
    #[command(flatten)]
    pub(crate) opening: Opening,
}

/// `trust promote`
#[derive(Debug, Args)]
pub(crate) struct Promote {
    /// A release, by tag: registry.example/team/app:1.4
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// The stage that it is promoted to
    #[arg(long, value_name = "STAGE", required = true, value_parser = keys::stage)]
    pub(crate) to: StageName,
    #[command(flatten)]
    pub(crate) whose: Whose,
    #[command(flatten)]
    pub(crate) opening: Opening,
}

/// `trust revoke`
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The image, by digest: registry.example/team/app@sha256:...
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// Why nobody may run it any more
    #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
    pub(crate) reason: Option<String>,
    /// Take the revocation back
    #[arg(long, conflicts_with = "reason")]
    pub(crate) undo: bool,
    #[command(flatten)]
    pub(crate) whose: Whose,
    #[command(flatten)]
    pub(crate) opening: Opening,
}

/// `trust delegate`
#[derive(Debug, Args)]
pub(crate) struct Delegate {
    /// The publisher, as `coffer trust init` was told
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The stage: dev, staging, prod
    #[arg(value_name = "STAGE", value_parser = keys::stage)]
    pub(crate) stage: StageName,
    /// Keys that are made for it, and how many of all of its keys have to sign; 1:1 where nothing is said
    #[arg(long, value_name = "KEYS:NEEDED", value_parser = keys::split, help_heading = "Keys")]
    pub(crate) keys: Option<(u8, u8)>,
    /// The key of somebody else, or of a token
    #[arg(long, value_name = "KEY", value_parser = keys::key, help_heading = "Keys")]
    pub(crate) key: Vec<NamedKey>,
    /// What has to be attested, and by whom, before anybody promotes: vuln=scanner.pub
    #[arg(long, value_name = "TYPE=KEY", value_parser = requirement::parse)]
    pub(crate) requires: Vec<Requirement>,
    /// Take the stage away: whoever demands it runs nothing until they pin another one
    #[arg(long, conflicts_with_all = ["keys", "key", "requires", "no_passphrase"])]
    pub(crate) remove: bool,
    #[command(flatten)]
    pub(crate) there: There,
    #[command(flatten)]
    pub(crate) sealing: Sealing,
}

/// `trust rotate`
#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// The publisher, as `coffer trust init` was told
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Whose key is replaced: root, release, online, or a stage
    #[arg(value_name = "ROLE", value_parser = keys::role)]
    pub(crate) role: RoleName,
    /// The key that ends, by the beginning of its id; the one that is here where nothing is said
    #[arg(long, value_name = "KEYID", help_heading = "Keys")]
    pub(crate) old: Option<String>,
    /// The key that follows, in a file or a token; one is made where nothing is said, but not for one in hardware
    #[arg(long, value_name = "KEY", value_parser = keys::key, help_heading = "Keys")]
    pub(crate) key: Option<NamedKey>,
    #[command(flatten)]
    pub(crate) there: There,
    #[command(flatten)]
    pub(crate) sealing: Sealing,
}

/// `trust renew`
#[derive(Debug, Args)]
pub(crate) struct Renew {
    /// The publisher, as `coffer trust init` was told
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Whose document: root, release, or a stage
    #[arg(value_name = "ROLE", value_parser = keys::role)]
    pub(crate) role: RoleName,
    #[command(flatten)]
    pub(crate) there: There,
    #[command(flatten)]
    pub(crate) opening: Opening,
}

/// `trust recover`
#[derive(Debug, Args)]
pub(crate) struct Recover {
    /// The publisher, as `coffer trust init` was told
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// A key that is lost or stolen, by the beginning of its id
    #[arg(long, value_name = "KEYID", required = true, help_heading = "Keys")]
    pub(crate) lost: Vec<String>,
    #[command(flatten)]
    pub(crate) there: There,
    #[command(flatten)]
    pub(crate) sealing: Sealing,
}

/// `trust keys`
#[derive(Debug, Args)]
pub(crate) struct Keys {
    /// The publisher; all of them where nothing is said
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// `trust keys make`
#[derive(Debug, Args)]
pub(crate) struct MakeKey {
    /// The publisher whose signer you are going to be
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What for: root, release, online, or a stage
    #[arg(value_name = "ROLE", value_parser = keys::role)]
    pub(crate) role: RoleName,
    #[command(flatten)]
    pub(crate) sealing: Sealing,
}

/// `trust log`
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// What a publisher vouches for, or what they are called here
    #[arg(value_name = "PLACE|NAME")]
    pub(crate) whom: String,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// `trust inspect`
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// What a publisher vouches for, or what they are called here
    #[arg(value_name = "PLACE|NAME")]
    pub(crate) whom: String,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// `trust verify`
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Images of the store or of a registry
    #[arg(value_name = "IMAGE", required = true)]
    pub(crate) images: Vec<String>,
    /// The stage that it has to have been promoted to
    #[arg(long, value_name = "STAGE", value_parser = keys::stage)]
    pub(crate) stage: Option<StageName>,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// `trust pin`
#[derive(Debug, Args)]
pub(crate) struct Pin {
    /// Where the publisher's images are: registry.example/team
    #[arg(value_name = "PLACE")]
    pub(crate) place: Place,
    /// The publisher's fingerprint, as they told you
    #[arg(long, value_name = "FINGERPRINT", value_parser = fingerprint::parse, required_unless_present = "first_use")]
    pub(crate) root: Option<ClaimedDigest>,
    /// Believe whoever answers now, and nobody else from then on
    #[arg(long, conflicts_with = "root")]
    pub(crate) first_use: bool,
    /// What to call the publisher; the last part of the place where nothing is said
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The stage that an image has to have been promoted to
    #[arg(long, value_name = "STAGE", value_parser = keys::stage)]
    pub(crate) stage: Option<StageName>,
    /// Read what the publisher signed from this file or directory instead of the registry
    #[arg(long, value_name = "PATH")]
    pub(crate) from: Option<PathBuf>,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// `trust unpin`
#[derive(Debug, Args)]
pub(crate) struct Unpin {
    /// As it was pinned
    #[arg(value_name = "PLACE", required = true)]
    pub(crate) places: Vec<Place>,
}

/// `trust pins`
#[derive(Debug, Args)]
pub(crate) struct Pins {}

/// `trust refresh`
#[derive(Debug, Args)]
pub(crate) struct Refresh {
    /// Places that are pinned; all of them where nothing is said
    #[arg(value_name = "PLACE")]
    pub(crate) places: Vec<Place>,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// `trust export`
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// A place that is pinned
    #[arg(value_name = "PLACE")]
    pub(crate) place: Place,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// `trust import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// What `coffer trust export` wrote elsewhere, or a directory with a publisher's files
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// `trust timestamp serve`
#[derive(Debug, Args)]
pub(crate) struct Timestamp {
    /// The publisher, as `coffer trust init` was told
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) there: There,
    /// How often to look for what is new
    #[arg(long, value_name = "TIME", value_parser = crate::value::duration::parse, default_value = "30s", hide_default_value = true)]
    pub(crate) every: std::time::Duration,
    #[command(flatten)]
    pub(crate) opening: Opening,
}
