//! The process: arguments, identity, capabilities and limits, ready for the kernel.

use std::ffi::CString;

use model::spec::{Process, Text};
use rustix::process::{Resource, Rlimit};
use rustix::thread::CapabilitySet;
use sys::exec::StringVector;

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
    pub rlimits: Vec<(Resource, Rlimit)>,
    pub no_new_privileges: bool,
    /// As text, ready to be written.
    pub oom_score_adj: Option<String>,
}

/// The five sets as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CapabilityPlan {
    pub bounding: CapabilitySet,
    pub effective: CapabilitySet,
    pub inheritable: CapabilitySet,
    pub permitted: CapabilitySet,
    pub ambient: CapabilitySet,
}

impl CapabilityPlan {
    /// The kernel keeps nothing over an exec that is not permitted and inheritable; the specification wants
    /// what cannot be granted left out (config.md "capabilities").
    pub(super) fn drop_impossible(&mut self) {
        self.ambient &= self.permitted & self.inheritable;
    }
}

impl ProcessPlan {
    pub(crate) fn new(process: &Process) -> Result<Self, LaunchError> {
        let Some(program) = process.args.first().filter(|program| !program.is_empty()) else {
            return Err(LaunchError::Spec { what: "command", value: String::new(), why: "it is empty" });
        };
        let sets = &process.capabilities;
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
            capabilities: CapabilityPlan {
                bounding: set(&sets.bounding)?,
                effective: set(&sets.effective)?,
                inheritable: set(&sets.inheritable)?,
                permitted: set(&sets.permitted)?,
                ambient: set(&sets.ambient)?,
            },
            rlimits: process.rlimits.iter().map(rlimit).collect::<Result<_, _>>()?,
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

/// capabilities(7), in the kernel's order.
pub(crate) const CAPABILITIES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

fn set(names: &[Text]) -> Result<CapabilitySet, LaunchError> {
    names.iter().try_fold(CapabilitySet::empty(), |set, name| {
        let bare = name.strip_prefix("CAP_").unwrap_or(name);
        match CAPABILITIES.iter().position(|known| *known == bare) {
            Some(number) => Ok(set | CapabilitySet::from_bits_retain(1 << number)),
            None => Err(LaunchError::Spec {
                what: "capability",
                value: name.to_string(),
                why: "Linux has no such",
            }),
        }
    })
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
    fn capabilities_have_the_kernel_s_numbers() {
        assert_eq!(set(&["CAP_CHOWN".into(), "CAP_SYS_ADMIN".into()]).unwrap().bits(), 1 | 1 << 21);
        assert_eq!(set(&["CAP_CHECKPOINT_RESTORE".into()]).unwrap().bits(), 1 << 40);
        assert!(set(&["CAP_ROOT".into()]).is_err());
    }
}
