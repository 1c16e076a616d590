//! `coffer registry ...`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use engine::serving::{Grant, Pattern};

use crate::value::grant::{self, Expiry};

/// Which registry: the same for whoever serves it and whoever looks after it.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Settings; without, ~/.config/coffer/registry.toml or /etc/coffer/registry.toml
    #[arg(long, value_name = "FILE", help_heading = "Which registry")]
    pub(crate) config: Option<PathBuf>,
    /// Where it keeps everything; `registry` in the state directory if nothing is said
    #[arg(long, value_name = "DIR", help_heading = "Which registry")]
    pub(crate) root: Option<PathBuf>,
    /// Keep images and accounts in a bucket: s3://BUCKET[/PREFIX]
    #[arg(long, value_name = "URL", help_heading = "Which registry")]
    pub(crate) storage: Option<String>,
    /// The object store that has the bucket: `https://HOST[:PORT]`
    #[arg(long, value_name = "URL", help_heading = "Which registry")]
    pub(crate) s3_endpoint: Option<String>,
    /// The region that requests are signed for; us-east-1 if nothing is said
    #[arg(long, value_name = "REGION", help_heading = "Which registry")]
    pub(crate) s3_region: Option<String>,
    /// A file with the access key and, in its second line, the secret
    #[arg(long, value_name = "FILE", help_heading = "Which registry")]
    pub(crate) s3_credentials: Option<PathBuf>,
}

/// `registry serve`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; 127.0.0.1:5000 if nothing is said
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// What those may do who do not say who they are: none, pull
    #[arg(long, value_enum, value_name = "WHAT", hide_possible_values = true)]
    pub(crate) anonymous: Option<Nobody>,
    /// With whose certificate: auto (one is made), off; auto beyond this host
    #[arg(long, value_enum, value_name = "HOW", hide_possible_values = true, conflicts_with_all = ["tls_cert", "tls_key"])]
    pub(crate) tls: Option<Tls>,
    /// Use this chain of certificates, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The key that belongs to it, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// A host name or address that clients use, for a certificate that is made
    #[arg(long, value_name = "NAME")]
    pub(crate) tls_name: Vec<String>,
    /// Send passwords in the clear, to other hosts too
    #[arg(long)]
    pub(crate) insecure_http: bool,
    /// Its address as clients know it, if something stands before it: `https://HOST[:PORT]`
    #[arg(long, value_name = "URL")]
    pub(crate) public: Option<String>,
    /// Show metrics only here
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// Print a line for each pull, push and deletion
    #[arg(long)]
    pub(crate) log: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// What those may do who do not say who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Nobody {
    /// Nothing.
    None,
    /// Pull everything.
    Pull,
}

/// With whose certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tls {
    /// One that is made.
    Auto,
    /// None.
    Off,
}

/// Where a password comes from that nobody should see.
#[derive(Debug, Args)]
pub(crate) struct NewPassword {
    /// Read the password from standard input
    #[arg(long, conflicts_with = "generate")]
    pub(crate) password_stdin: bool,
    /// Make a password, and print it once
    #[arg(long)]
    pub(crate) generate: bool,
}

/// `registry user add`
#[derive(Debug, Args)]
pub(crate) struct UserAdd {
    /// The user's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Let them do everything to every repository
    #[arg(long)]
    pub(crate) admin: bool,
    /// Let them do this: REPOSITORIES=ACTIONS, such as team/*=pull,push
    #[arg(long, value_name = "GRANT", value_parser = grant::parse)]
    pub(crate) grant: Vec<Grant>,
    /// Take them into a team
    #[arg(long, value_name = "TEAM")]
    pub(crate) team: Vec<String>,
    #[command(flatten)]
    pub(crate) password: NewPassword,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry user passwd`
#[derive(Debug, Args)]
pub(crate) struct UserPasswd {
    /// The user's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) password: NewPassword,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry user rm`
#[derive(Debug, Args)]
pub(crate) struct UserRemove {
    /// Names of users
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry user ls`
#[derive(Debug, Args)]
pub(crate) struct UserList {
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry team add`
#[derive(Debug, Args)]
pub(crate) struct TeamAdd {
    /// The team's name
    #[arg(value_name = "TEAM")]
    pub(crate) name: String,
    /// Let its members do this: REPOSITORIES=ACTIONS, such as team/*=pull,push
    #[arg(long, value_name = "GRANT", value_parser = grant::parse, required = true)]
    pub(crate) grant: Vec<Grant>,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry team rm`
#[derive(Debug, Args)]
pub(crate) struct TeamRemove {
    /// Names of teams
    #[arg(value_name = "TEAM", required = true)]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry team ls`
#[derive(Debug, Args)]
pub(crate) struct TeamList {
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry team join`
#[derive(Debug, Args)]
pub(crate) struct TeamJoin {
    /// The team
    #[arg(value_name = "TEAM")]
    pub(crate) team: String,
    /// Users
    #[arg(value_name = "NAME", required = true)]
    pub(crate) users: Vec<String>,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry team leave`
#[derive(Debug, Args)]
pub(crate) struct TeamLeave {
    /// The team
    #[arg(value_name = "TEAM")]
    pub(crate) team: String,
    /// Users
    #[arg(value_name = "NAME", required = true)]
    pub(crate) users: Vec<String>,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry token create`
#[derive(Debug, Args)]
pub(crate) struct TokenCreate {
    /// Repositories that it is for: team/app, team/*, *
    #[arg(long, value_name = "REPOSITORIES", required = true)]
    pub(crate) repository: Vec<Pattern>,
    /// Let it pull
    #[arg(long)]
    pub(crate) pull: bool,
    /// Let it push
    #[arg(long)]
    pub(crate) push: bool,
    /// Let it delete
    #[arg(long)]
    pub(crate) delete: bool,
    /// How long it is valid, or `never`; 90 days if nothing is said
    #[arg(long, value_name = "TIME", value_parser = grant::expiry, default_value = "2160h", hide_default_value = true)]
    pub(crate) expires: Expiry,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry token ls`
#[derive(Debug, Args)]
pub(crate) struct TokenList {
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry token revoke`
#[derive(Debug, Args)]
pub(crate) struct TokenRevoke {
    /// Ids of tokens
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry gc`
#[derive(Debug, Args)]
pub(crate) struct Collect {
    /// Only say what would be collected
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry stats`
#[derive(Debug, Args)]
pub(crate) struct Stats {
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `registry verify`
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Write again what can be derived from the rest: edges and counters
    #[arg(long)]
    pub(crate) repair: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}
