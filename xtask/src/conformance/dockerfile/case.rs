//! Questions for the program that is judged, a line of JSON each, and what its answers are worth.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::Verdicts;
use crate::shell::Outcome;

pub(super) struct Case {
    pub(super) name: String,
    question: Value,
    expected: Expected,
}

enum Expected {
    Answer(Value),
    /// A list that goes on.
    Beginning(Vec<Value>),
    Error,
}

impl Case {
    pub(super) fn answer(name: String, question: Value, answer: Value) -> Self {
        Self { name, question, expected: Expected::Answer(answer) }
    }

    pub(super) fn beginning_of(name: String, question: Value, whole: Vec<Value>) -> Self {
        Self { name, question, expected: Expected::Beginning(whole) }
    }

    pub(super) fn error(name: String, question: Value) -> Self {
        Self { name, question, expected: Expected::Error }
    }

    fn passes(&self, answer: &Value) -> bool {
        match (&self.expected, answer.get("ok")) {
            (Expected::Answer(expected), Some(found)) => expected == found,
            (Expected::Beginning(whole), Some(Value::Array(found))) => whole.starts_with(found),
            (Expected::Error, None) => answer.get("error").is_some(),
            _ => false,
        }
    }

    fn wanted(&self) -> String {
        match &self.expected {
            Expected::Answer(expected) => json!({ "ok": expected }).to_string(),
            Expected::Beginning(whole) => format!("a beginning of {}", Value::Array(whole.clone())),
            Expected::Error => "an error".to_owned(),
        }
    }
}

/// Asks all questions; what is wrong with a failure is printed.
pub(super) fn judge(program: &Path, cases: &[Case]) -> Outcome<Verdicts> {
    let answers = ask(program, cases)?;
    if answers.len() != cases.len() {
        return Err(format!("{} questions, and {} answers", cases.len(), answers.len()));
    }
    let verdict = |(case, answer): (&Case, &Value)| {
        if case.passes(answer) {
            return (case.name.clone(), "pass".to_owned());
        }
        println!("{}\n  asked  {}\n  wanted {}\n  said   {answer}", case.name, case.question, case.wanted());
        (case.name.clone(), "fail".to_owned())
    };
    let verdicts: Verdicts = cases.iter().zip(&answers).map(verdict).collect();
    if verdicts.len() == cases.len() { Ok(verdicts) } else { Err("two cases have one name".to_owned()) }
}

fn ask(program: &Path, cases: &[Case]) -> Outcome<Vec<Value>> {
    let failed = |error: std::io::Error| format!("{}: {error}", program.display());
    let mut child =
        Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let questions: String = cases.iter().map(|case| format!("{}\n", case.question)).collect();
    let mut input = child.stdin.take().ok_or("the program has no input")?;
    // It answers when it has all questions, so neither waits for the other.
    input.write_all(questions.as_bytes()).map_err(failed)?;
    drop(input);
    let output = child.wait_with_output().map_err(failed)?;
    let answers = String::from_utf8_lossy(&output.stdout);
    let answer = |line: &str| serde_json::from_str(line).map_err(|error| format!("`{line}`: {error}"));
    answers.lines().map(answer).collect()
}
