//! The process: arguments, identity, capabilities and limits, ready for the kernel.

use std::ffi::CString;

use model::spec::Process;
use rustix::process::{Resource, Rlimit};
use sys::exec::StringVector;

use super::capabilities::{CapabilityPlan, kernel_s_capabilities};
use super::labels::Labels;
use super::path::{InRoot, cstring};
use crate::error::LaunchError;

/// Where programs are looked for when the environment has no PATH (as Docker).
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What runs, and as whom.
#[derive(Debug)]
pub(crate) struct ProcessPlan {
    pub program: String,
    /// Paths to try, in order.
    pub candidates: Vec<CString>,
    pub arguments: StringVector,
    pub environment: StringVector,
    pub cwd: InRoot,
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<rustix::fs::Gid>,
    pub umask: u32,
    pub capabilities: CapabilityPlan,
    pub labels: Labels,
    pub rlimits: Vec<(Resource, Rlimit)>,
    pub no_new_privileges: bool,
    /// As text, ready to be written.
    pub oom_score_adj: Option<String>,
}

impl ProcessPlan {
    pub(crate) fn new(process: &Process) -> Result<Self, LaunchError> {
        let Some(program) = process.args.first().filter(|program| !program.is_empty()) else {
            return Err(LaunchError::Spec { what: "command", value: String::new(), why: "it is empty" });
        };
        Ok(Self {
            program: program.clone(),
            candidates: candidates(program, &process.env)?,
            arguments: vector("argument", &process.args)?,
            environment: vector("environment variable", &process.env)?,
            cwd: InRoot::parse(if process.cwd.is_empty() { "/" } else { &process.cwd })?,
            uid: process.user.uid,
            gid: process.user.gid,
            groups: process.user.additional_gids.iter().map(|gid| rustix::fs::Gid::from_raw(*gid)).collect(),
            umask: process.user.umask.unwrap_or(0o022),
            capabilities: CapabilityPlan::new(&process.capabilities, kernel_s_capabilities())?,
            labels: Labels::new(process)?,
            rlimits: rlimits(&process.rlimits)?,
            no_new_privileges: process.no_new_privileges,
            oom_score_adj: process.oom_score_adj.map(|score| score.to_string()),
        })
    }
}

/// execvp(3)'s rule: a name with a slash is a path, any other is looked for along PATH.
fn candidates(program: &str, environment: &[String]) -> Result<Vec<CString>, LaunchError> {
    if program.contains('/') {
        return Ok(vec![cstring("command", program)?]);
    }
    let path = environment.iter().rev().find_map(|variable| variable.strip_prefix("PATH="));
    let directories = path.unwrap_or(DEFAULT_PATH).split(':').filter(|directory| !directory.is_empty());
    directories.map(|directory| cstring("command", &format!("{directory}/{program}"))).collect()
}

pub(super) fn vector(what: &'static str, texts: &[String]) -> Result<StringVector, LaunchError> {
    let strings = texts.iter().map(|text| cstring(what, text)).collect::<Result<_, _>>()?;
    Ok(StringVector::new(strings))
}

const RESOURCES: [(&str, Resource); 16] = [
    ("AS", Resource::As),
    ("CORE", Resource::Core),
    ("CPU", Resource::Cpu),
    ("DATA", Resource::Data),
    ("FSIZE", Resource::Fsize),
    ("LOCKS", Resource::Locks),
    ("MEMLOCK", Resource::Memlock),
    ("MSGQUEUE", Resource::Msgqueue),
    ("NICE", Resource::Nice),
    ("NOFILE", Resource::Nofile),
    ("NPROC", Resource::Nproc),
    ("RSS", Resource::Rss),
    ("RTPRIO", Resource::Rtprio),
    ("RTTIME", Resource::Rttime),
    ("SIGPENDING", Resource::Sigpending),
    ("STACK", Resource::Stack),
];

fn rlimits(limits: &[model::spec::Rlimit]) -> Result<Vec<(Resource, Rlimit)>, LaunchError> {
    let mut planned = Vec::with_capacity(limits.len());
    for limit in limits {
        let (resource, values) = rlimit(limit)?;
        if planned.iter().any(|(before, _)| *before == resource) {
            let (what, value) = ("resource limit", limit.kind.to_string());
            return Err(LaunchError::Spec { what, value, why: "it is given twice" });
        }
        planned.push((resource, values));
    }
    Ok(planned)
}

fn rlimit(limit: &model::spec::Rlimit) -> Result<(Resource, Rlimit), LaunchError> {
    let invalid = |why| LaunchError::Spec { what: "resource limit", value: limit.kind.to_string(), why };
    let bare = limit.kind.strip_prefix("RLIMIT_").unwrap_or(&limit.kind);
    let found = RESOURCES.iter().find(|(name, _)| *name == bare);
    let Some((_, resource)) = found else { return Err(invalid("Linux has no such")) };
    if limit.soft > limit.hard {
        return Err(invalid("the soft limit is above the hard one"));
    }
    let finite = |value: u64| (value != u64::MAX).then_some(value);
    Ok((*resource, Rlimit { current: finite(limit.soft), maximum: finite(limit.hard) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_looked_for_along_path() {
        let environment = ["PATH=/a:/b".to_owned()];
        assert_eq!(candidates("sh", &environment).unwrap(), [c"/a/sh".to_owned(), c"/b/sh".to_owned()]);
        assert_eq!(candidates("./sh", &environment).unwrap(), [c"./sh".to_owned()]);
        assert_eq!(candidates("sh", &[]).unwrap().len(), 6);
    }

    #[test]
    fn a_resource_is_limited_once() {
        let limit = |kind: &'static str, soft, hard| model::spec::Rlimit { kind: kind.into(), soft, hard };
        assert_eq!(
            rlimits(&[limit("RLIMIT_NOFILE", 1, 2), limit("RLIMIT_NPROC", 1, u64::MAX)]).unwrap().len(),
            2
        );
        let twice = rlimits(&[limit("RLIMIT_NOFILE", 1, 2), limit("NOFILE", 1, 2)]).unwrap_err();
        assert_eq!(twice.to_string(), "invalid resource limit `NOFILE`: it is given twice");
        assert!(rlimits(&[limit("RLIMIT_NOFILE", 3, 2)]).is_err());
        assert!(rlimits(&[limit("RLIMIT_FILES", 1, 2)]).is_err());
    }
}
