//! Control groups that somebody leaves behind: no namespace takes those along.

use std::path::{Path, PathBuf};
use std::time::Duration;

const GROUPS: &str = "/sys/fs/cgroup";
/// `/sys/fs/cgroup/HIERARCHY/...`: nothing that anybody makes here lies deeper.
const DEEPEST: usize = 8;

/// A group is in use until the last of its processes is reaped, which comes a little after the end of a
/// pid namespace.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(20);

/// Removes the groups that are `named` so, and those below them. One that stays in use is somebody's, and
/// stays.
pub(crate) fn sweep(named: impl Fn(&str) -> bool) {
    for _ in 0..TRIES {
        let mut found = Vec::new();
        collect(Path::new(GROUPS), DEEPEST, false, &named, &mut found);
        // Children were found after their parents.
        let refused = found.iter().rev().filter(|group| std::fs::remove_dir(group).is_err()).count();
        if refused == 0 {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

fn collect(
    place: &Path,
    depth: usize,
    inside: bool,
    named: &impl Fn(&str) -> bool,
    found: &mut Vec<PathBuf>,
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let Ok(entries) = std::fs::read_dir(place) else { return };
    let directories = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    for entry in directories {
        let inside = inside || entry.file_name().to_str().is_some_and(named);
        if inside {
            found.push(entry.path());
        }
        collect(&entry.path(), depth, inside, named, found);
    }
}

/// What the suites name containers after: `8-4-4-4-12` hexadecimal digits.
pub(crate) fn is_uuid(name: &str) -> bool {
    let groups: Vec<&str> = name.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let digits = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_known_by_its_form() {
        assert!(is_uuid("9e352009-f3da-47c3-b171-f049350a5429"));
        assert!(!is_uuid("9e352009-f3da-47c3-b171-f049350a542g"));
        assert!(!is_uuid("9e352009f3da47c3b171f049350a5429"));
        assert!(!is_uuid("user.slice"));
    }
}
