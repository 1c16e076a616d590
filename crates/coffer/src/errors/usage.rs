//! What clap noticed, in our words.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Failure;
use crate::help::{distance, habits};
use crate::value::ValueError;

impl Failure {
    /// `command` is what was typed up to here: `coffer run`.
    pub(crate) fn from_clap(command: &str, error: &clap::Error) -> Self {
        let argument = text(error, ContextKind::InvalidArg);
        let option =
            argument.split_whitespace().next().unwrap_or_default().trim_matches(['<', '>', '[', ']']);
        let help = format!("see {command} --help");
        match error.kind() {
            ErrorKind::ValueValidation => invalid_value(error, option, help),
            ErrorKind::InvalidValue => {
                let known = text(error, ContextKind::ValidValue);
                match text(error, ContextKind::InvalidValue) {
                    value if value.is_empty() => Self::usage(format!("`{option}` needs a value"), help),
                    value => Self::value(
                        option,
                        &value,
                        &ValueError::new("it is not known", format!("one of {known}")),
                    ),
                }
            }
            ErrorKind::UnknownArgument => unknown(error, command, &argument, help),
            ErrorKind::MissingRequiredArgument => {
                let missing = argument.replace(['<', '>'], "").replace("...", "").replace(", ", " and ");
                Self::usage(format!("`{command}` needs {missing}"), help)
            }
            ErrorKind::ArgumentConflict => {
                let other = text(error, ContextKind::PriorArg);
                let what = match (option, other.split_whitespace().next().unwrap_or_default()) {
                    (option, other) if other.is_empty() || other == option => {
                        format!("`{option}` was given more than once")
                    }
                    (option, other) => format!("`{option}` and `{other}` exclude each other"),
                };
                Self::usage(what, help)
            }
            ErrorKind::NoEquals
            | ErrorKind::TooManyValues
            | ErrorKind::TooFewValues
            | ErrorKind::WrongNumberOfValues => {
                Self::usage(format!("`{option}` has the wrong number of values"), help)
            }
            ErrorKind::InvalidUtf8 => Self::usage("an argument is not text in UTF-8", help),
            _ => Self::usage("the command is not understood", help),
        }
    }
}

/// Our own parsers say what would be right; others say all they know in one sentence.
fn invalid_value(error: &clap::Error, option: &str, help: String) -> Failure {
    let value = text(error, ContextKind::InvalidValue);
    let Some(source) = error.source() else {
        return Failure::usage(format!("`{value}` does not work for `{option}`"), help);
    };
    match source.downcast_ref::<ValueError>() {
        Some(error) => Failure::value(option, &value, error),
        None => Failure::unsuitable(option, source, help),
    }
}

fn unknown(error: &clap::Error, command: &str, argument: &str, help: String) -> Failure {
    let habit = if command == "coffer run" { habits::instead_of_option(argument) } else { None };
    let remedy = match error.get(ContextKind::SuggestedArg) {
        _ if habit.is_some() => habit.unwrap_or_default().to_owned(),
        Some(ContextValue::String(suggested)) if is_slip(argument, suggested) => {
            format!("did you mean `{suggested}`? {help}")
        }
        _ => help,
    };
    let kind = if argument.starts_with('-') { "option" } else { "argument" };
    Failure::usage(format!("`{command}` has no {kind} `{argument}`"), remedy)
}

/// clap also suggests what is merely the least unlike.
fn is_slip(typed: &str, meant: &str) -> bool {
    meant.starts_with(typed) || distance(typed, meant) <= 2
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}
