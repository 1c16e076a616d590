//! BuildKit's tests of its Dockerfile language and moby/patternmatcher's of `.dockerignore`, as far as they are data:
//! files with their trees, words with their values, and tables in Go.

mod case;
mod parser;
mod shell;
mod instructions;
mod checks;
mod patterns;

use std::path::{Path, PathBuf};

use crate::conformance::Settings;
use crate::conformance::lists::{self, List};
use crate::shell::Outcome;

const NAME: &str = "dockerfile";

const SUITE: &str = "moby/buildkit";

/// `crates/build/examples/dockerfile_judge.rs`.
pub(crate) fn judged() -> Outcome<PathBuf> {
    crate::shell::build_example("coffer-build", "dockerfile_judge")
}

pub(crate) fn run(settings: &Settings) -> Outcome {
    let language = settings.path.join("frontend/dockerfile");
    let mut cases = parser::cases(&language.join("parser"))?;
    cases.extend(shell::cases(&language.join("shell"))?);
    cases.extend(instructions::cases(&language.join("instructions"))?);
    cases.extend(checks::cases(&language)?);
    if let Some(checkout) = &settings.patterns {
        cases.extend(patterns::cases(checkout)?);
    }
    let only = settings.only.as_deref().unwrap_or_default();
    cases.retain(|case| case.name.contains(only));
    let found = case::judge(&settings.program, &cases)?;
    match settings.only {
        Some(_) => Ok(()),
        None if settings.patterns.is_none() => {
            Err("--patternmatcher is missing: the list has the tests of moby/patternmatcher, too".to_owned())
        }
        None => lists::settle(settings, NAME, SUITE, "ours", &found),
    }
}

fn read(file: &Path) -> Outcome<String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// A list of the cases with their verdicts.
type Verdicts = List;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_on_file_fails() {
        let list = lists::load(&lists::directory(NAME).join("ours.txt")).unwrap();
        assert_eq!(lists::failed(&list), Vec::<String>::new());
        assert_eq!(list["parser/testfiles/escapes"], "pass");
        assert!(list.len() > 500);
    }
}
