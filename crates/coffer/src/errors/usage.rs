//! What clap noticed, in our words.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Failure;
use crate::value::ValueError;

impl Failure {
    /// `command` is what was typed up to here: `coffer run`.
    pub(crate) fn from_clap(command: &str, error: &clap::Error) -> Self {
        let argument = text(error, ContextKind::InvalidArg);
        let option = argument.split_whitespace().next().unwrap_or_default();
        let help = format!("see {command} --help");
        match error.kind() {
            ErrorKind::ValueValidation => invalid_value(error, option),
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
                let what = match (option, other.as_str()) {
                    (option, other) if other.is_empty() || other == argument => {
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

fn invalid_value(error: &clap::Error, option: &str) -> Failure {
    let value = text(error, ContextKind::InvalidValue);
    match error.source() {
        Some(source) => match source.downcast_ref::<ValueError>() {
            Some(error) => Failure::value(option, &value, error),
            None => Failure::value(option, &value, &ValueError::new(source.to_string(), "see --help")),
        },
        None => Failure::value(option, &value, &ValueError::new("it is not understood", "see --help")),
    }
}

fn unknown(error: &clap::Error, command: &str, argument: &str, help: String) -> Failure {
    let remedy = match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(suggested)) => format!("did you mean `{suggested}`? {help}"),
        _ => help,
    };
    let kind = if argument.starts_with('-') { "option" } else { "argument" };
    Failure::usage(format!("`{command}` has no {kind} `{argument}`"), remedy)
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}
