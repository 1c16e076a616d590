//! What the guest does: shell scripts, one after the other.

use std::path::Path;

use crate::shell::{self, Outcome};

/// One thing to do.
pub(super) struct Job {
    pub(super) script: String,
}

/// Who has the guest's console.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Console {
    /// Our own terminal.
    Ours,
    /// A file, for the error that may come of it; what the job prints is apart from it.
    Kept,
}

/// A login's shell, in the checkout.
pub(super) fn shell() -> Job {
    let greeting = "Linux $(uname -r); security modules: $(cat /sys/kernel/security/lsm)";
    let script = format!(
        "{}echo \"{greeting}\"\necho 'Leave with exit, or with Ctrl-A x.'\nexec bash --login\n",
        within(shell::top())
    );
    Job { script }
}

/// A command's words, from the directory we are in if the guest has it.
pub(super) fn command(words: &[String]) -> Outcome<Job> {
    let here = std::env::current_dir().map_err(|error| format!("the working directory: {error}"))?;
    let directory = if here.starts_with(shell::top()) { here.as_path() } else { shell::top() };
    Ok(Job { script: format!("{}{}\n", within(directory), line(words)) })
}

/// A script of all of them: each runs, and the last status that is not 0 is the script's.
pub(super) fn script(jobs: &[Job]) -> String {
    let each = jobs.iter().map(|job| format!("(\n{}) || status=$?\n", job.script));
    format!("status=0\n{}exit $status\n", each.collect::<String>())
}

/// The line that goes to a directory.
pub(super) fn within(directory: &Path) -> String {
    format!("cd {} || exit 125\n", quoted(&directory.display().to_string()))
}

/// A line of these words.
pub(super) fn line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// The word as one word of a shell's.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(script: &str) -> (String, Option<i32>) {
        let output = std::process::Command::new("sh").args(["-c", script]).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    }

    #[test]
    fn words_arrive_as_they_were() {
        let words = ["printf", "%s|", "a b", "it's", "$HOME", "", "*", "new\nline"].map(str::to_owned);
        assert_eq!(ran(&line(&words)).0, "a b|it's|$HOME||*|new\nline|");
    }

    #[test]
    fn every_job_runs_and_a_failure_is_not_forgotten() {
        let jobs = ["exit 0\n", "exit 3\n", "echo last\n"].map(|script| Job { script: script.to_owned() });
        assert_eq!(ran(&script(&jobs)), ("last\n".to_owned(), Some(3)));
        assert_eq!(ran(&script(&[])).1, Some(0));
    }
}
