//! What this site is, in numbers and names.

use model::host::{HostState, HostWeight, host_level};
use model::usecase::Host;
use model::verdict::Level;
use serde::Serialize;

use crate::containers::Which;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::site::Invoker;
use crate::{host, idspace};

/// `coffer system info`.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    /// The kernel's release.
    pub kernel: String,
    /// Version of control groups: v1, v2 or none.
    pub cgroup_version: &'static str,
    /// Controllers that containers here can be limited by.
    pub controllers: Vec<String>,
    /// Whether a user asks, and not root.
    pub rootless: bool,
    /// How many ids containers have to share.
    pub ids: u32,
    /// What survives a reboot.
    pub state: String,
    /// What need not.
    pub run: String,
    /// Containers that run.
    pub running: usize,
    /// All containers.
    pub containers: usize,
    /// Images.
    pub images: usize,
    /// Entries of the ledger.
    pub entries: u64,
    /// The ledger's name.
    pub origin: String,
    /// The level of requests that name none.
    pub level: Level,
    /// The host dimension of every verdict.
    pub host: Host,
    /// Walls that this host has for a container, by the names that `coffer system check` gives them.
    pub enforced: Vec<&'static str>,
    /// Those that it lacks.
    pub lacking: Vec<&'static str>,
}

impl Engine {
    /// What this site is.
    ///
    /// # Errors
    /// The state, the store or the ledger cannot be read.
    pub fn info(&self) -> Result<Info, EngineError> {
        let checks = self.system_check();
        let walls = |state| {
            let counts =
                checks.iter().filter(|check| check.weight == HostWeight::Baseline || is_limit(check.id));
            counts.filter(|check| check.state == state).map(|check| check.id).collect()
        };
        let containers = self.containers(Which::All)?;
        let statement = self.book()?.statement()?;
        let invoker = self.site.invoker;
        Ok(Info {
            kernel: host::release(),
            cgroup_version: launch::cgroup::version().as_str(),
            controllers: host::controllers(invoker),
            rootless: invoker != Invoker::Root,
            ids: idspace::session_size()?,
            state: self.site.state.to_string_lossy().into_owned(),
            run: self.site.run.to_string_lossy().into_owned(),
            running: containers.iter().filter(|record| !record.status.is_settled()).count(),
            containers: containers.len(),
            images: self.images()?.len(),
            entries: statement.size,
            origin: statement.origin,
            level: self.site.level,
            host: host_level(&checks),
            enforced: walls(HostState::Present),
            lacking: walls(HostState::Missing),
        })
    }
}

/// A user's lack of limits weighs less, and is one all the same.
fn is_limit(id: &str) -> bool {
    id.starts_with("cgroup-")
}
