//! What the host says about registries: mirrors, blocks, short names, certificates, credentials.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where to look, and what the environment says. The binary fills it.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// registries.conf files, the first that exists counts: the user's, the site's, the system's.
    pub registries: Vec<PathBuf>,
    /// Directories of drop-in files, in the order in which later ones win.
    pub registries_dirs: Vec<PathBuf>,
    /// certs.d directories, the first that has the registry counts.
    pub certificates: Vec<PathBuf>,
    /// Files with credentials: the first is written by `login`, all are read.
    pub credentials: Vec<PathBuf>,
    /// Proxy variables as they are set: `HTTPS_PROXY`, `https_proxy`, `NO_PROXY` and so on.
    pub proxies: BTreeMap<String, String>,
    /// Where credential helpers are looked for (`PATH`).
    pub helpers: Vec<PathBuf>,
}

/// What applies to registries on this host.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Where it was read from.
    pub places: Places,
}
