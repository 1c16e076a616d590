//! The machine's shape: a figure without it says nothing.

use crate::shell;

/// Phrases for the head of a table: processors, memory, kernel, cgroups, system, day and commit.
pub(crate) fn describe() -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let facts = [
        Some(format!("{cores} cores")),
        field("/proc/cpuinfo", "model name"),
        memory(),
        read("/proc/sys/kernel/osrelease").map(|release| format!("Linux {release}")),
        Some(cgroups().to_owned()),
        field("/etc/os-release", "PRETTY_NAME"),
        said("date", &["-u", "+%Y-%m-%d"]),
        said("git", &["rev-parse", "--short", "HEAD"]).map(|commit| format!("commit {commit}")),
    ];
    facts.into_iter().flatten().collect()
}

fn memory() -> Option<String> {
    let total = field("/proc/meminfo", "MemTotal")?;
    let kib: f64 = total.split_whitespace().next()?.parse().ok()?;
    Some(format!("{:.0} GB memory", kib * 1024.0 / 1e9))
}

fn cgroups() -> &'static str {
    if std::path::Path::new("/sys/fs/cgroup/cgroup.controllers").exists() { "cgroup v2" } else { "cgroup v1" }
}

/// The first line that starts with `key`, without the key, its separator and quotes.
fn field(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(rest.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '=' | '"')).to_owned())
}

fn read(file: &str) -> Option<String> {
    std::fs::read_to_string(file).ok().map(|text| text.trim().to_owned())
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = shell::program(program, arguments);
    let text = shell::capture(command.current_dir(shell::top())).ok()?;
    Some(text.trim().to_owned())
}
