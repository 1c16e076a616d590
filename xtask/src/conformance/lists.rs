//! The lists on file: for each runtime and version of control groups what every program of a suite said.
//!
//! `# ` begins a remark, about who said it where; every other line is a program and its verdict.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::conformance::{Lists, Settings};
use crate::shell::{self, Outcome};

/// Programs and the word of their verdict.
pub(crate) type List = BTreeMap<String, String>;

/// Who is judged: the runtime's file name, which is `ours` for our own.
pub(crate) fn judged(runtime: &Path) -> String {
    match runtime.file_name().map(|name| name.to_string_lossy().into_owned()) {
        Some(name) if name != "coffer-runtime" => name,
        _ => "ours".to_owned(),
    }
}

/// Where the list of `who` is, for the control groups that this kernel has.
pub(crate) fn file(suite: &str, who: &str) -> PathBuf {
    let version2 = Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    directory(suite).join(format!("{who}{}.txt", if version2 { "-v2" } else { "" }))
}

pub(crate) fn directory(suite: &str) -> PathBuf {
    shell::top().join("conformance").join(suite)
}

pub(crate) fn load(file: &Path) -> Outcome<List> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{}: {error}; `--update` writes it", file.display()))?;
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            [program, verdict] => Ok(((*program).to_owned(), (*verdict).to_owned())),
            _ => Err(format!("{}: `{line}` is not a program and its verdict", file.display())),
        })
        .collect()
}

pub(crate) fn save(file: &Path, remarks: &[String], list: &List) -> Outcome {
    std::fs::write(file, text(remarks, list))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))
}

/// A list as it is on file.
pub(crate) fn text(remarks: &[String], list: &List) -> String {
    let remarks = remarks.iter().map(|remark| format!("# {remark}\n"));
    let width = list.keys().map(String::len).max().unwrap_or_default();
    let lines = list.iter().map(|(program, verdict)| format!("{program:width$}  {verdict}\n"));
    remarks.chain(lines).collect()
}

/// Where two lists differ, a line for each program.
pub(crate) fn differences(filed: &List, found: &List) -> Vec<String> {
    let programs = filed.keys().chain(found.keys().filter(|program| !filed.contains_key(*program)));
    let word =
        |list: &List, program: &String| list.get(program).cloned().unwrap_or_else(|| "absent".to_owned());
    let pairs = programs.map(|program| (program, word(filed, program), word(found, program)));
    let changed = pairs.filter(|(_, filed, found)| filed != found);
    changed.map(|(program, filed, found)| format!("{program}: {filed} on file, {found} now")).collect()
}

/// What `judge` passes and `list` does not.
pub(crate) fn behind(list: &List, judge: &List) -> Vec<String> {
    let passes = |list: &List, program: &String| list.get(program).is_some_and(|verdict| verdict == "pass");
    let missing = judge.keys().filter(|program| passes(judge, program) && !passes(list, program));
    missing.cloned().collect()
}

/// What fails, a line for each program.
pub(crate) fn failed(list: &List) -> Vec<String> {
    list.iter().filter(|(_, verdict)| *verdict == "fail").map(|(name, _)| format!("{name} fails")).collect()
}

/// Which version of `suite` the checkout is.
pub(crate) fn remarks(settings: &Settings, suite: &str) -> Vec<String> {
    let mut git = shell::program("git", ["rev-parse", "--short", "HEAD"]);
    let commit = shell::capture(git.current_dir(&settings.path)).unwrap_or_default();
    vec![format!("{suite} {commit}").trim().to_owned()]
}

/// Compares the list of `who` with what was found, or writes it, where all of a suite has to pass.
pub(crate) fn settle(settings: &Settings, name: &str, suite: &str, who: &str, found: &List) -> Outcome {
    let passed = found.values().filter(|verdict| *verdict == "pass").count();
    println!("\n{passed} of {} passed", found.len());
    agree(settings, &directory(name).join(format!("{who}.txt")), found, || Ok(remarks(settings, suite)))
}

/// The same with remarks of one's own, and without a word about how many passed.
pub(crate) fn agree(
    settings: &Settings,
    file: &Path,
    found: &List,
    remarks: impl FnOnce() -> Outcome<Vec<String>>,
) -> Outcome {
    match settings.lists {
        Lists::Compared => {}
        Lists::Rewritten => save(file, &remarks()?, found)?,
        Lists::Printed => {
            print!("\n{}", text(&remarks()?, found));
            return Ok(());
        }
    }
    let mut complaints = differences(&load(file)?, found);
    complaints.extend(failed(found));
    match complaints.is_empty() {
        true => Ok(()),
        false => Err(format!("the list is not true, or not good enough:\n  {}", complaints.join("\n  "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &[(&str, &str)]) -> List {
        lines.iter().map(|(program, verdict)| ((*program).to_owned(), (*verdict).to_owned())).collect()
    }

    #[test]
    fn whatever_changed_is_a_difference() {
        let filed = list(&[("create", "pass"), ("gone", "pass"), ("kill", "fail")]);
        let found = list(&[("create", "pass"), ("kill", "pass"), ("new", "skip")]);
        let expected = [
            "gone: pass on file, absent now",
            "kill: fail on file, pass now",
            "new: absent on file, skip now",
        ];
        assert_eq!(differences(&filed, &found), expected);
        assert_eq!(differences(&filed, &filed), Vec::<String>::new());
    }

    #[test]
    fn behind_is_what_only_the_other_passes() {
        let ours = list(&[("create", "pass"), ("kill", "fail"), ("mounts", "skip")]);
        let judge = list(&[("create", "pass"), ("kill", "pass"), ("mounts", "pass"), ("start", "fail")]);
        assert_eq!(behind(&ours, &judge), ["kill", "mounts"]);
    }

    #[test]
    fn lists_survive_their_file() {
        let scratch = crate::bench::scratch::Scratch::new("lists").unwrap();
        let (file, list) = (scratch.path().join("runc.txt"), list(&[("create", "pass"), ("kill", "fail")]));
        save(&file, &["runc 1.1.5".to_owned()], &list).unwrap();
        assert_eq!(load(&file).unwrap(), list);
        std::fs::write(&file, "create\n").unwrap();
        assert!(load(&file).unwrap_err().contains("`create` is not a program and its verdict"));
    }

    #[test]
    fn our_own_runtime_is_known_by_its_name() {
        assert_eq!(judged(Path::new("/usr/bin/coffer-runtime")), "ours");
        assert_eq!(judged(Path::new("/opt/crun-1.27")), "crun-1.27");
    }
}
