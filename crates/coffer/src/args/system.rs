//! `coffer system`

use clap::Args;

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
