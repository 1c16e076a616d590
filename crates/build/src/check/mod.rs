//! What is wrong with a Dockerfile that builds: rules, each with its reason and what to write instead.

mod rule;
mod options;
mod script;
mod subject;
mod scope;
mod rules;

use std::collections::BTreeMap;

pub use options::OptionError;
use options::Options;
pub use rule::{Rule, Severity};
pub use rules::{RULES, find};
use subject::Subject;

use crate::ignore::Ignore;
use crate::instruction::Lines;
use crate::limits::Limits;
use crate::parse::{ParseError, Tree};

/// How many remarks one file can have: nobody reads more.
const MOST: usize = 1_000;

/// What is known besides the file.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The context's `.dockerignore`.
    pub ignore: Option<&'a Ignore>,
    /// Build arguments.
    pub arguments: &'a BTreeMap<String, String>,
    /// The names of an image's variables; none if the image is not at hand.
    pub environment: &'a dyn Fn(&str) -> Option<Vec<String>>,
    /// `skip=RULE,...;error=true`, instead of the directive `check` of the file.
    pub options: Option<&'a str>,
}

/// What a rule says about a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The rule.
    pub rule: &'static Rule,
    /// Where.
    pub lines: Lines,
    /// What is wrong there.
    pub message: String,
}

/// What all rules say about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// By place.
    pub remarks: Vec<Remark>,
    /// Why the file cannot be built at all. What stands before that place is checked nevertheless.
    pub error: Option<ParseError>,
    /// Whether a remark is an error: `error=true`.
    pub strictness: Strictness,
}

/// What a remark is for whoever builds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strictness {
    /// It is told.
    #[default]
    Lenient,
    /// It stops the build.
    Strict,
}

/// Checks a file.
///
/// # Errors
///
/// If its lines cannot be told apart, or options of checks are none.
pub fn check(bytes: &[u8], surroundings: &Surroundings<'_>, limits: &Limits) -> Result<Checked, CheckError> {
    let tree = Tree::read(bytes, limits)?;
    let options =
        Options::read(surroundings.options.or(tree.directives.check.as_deref()).unwrap_or_default())?;
    let (subject, error) = Subject::new(&tree, surroundings, limits);
    let mut remarks = Vec::new();
    for rule in RULES.iter().copied() {
        let found = (rule.look)(&subject).into_iter();
        let wanted = found.filter(|found| options.wants(rule, subject.comments(found.line)));
        remarks.extend(
            wanted.map(|found| Remark { rule, lines: found.lines, message: found.message }).take(MOST),
        );
    }
    remarks.sort_by_key(|remark| remark.lines);
    remarks.truncate(MOST);
    Ok(Checked { remarks, error, strictness: options.strictness })
}

/// Why a file was not checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// It has no lines.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The options are none.
    #[error(transparent)]
    Options(#[from] OptionError),
}

#[cfg(test)]
mod tests;
