//! What else there is: environment, descriptors, processes, devices, links.

use std::collections::BTreeMap;
use std::env;
use std::fs;

use crate::json::Json;

/// A process that /proc shows.
pub(crate) struct Process {
    pub(crate) pid: i32,
    name: String,
    parent: i32,
}

impl Process {
    /// The parent of every other kernel thread. In a container, pid 2 may be anybody.
    pub(crate) fn is_kthreadd(&self) -> bool {
        self.pid == 2 && self.parent == 0 && self.name == "kthreadd"
    }
}

/// Every process that /proc shows, this one included.
pub(crate) fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<_> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: i32| parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?))
        .collect();
    found.sort_unstable_by_key(|process| process.pid);
    found
}

/// `pid (name) state ppid ...`, proc_pid_stat(5); the name may have brackets of its own.
fn parse_stat(line: &str) -> Option<Process> {
    let (pid, rest) = line.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let parent = rest.split(' ').nth(1)?.parse().ok()?;
    Some(Process { pid: pid.parse().ok()?, name: name.to_owned(), parent })
}

/// The open descriptors and what they are, without the one that lists them.
pub(crate) fn descriptors() -> BTreeMap<u32, String> {
    let entries = fs::read_dir("/proc/self/fd").into_iter().flatten().filter_map(Result::ok);
    let targets = entries.filter_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?;
        Some((entry.file_name().to_str()?.parse().ok()?, target.to_string_lossy().into_owned()))
    });
    let listed = targets.collect::<Vec<(u32, String)>>();
    // The directory is closed by now, and so the link that stood for it is gone.
    listed
        .into_iter()
        .filter(|(number, _)| fs::symlink_metadata(format!("/proc/self/fd/{number}")).is_ok())
        .collect()
}

/// The names of the network links.
pub(crate) fn interfaces() -> Vec<String> {
    parse_links(&fs::read_to_string("/proc/net/dev").unwrap_or_default())
}

/// /proc/net/dev has two lines of heading, then `name: numbers`.
fn parse_links(table: &str) -> Vec<String> {
    let lines = table.lines().skip(2).filter_map(|line| line.split_once(':'));
    lines.map(|(name, _)| name.trim().to_owned()).collect()
}

/// Devices beyond those that the OCI runtime specification asks for (config-linux.md "Default Devices").
fn unusual_devices() -> Vec<String> {
    const USUAL: [&str; 15] = [
        "null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "pts", "shm", "mqueue", "fd",
        "stdin", "stdout", "stderr",
    ];
    let entries = fs::read_dir("/dev").into_iter().flatten().filter_map(Result::ok);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut unusual: Vec<_> = names.filter(|name| !USUAL.contains(&name.as_str())).collect();
    unusual.sort_unstable();
    unusual
}

/// Names of variables, never their values; descriptors; processes; links; devices.
pub(crate) fn section() -> Json {
    let mut names: Vec<_> = env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    let descriptors = descriptors().into_iter().map(|(number, target)| {
        Json::Object(vec![("fd", Json::Number(number.into())), ("target", Json::text(target))])
    });
    let processes = processes().into_iter().map(|process| {
        Json::Object(vec![("pid", Json::Number(process.pid.into())), ("name", Json::text(process.name))])
    });
    Json::Object(vec![
        ("environment", Json::texts(names)),
        ("descriptors", Json::List(descriptors.collect())),
        ("processes", Json::List(processes.collect())),
        ("interfaces", Json::texts(interfaces())),
        ("unusual_devices", Json::texts(unusual_devices())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_may_have_brackets_in_its_name() {
        let process = parse_stat("12 (a) b) S 2 12 12 0").unwrap();
        assert_eq!((process.pid, process.name.as_str(), process.parent), (12, "a) b", 2));
        assert!(!process.is_kthreadd());
        assert!(parse_stat("2 (kthreadd) S 0 0 0 0").unwrap().is_kthreadd());
        assert!(parse_stat("12 (a").is_none());
    }

    #[test]
    fn links_are_named_after_the_heading() {
        let table = "Inter-|   Receive\n face |bytes\n    lo: 1 2\n  eth0: 3 4\n";
        assert_eq!(parse_links(table), ["lo", "eth0"]);
    }

    #[test]
    fn the_listing_descriptor_is_not_listed() {
        assert!(descriptors().values().all(|target| !target.ends_with("/fd")));
    }
}
