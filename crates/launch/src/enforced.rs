//! What is really in force, read back from the kernel before the program may run.

use model::spec::NamespaceKind;
use rustix::fs::{CWD, Mode, OFlags};
use serde::{Deserialize, Serialize};

use crate::attributes;
use crate::cgroup::{Cgroup, Version};
use crate::error::LaunchError;
use crate::plan::{FilterTime, Plan, capability_names, label_name};
use crate::target::bit;

/// The confinement of one container as the kernel reported it, and what the kernel does not report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enforced {
    /// Namespaces that are the container's own, by their names under /proc/PID/ns.
    pub private_namespaces: Vec<String>,
    /// From /proc/PID/status.
    pub no_new_privs: bool,
    /// Seccomp mode: 2 is a filter.
    pub seccomp_mode: u32,
    /// System calls that can succeed, of those that exist; zero where no filter is installed.
    pub seccomp_allowed: u32,
    /// System calls that this architecture has.
    pub seccomp_known: u32,
    /// Names without `CAP_`.
    pub effective: Vec<String>,
    /// Names without `CAP_`.
    pub bounding: Vec<String>,
    /// Asked for, and not to be had; names without `CAP_`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// The AppArmor profile that it enters at exec, as the kernel names it; empty where none was asked for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub apparmor: String,
    /// The SELinux label, likewise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub selinux: String,
    /// /proc/PID/uid_map: first id inside, outside, count.
    pub uid_map: Vec<(u32, u32, u32)>,
    /// Landlock's ABI version; zero where it is off.
    pub landlock_abi: u32,
    /// Where programs may be executed from; empty means anywhere.
    pub islands: Vec<String>,
    /// Hidden paths.
    pub masked: u32,
    /// Kernel parameters that were set.
    pub sysctls: Vec<(String, String)>,
    /// Which control groups.
    pub cgroup: Version,
}

/// The parts of /proc/PID/status that matter here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Status {
    no_new_privs: u32,
    seccomp: u32,
    effective: u64,
    permitted: u64,
    inheritable: u64,
    bounding: u64,
    ambient: u64,
    uid: u32,
}

/// Compares the kernel's account of `pid` with the plan. The process waits for our word, so nothing can
/// change between this look and exec.
///
/// # Errors
/// [`LaunchError::Floor`] with the first difference.
pub(crate) fn verify(pid: i32, plan: &Plan, cgroup: &Cgroup) -> Result<Enforced, LaunchError> {
    let status = Status::parse(&read(pid, "status")?);
    let sets = plan.waiting_capabilities();
    let same =
        |what, planned: u64, actual: u64| differs(what, planned == actual, || (hex(planned), hex(actual)));
    differs("no_new_privs", status.no_new_privs == u32::from(plan.process.no_new_privileges), || {
        (plan.process.no_new_privileges.to_string(), status.no_new_privs.to_string())
    })?;
    let filtered = plan.seccomp.is_some() && plan.manner.filter == FilterTime::BeforeTheWait;
    let mode = if filtered { 2 } else { 0 };
    differs("seccomp", status.seccomp == mode || !filtered, || {
        (mode.to_string(), status.seccomp.to_string())
    })?;
    same("the bounding set", sets.bounding.bits(), status.bounding)?;
    same("the permitted set", sets.permitted.bits(), status.permitted)?;
    same("the effective set", sets.effective.bits(), status.effective)?;
    same("the inheritable set", sets.inheritable.bits(), status.inheritable)?;
    same("the ambient set", sets.ambient.bits(), status.ambient)?;
    let uid_map = parse_map(&read(pid, "uid_map")?);
    if plan.makes_user_namespace() {
        let planned: Vec<_> =
            plan.uid_map.iter().map(|map| (map.container_id, map.host_id, map.size)).collect();
        differs("the user map", planned == uid_map, || (format!("{planned:?}"), format!("{uid_map:?}")))?;
    }
    attributes::verify(pid, plan)?;
    let labels = labels(pid, plan)?;
    Ok(report(plan, cgroup, &status, uid_map, labels))
}

/// What the process is going to be for the kernel's security modules.
struct Labelled {
    apparmor: String,
    selinux: String,
}

/// AppArmor says the profile and its mode; SELinux the label, which it may write in another order than we.
fn labels(pid: i32, plan: &Plan) -> Result<Labelled, LaunchError> {
    let planned = &plan.process.labels;
    let mut labelled = Labelled { apparmor: String::new(), selinux: String::new() };
    if let Some(profile) = planned.apparmor.as_deref().map(label_name) {
        let said = read(pid, "attr/apparmor/exec").or_else(|_| read(pid, "attr/exec"))?;
        let said = said.trim_end();
        let same =
            said.strip_prefix(profile.as_str()).is_some_and(|mode| mode.is_empty() || mode.starts_with(" ("));
        differs("the AppArmor profile", same, || (profile, said.to_owned()))?;
        labelled.apparmor = said.to_owned();
    }
    if let Some(label) = planned.selinux.as_deref().map(label_name) {
        let said = read(pid, "attr/exec")?;
        let said = said.trim_end_matches(['\0', '\n']);
        differs("the SELinux label", !said.is_empty(), || (label, said.to_owned()))?;
        labelled.selinux = said.to_owned();
    }
    Ok(labelled)
}

