//! `coffer login`, `coffer logout`, `coffer search-tags`

use std::path::PathBuf;

use clap::Args;

use crate::value::filter::{self, Filter};

/// `login`
#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The registry, or a part of it: `HOST[:PORT][/PATH]`
    #[arg(value_name = "REGISTRY", default_value = "docker.io", hide_default_value = true)]
    pub(crate) registry: String,
    /// The user's name; asked for where it is not given
    #[arg(short, long, value_name = "USER")]
    pub(crate) username: Option<String>,
    /// The password; other processes of this host can read it: prefer --password-stdin
    #[arg(short, long, value_name = "PASSWORD", conflicts_with = "password_stdin")]
    pub(crate) password: Option<String>,
    /// Read the password from standard input
    #[arg(long, requires = "username")]
    pub(crate) password_stdin: bool,
    /// Only print who is logged in
    #[arg(long, conflicts_with_all = ["username", "password", "password_stdin"])]
    pub(crate) get: bool,
    /// Keep credentials in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// `logout`
#[derive(Debug, Args)]
pub(crate) struct Logout {
    /// The registry, or a part of it: `HOST[:PORT][/PATH]`
    #[arg(value_name = "REGISTRY", default_value = "docker.io", hide_default_value = true)]
    pub(crate) registry: String,
    /// Forget every login that is in the file
    #[arg(short, long, conflicts_with = "registry")]
    pub(crate) all: bool,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

/// `search-tags`
#[derive(Debug, Args)]
pub(crate) struct SearchTags {
    /// The repository: nginx, registry.example/team/app
    #[arg(value_name = "REPOSITORY")]
    pub(crate) repository: String,
    /// Print only so many, the newest
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Print only what matches; keys: name
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = filter::among(&["name"]))]
    pub(crate) filter: Vec<Filter>,
    /// Print only the tags, without a title
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// The file that credentials are kept in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}
