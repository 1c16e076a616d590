//! Namespaces of our own: whatever is there besides us afterwards was left behind by the runtime.

use std::process::Command;

use crate::bench::cgroups;
use crate::leftovers;
use crate::shell::{self, Outcome};
use crate::soak::Settings;

/// Set for the run inside.
const HERE: &str = "COFFER_SOAK_INSIDE";

/// The first process of the namespace stays a shell, which reaps what is orphaned. The network namespace is
/// for the list of sockets, the empty /run and /tmp are for the lists of files.
const INSIDE: &str = "mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /tmp && \"$0\" \"$@\"; exit $?";

pub(crate) fn is_here() -> bool {
    std::env::var_os(HERE).is_some()
}

/// Runs ourselves again, inside, and removes the control groups that are left: whoever held them has ended with
/// the namespace.
pub(crate) fn again(settings: &Settings) -> Outcome {
    let _mounted = cgroups::hugetlb()?;
    let own = std::env::current_exe().map_err(|error| format!("cannot find our own program: {error}"))?;
    let mut command = Command::new("unshare");
    command
        .args(["--fork", "--pid", "--kill-child", "--mount-proc", "--mount", "--net", "--ipc", "--"])
        .args(["sh", "-c", INSIDE])
        .arg(own)
        .args(["soak", "runtime", "--runtime"])
        .arg(&settings.runtime)
        .args(["--starts", &settings.starts.to_string()])
        .args(["--seed", &settings.seed.to_string()])
        .args(["--jobs", &settings.jobs.to_string()])
        .env(HERE, "1");
    let status = command.status().map_err(|error| format!("cannot run unshare(1): {error}"))?;
    let name = settings.name();
    leftovers::sweep(|group| group.starts_with(&name));
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{}` did not stand it", shell::name(&settings.runtime)))
    }
}
