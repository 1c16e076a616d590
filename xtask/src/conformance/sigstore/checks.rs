//! A question to a program, and the answer that is right.

use std::process::{Command, Stdio};

use crate::shell::{self, Outcome};

/// One question.
pub(crate) struct Check {
    name: String,
    right: Right,
    command: Command,
}

/// The right answer.
#[derive(Clone, Copy)]
pub(crate) enum Right {
    /// It is accepted.
    Accepted,
    /// It is refused, with one of these in what is said: whatever else fails is no refusal.
    Refused(&'static [&'static str]),
}

/// What came of a question.
pub(crate) enum Verdict {
    Pass,
    /// With the command and what was said instead.
    Fail(String),
}

impl Check {
    pub(crate) fn new(name: impl Into<String>, right: Right, command: Command) -> Self {
        Self { name: name.into(), right, command }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn verdict(mut self) -> Outcome<Verdict> {
        let line = shell::line(&self.command);
        let output = self.command.stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("cannot run `{line}`: {error}"))?;
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if self.right.is(output.status.success(), &said) {
            return Ok(Verdict::Pass);
        }
        Ok(Verdict::Fail(format!("$ {line}\n{}({})", said, output.status)))
    }
}

impl Right {
    fn is(self, accepted: bool, said: &str) -> bool {
        match self {
            Self::Accepted => accepted,
            Self::Refused(words) => !accepted && words.iter().any(|words| said.contains(words)),
        }
    }
}

impl Verdict {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
        }
    }

    pub(crate) fn said(&self) -> Option<&str> {
        match self {
            Self::Pass => None,
            Self::Fail(said) => Some(said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(script: &'static str, right: Right) -> &'static str {
        Check::new("a", right, shell::program("sh", ["-c", script])).verdict().unwrap().word()
    }

    #[test]
    fn a_refusal_says_what_is_refused() {
        const REFUSED: Right = Right::Refused(&["other key", "no key"]);
        assert_eq!(word("exit 0", Right::Accepted), "pass");
        assert_eq!(word("exit 1", Right::Accepted), "fail");
        assert_eq!(word("echo 'by no key' >&2; exit 1", REFUSED), "pass");
        assert_eq!(word("echo 'no such host' >&2; exit 1", REFUSED), "fail");
        assert_eq!(word("echo 'by no key'", REFUSED), "fail");
    }
}
