//! The most memory that a command and all whom it starts ever have together.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::shell::{self, Outcome};

/// Between two looks: a scan of the smallest image lasts longer.
const PAUSE: Duration = Duration::from_millis(2);

/// Megabytes: the larger of what its processes were seen to have together, each page counted once, and of what the
/// kernel says that the largest of them had, which no look can miss.
pub(crate) fn of(command: &Command) -> Outcome<f64> {
    let report = std::env::temp_dir().join(format!("bench-peak-{}", std::process::id()));
    let mut watched = shell::program("time", ["--format", "%M", "--output"]);
    watched.arg(&report).arg(command.get_program()).args(command.get_args());
    watched.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = watched.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    let child = child.as_mut().map_err(|error| format!("cannot run `{}`: {error}", shell::line(command)))?;
    let seen = watch(child)?;
    let text = std::fs::read_to_string(&report).map_err(|error| format!("{}: {error}", report.display()))?;
    std::fs::remove_file(&report).map_err(|error| format!("{}: {error}", report.display()))?;
    let largest = text.trim().parse().map_err(|_| format!("`{}` failed: {text}", shell::line(command)))?;
    Ok(f64::max(seen, largest) * 1024.0 / 1e6)
}

/// KiB.
fn watch(child: &mut Child) -> Outcome<f64> {
    let mut most = 0.0;
    while child.try_wait().map_err(|error| format!("cannot wait: {error}"))?.is_none() {
        most = f64::max(most, family(child.id()).into_iter().filter_map(proportional).sum());
        std::thread::sleep(PAUSE);
    }
    Ok(most)
}

/// A process and all that descend from it.
fn family(root: u32) -> Vec<u32> {
    let parents = parents();
    let mut family = vec![root];
    let mut next = 0;
    while let Some(&process) = family.get(next) {
        family.extend(parents.iter().filter(|(_, parent)| **parent == process).map(|(child, _)| child));
        next += 1;
    }
    family
}

/// Every process and its parent.
fn parents() -> BTreeMap<u32, u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return BTreeMap::new() };
    let process = |entry: std::fs::DirEntry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        Some((number, parent(&std::fs::read_to_string(entry.path().join("stat")).ok()?)?))
    };
    entries.filter_map(|entry| process(entry.ok()?)).collect()
}

/// The parent in `NUMBER (NAME) STATE PARENT ...`; a name may have parentheses and blanks.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// What a process has, in KiB; a page that two have counts half for each. Nothing once it has ended.
fn proportional(process: u32) -> Option<f64> {
    let file = format!("/proc/{process}/smaps_rollup");
    let text = std::fs::read_to_string(Path::new(&file)).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_found_behind_any_name() {
        assert_eq!(parent("12 (a) b) S 7 12 12 0 -1"), Some(7));
        assert_eq!(parent("12 (a"), None);
    }

    #[test]
    fn a_child_is_of_the_family_and_has_memory() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let family = family(std::process::id());
        let memory = proportional(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(family.contains(&std::process::id()) && family.contains(&child.id()), "{family:?}");
        assert!(memory.unwrap() > 0.0);
    }
}