fn report(
    plan: &Plan,
    cgroup: &Cgroup,
    status: &Status,
    uid_map: Vec<(u32, u32, u32)>,
    labels: Labelled,
) -> Enforced {
    let sysctl =
        |(path, value): &(std::ffi::CString, String)| (crate::plan::sysctl_name(path), value.clone());
    let memfd = plan.memfd_noexec.iter().map(|value| ("vm.memfd_noexec".to_owned(), value.clone()));
    let filter = plan.seccomp.as_ref();
    let sets = &plan.process.capabilities;
    Enforced {
        private_namespaces: private_namespaces(plan),
        no_new_privs: status.no_new_privs == 1,
        seccomp_mode: status.seccomp,
        seccomp_allowed: filter.map_or(0, |filter| filter.allowed),
        seccomp_known: filter.map_or(0, |filter| filter.known),
        effective: names(status.effective),
        bounding: names(status.bounding),
        absent: names(sets.absent.bits()),
        apparmor: labels.apparmor,
        selinux: labels.selinux,
        uid_map,
        landlock_abi: plan.landlock.as_ref().map_or(0, |landlock| landlock.abi),
        islands: plan.islands.iter().map(crate::plan::InRoot::display).collect(),
        masked: plan.masked.len() as u32,
        sysctls: plan.sysctls.iter().map(sysctl).chain(memfd).collect(),
        cgroup: cgroup.version(),
    }
}

fn private_namespaces(plan: &Plan) -> Vec<String> {
    let flags = plan.clone_flags | plan.unshare_flags;
    let private = NamespaceKind::ALL.into_iter().filter(|kind| flags & bit(*kind) != 0);
    private.map(|kind| kind.proc_name().to_owned()).collect()
}

pub(crate) fn differs(
    what: &'static str,
    same: bool,
    values: impl FnOnce() -> (String, String),
) -> Result<(), LaunchError> {
    if same {
        return Ok(());
    }
    let (planned, actual) = values();
    Err(LaunchError::Floor { what, planned, actual })
}

fn hex(bits: u64) -> String {
    format!("{bits:#x}")
}

fn names(bits: u64) -> Vec<String> {
    capability_names(bits).map(str::to_owned).collect()
}

pub(crate) fn read(pid: i32, name: &str) -> Result<String, LaunchError> {
    let path = format!("/proc/{pid}/{name}");
    let fault = |errno| LaunchError::host("read back the confinement from", path.clone())(errno);
    let file =
        rustix::fs::openat(CWD, &path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(fault)?;
    // The kernel hands out either file in one piece; neither comes near a page.
    let mut buffer = vec![0; 4096];
    let length = rustix::io::read(&file, &mut buffer).map_err(fault)?;
    buffer.truncate(length);
    Ok(String::from_utf8_lossy(&buffer).into_owned())
}

impl Status {
    fn parse(text: &str) -> Self {
        let mut status = Self::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once(":\t")) {
            let set = || u64::from_str_radix(value.trim(), 16).unwrap_or(u64::MAX);
            let number =
                || value.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(u32::MAX);
            match key {
                "NoNewPrivs" => status.no_new_privs = number(),
                "Seccomp" => status.seccomp = number(),
                "CapInh" => status.inheritable = set(),
                "CapPrm" => status.permitted = set(),
                "CapEff" => status.effective = set(),
                "CapBnd" => status.bounding = set(),
                "CapAmb" => status.ambient = set(),
                "Uid" => status.uid = number(),
                _ => {}
            }
        }
        status
    }
}

fn parse_map(text: &str) -> Vec<(u32, u32, u32)> {
    let line = |line: &str| {
        let mut words = line.split_whitespace().map(str::parse::<u32>);
        Some((words.next()?.ok()?, words.next()?.ok()?, words.next()?.ok()?))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_account_is_read() {
        let text = "Name:\tsh\nUid:\t100\t100\t100\t100\nCapInh:\t0000000000000000\nCapPrm:\t00000000000000eb\n\
                    CapEff:\t00000000000000eb\nCapBnd:\t00000000000000eb\nCapAmb:\t0000000000000000\n\
                    NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";
        let status = Status::parse(text);
        assert_eq!((status.no_new_privs, status.seccomp, status.bounding, status.uid), (1, 2, 0xeb, 100));
        assert_eq!(
            names(0xeb),
            ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"].map(str::to_owned)[..3]
                .iter()
                .cloned()
                .chain(["KILL", "SETGID", "SETUID"].map(str::to_owned))
                .collect::<Vec<_>>()
        );
        assert_eq!(parse_map("         0     165536      65536\n"), [(0, 165_536, 65_536)]);
    }
}
