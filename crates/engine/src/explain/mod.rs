//! Every confinement that is in force, as the kernel reports it, and why each exception was granted.
//!
//! A running container is read back from /proc through a descriptor that stays with its first process.
//! For one that has ended, and for what the kernel does not report (Landlock, hidden paths, kernel
//! parameters), it is what launch verified right before the program was executed. Nothing is read
//! through the container's root.

mod limits;
mod mounts;
mod status;

use std::collections::BTreeMap;

use launch::Enforced;
use model::spec::{NamespaceKind, Spec};
use model::verdict::Exception;
use serde::Serialize;

pub use limits::{Limit, LimitKind};
pub use mounts::{MountLine, parse as parse_mountinfo};
pub(crate) use status::id_map;
pub use status::{CapabilitySets, ProcessStatus, parse as parse_status};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::resources::Freezer;
use crate::state::{ProcDir, Record, Status};

/// What holds a container in.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// The container.
    pub container: Record,
    /// Whether it is paused.
    pub freezer: Freezer,
    /// Who says so.
    pub source: Source,
    /// All eight kinds.
    pub namespaces: Vec<NamespaceLine>,
    /// First id inside, outside, and how many.
    pub uid_map: Vec<(u32, u32, u32)>,
    /// Ids, capabilities, privileges and filters; absent where it never started.
    pub process: Option<ProcessStatus>,
    /// The system call filter.
    pub seccomp: SeccompLine,
    /// Landlock's ABI version, from the start: the kernel does not report it. Zero where it is off.
    pub landlock_abi: u32,
    /// Mounts as the container sees them; empty for one that has ended.
    pub mounts: Vec<MountLine>,
    /// Where programs may be executed from; empty means anywhere.
    pub islands: Vec<String>,
    /// How many paths are hidden, from the start.
    pub masked: u32,
    /// Kernel parameters of its namespaces, from the start.
    pub sysctls: Vec<(String, String)>,
    /// Limits and what is used of them.
    pub limits: Vec<Limit>,
    /// What was granted against the default, and who asked for it.
    pub exceptions: Vec<Exception>,
}

/// Where an explanation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The kernel, now.
    Kernel,
    /// What was in force at the start; the container has ended.
    Start,
    /// Nothing: the container never started.
    Nothing,
}

/// One namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NamespaceLine {
    /// Which kind.
    pub kind: NamespaceKind,
    /// Whose it is.
    pub scope: Scope,
}

/// Whose a namespace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The container's own.
    Private,
    /// The one that coffer runs in.
    Host,
}

/// The system call filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SeccompLine {
    /// 2 is a filter, 0 is none (proc_pid_status(5)).
    pub mode: u32,
    /// How many filters are stacked; the kernel says so only while it runs.
    pub filters: Option<u32>,
    /// System calls that can succeed.
    pub allowed: u32,
    /// System calls that this architecture has.
    pub known: u32,
}

impl Engine {
    /// Explains what holds the container in.
    ///
    /// # Errors
    /// As [`Engine::container`].
    pub fn explain(&self, text: &str) -> Result<Explanation, EngineError> {
        let record = self.container(text)?;
        let (spec, enforced) = self.start_of(&record)?.map(|start| (start.spec, start.enforced)).unzip();
        let live = match &record.status {
            Status::Running { process, .. } => process.open(),
            _ => None,
        };
        let freezer = self.freezer(&record);
        let mut explanation = from_start(record, freezer, enforced.as_ref(), spec.as_ref());
        if let Some(process) = live {
            explanation.read_back(&process);
        }
        Ok(explanation)
    }
}

fn from_start(
    container: Record,
    freezer: Freezer,
    enforced: Option<&Enforced>,
    spec: Option<&Spec>,
) -> Explanation {
    let private = |kind: NamespaceKind| {
        enforced
            .is_some_and(|enforced| enforced.private_namespaces.iter().any(|name| name == kind.proc_name()))
    };
    let scope = |kind| if private(kind) { Scope::Private } else { Scope::Host };
    let exceptions = container.decision.exceptions.clone();
    Explanation {
        container,
        freezer,
        source: if enforced.is_some() { Source::Start } else { Source::Nothing },
        namespaces: NamespaceKind::ALL.map(|kind| NamespaceLine { kind, scope: scope(kind) }).into(),
        uid_map: enforced.map(|enforced| enforced.uid_map.clone()).unwrap_or_default(),
        process: enforced.map(ProcessStatus::at_start),
        seccomp: enforced.map(SeccompLine::at_start).unwrap_or_default(),
        landlock_abi: enforced.map_or(0, |enforced| enforced.landlock_abi),
        mounts: Vec::new(),
        islands: enforced.map(|enforced| enforced.islands.clone()).unwrap_or_default(),
        masked: enforced.map_or(0, |enforced| enforced.masked),
        sysctls: enforced.map(|enforced| enforced.sysctls.clone()).unwrap_or_default(),
        limits: spec
            .map(|spec| limits::planned(&spec.linux.resources, &spec.process.rlimits))
            .unwrap_or_default(),
        exceptions,
    }
}

impl Explanation {
    /// Replaces what was in force at the start by what the kernel says now. Whatever cannot be read
    /// (the process may end at any moment) stays as it was at the start.
    fn read_back(&mut self, process: &ProcDir) {
        let Some(status) = process.text("status").map(|text| status::parse(&text)) else { return };
        let own: BTreeMap<_, _> = namespaces(own_link);
        let theirs: BTreeMap<_, _> = namespaces(|name| process.link(name));
        if theirs.len() == NamespaceKind::ALL.len() {
            for line in &mut self.namespaces {
                let same = theirs.get(&line.kind) == own.get(&line.kind);
                line.scope = if same { Scope::Host } else { Scope::Private };
            }
        }
        if let Some(map) = process.text("uid_map") {
            self.uid_map = status::id_map(&map);
        }
        if let Ok(mountinfo) = process.read("mountinfo") {
            self.mounts = mounts::parse(&mountinfo);
        }
        self.seccomp.mode = status.seccomp_mode;
        self.seccomp.filters = status.seccomp_filters;
        self.process = Some(status);
        limits::read_back(&mut self.limits, &self.container.cgroup);
        self.source = Source::Kernel;
    }
}

impl SeccompLine {
    fn at_start(enforced: &Enforced) -> Self {
        Self {
            mode: enforced.seccomp_mode,
            filters: None,
            allowed: enforced.seccomp_allowed,
            known: enforced.seccomp_known,
        }
    }
}

fn namespaces(link: impl Fn(&str) -> Option<String>) -> BTreeMap<NamespaceKind, String> {
    let line = |kind: NamespaceKind| Some((kind, link(&format!("ns/{}", kind.proc_name()))?));
    NamespaceKind::ALL.into_iter().filter_map(line).collect()
}

/// A link of this process.
pub(crate) fn own_link(name: &str) -> Option<String> {
    std::fs::read_link(format!("/proc/self/{name}")).ok()?.into_os_string().into_string().ok()
}

#[cfg(test)]
mod tests;
