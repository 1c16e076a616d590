//! What inputs are made of: whatever the tests read, and what was found before.

use std::path::Path;

use crate::shell::{self, Outcome};

/// The largest file that is one, in bytes, and how many there are at most.
const LARGEST: u64 = 64 << 10;
const MOST: usize = 4096;

/// Where tests have theirs, and where libFuzzer keeps what it has found for a target.
const OF_TESTS: [&str; 4] =
    ["crates/advisories/tests", "crates/model/tests", "crates/scan/tests", "crates/store/tests/fixtures"];
const OF_TARGETS: &str = "fuzz/corpus";

/// The seeds of a target, in the order of their names; an empty one is always among them.
pub(super) fn of(target: &str, more: &[String]) -> Outcome<Vec<Vec<u8>>> {
    let mut seeds = vec![Vec::new()];
    let top = shell::top();
    let own = [format!("{OF_TARGETS}/{target}")];
    for directory in OF_TESTS.map(str::to_owned).iter().chain(&own) {
        gather(&top.join(directory), &mut seeds)?;
    }
    for given in more {
        let directory = Path::new(given);
        if !directory.exists() {
            return Err(format!("there are no seeds in {given}"));
        }
        gather(directory, &mut seeds)?;
    }
    Ok(seeds)
}

/// A file itself, or all below a directory; nothing where there is nothing.
fn gather(path: &Path, seeds: &mut Vec<Vec<u8>>) -> Outcome {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let Ok(meta) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if meta.is_file() && meta.len() <= LARGEST && seeds.len() < MOST {
        seeds.push(std::fs::read(path).map_err(failed)?);
    }
    if meta.is_dir() {
        let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut below: Vec<_> = entries.map_err(failed)?.iter().map(std::fs::DirEntry::path).collect();
        below.sort();
        below.iter().try_for_each(|path| gather(path, seeds))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tests_read_is_a_seed_and_nothing_is_one_too() {
        let seeds = of("no such target", &[]).unwrap();
        assert!(seeds.len() > 10, "{}", seeds.len());
        assert_eq!(seeds.first(), Some(&Vec::new()));
        assert!(of("any", &["no/such/directory".to_owned()]).is_err());
    }
}
