//! What can be left behind, each as a phrase: processes, control groups, states, mounts, files, sockets.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::soak::place::Place;

/// How long what was killed may take to be gone.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// Nothing that is looked at lies deeper.
const DEEPEST: usize = 8;

/// Everything that is there now.
pub(crate) fn now(place: &Place) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    found.extend(processes());
    found.extend(sockets());
    found.extend(lines("/proc/self/mountinfo").map(|line| format!("mount: {line}")));
    for directory in [place.path(), Path::new("/run"), Path::new("/tmp")] {
        files(directory, DEEPEST, &mut found);
    }
    groups(Path::new("/sys/fs/cgroup"), DEEPEST, &place.name, &mut found);
    found
}

/// What is there and was not known, after what is ending has had its time.
pub(crate) fn new_ones(place: &Place, known: &BTreeSet<String>) -> BTreeSet<String> {
    let begun = Instant::now();
    loop {
        let found: BTreeSet<String> = now(place).difference(known).cloned().collect();
        if found.is_empty() || begun.elapsed() > PATIENCE {
            return found;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Besides us and the first of this namespace.
fn processes() -> impl Iterator<Item = String> {
    let ours = ["1".to_owned(), std::process::id().to_string()];
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let others =
        numbers.filter(move |name| name.bytes().all(|byte| byte.is_ascii_digit()) && !ours.contains(name));
    others.map(|number| {
        let line = std::fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
        format!("process {number}: {}", String::from_utf8_lossy(&line).replace('\0', " ").trim())
    })
}

/// Sockets that listen (the flag `__SO_ACCEPTCON`).
fn sockets() -> impl Iterator<Item = String> {
    let listens = |line: &String| line.split_whitespace().nth(3) == Some("00010000");
    lines("/proc/net/unix").filter(listens).map(|line| {
        let words = line.split_whitespace().skip(6).collect::<Vec<_>>();
        format!("socket {}", words.join(" "))
    })
}

fn lines(file: &str) -> impl Iterator<Item = String> + use<> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(str::to_owned).collect::<Vec<_>>().into_iter()
}

fn files(directory: &Path, depth: usize, found: &mut BTreeSet<String>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            files(&entry.path(), depth, found);
        }
        found.insert(format!("file {}", entry.path().display()));
    }
}

/// Groups with the soak's name in theirs, and those below them; one in several hierarchies is one.
fn groups(directory: &Path, depth: usize, name: &str, found: &mut BTreeSet<String>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        let path = entry.path().to_string_lossy().into_owned();
        if let Some(begin) = path.find(name) {
            found.insert(format!("control group {}", path.get(begin..).unwrap_or_default()));
        }
        groups(&entry.path(), depth, name, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_appears_is_seen() {
        let name = std::env::temp_dir().join(format!("traces-{}", std::process::id()));
        std::fs::create_dir_all(name.join("state/a")).unwrap();
        let mut found = BTreeSet::new();
        files(&name, DEEPEST, &mut found);
        assert_eq!(found.len(), 2, "{found:?}");
        let _listener = std::os::unix::net::UnixListener::bind(name.join("socket")).unwrap();
        let path = name.join("socket").display().to_string();
        assert!(sockets().any(|socket| socket.ends_with(&path)));
        let mut sleeper = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let phrase = format!("process {}: sleep 60", sleeper.id());
        let begun = Instant::now();
        while !processes().any(|process| process == phrase) {
            assert!(begun.elapsed() < PATIENCE, "no {phrase}");
        }
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
        assert!(!processes().any(|process| process == phrase));
        std::fs::remove_dir_all(&name).unwrap();
    }
}
