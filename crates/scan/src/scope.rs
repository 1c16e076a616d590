//! How much is learned: what is installed is enough for advisories, and a small part of the work.

use serde::{Deserialize, Serialize};

/// What is looked for in a tree. The later has all that the earlier has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// What is installed, and of which release it is.
    Packages,
    /// Secrets and oddities as well, for which every file is looked at.
    #[default]
    Everything,
}
