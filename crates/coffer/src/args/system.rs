//! `coffer system ...` and `coffer events`

use clap::Args;

use crate::value::filter::{self, Filter};
use crate::value::instant::{self, Instant};

/// `system check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Print the AppArmor profile that gives this program user namespaces, and nothing else
    #[arg(long)]
    pub(crate) apparmor_profile: bool,
}

/// `system info`
#[derive(Debug, Args)]
pub(crate) struct Info {}

/// `system restore`
#[derive(Debug, Args)]
pub(crate) struct Restore {}

/// `system stop`
#[derive(Debug, Args)]
pub(crate) struct Stop {}

/// `system install-units`
#[derive(Debug, Args)]
pub(crate) struct InstallUnits {
    /// For this user's systemd; what everybody but root gets anyway
    #[arg(long)]
    pub(crate) user: bool,
    /// For the host's systemd; what root gets anyway
    #[arg(long, conflicts_with = "user")]
    pub(crate) system: bool,
    /// Print the unit and write nothing
    #[arg(long)]
    pub(crate) print: bool,
}

/// `system df`
#[derive(Debug, Args)]
pub(crate) struct Df {
    /// Show every image, container and volume
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// `system prune`
#[derive(Debug, Args)]
pub(crate) struct Prune {
    /// Also remove images that have a name, where no container uses them
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Also remove the volumes that no container has
    #[arg(long)]
    pub(crate) volumes: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Remove only what matches; keys: until, label, label!
    #[arg(long, value_name = "KEY=VALUE", value_parser = filter::among(&["until", "label", "label!"]))]
    pub(crate) filter: Vec<Filter>,
}

/// `events`
#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Go on with what happens from now on
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Begin here: a time, or how long ago: 10m
    #[arg(long, value_name = "TIME", value_parser = instant::parse)]
    pub(crate) since: Option<Instant>,
    /// End here
    #[arg(long, value_name = "TIME", value_parser = instant::parse)]
    pub(crate) until: Option<Instant>,
    /// Show only what matches; keys: type, event, container, image, volume, label; of several with the
    /// same key, one has to match
    #[arg(long, value_name = "KEY=VALUE", value_parser = filter::among(&["type", "event", "container", "image", "volume", "label"]))]
    pub(crate) filter: Vec<Filter>,
    /// Print ids and digests whole
    #[arg(long)]
    pub(crate) no_trunc: bool,
}
