//! From argv to an exit code: finds the command, builds only that one, and says how it ended.

use std::ffi::OsString;

use clap::error::ErrorKind;

use crate::args::global::{Format, Globals, When};
use crate::commands::{self, Entry};
use crate::context::{self, Context};
use crate::errors::{ExitCodes, Failure};
use crate::help;

/// Runs what was typed; `argv` begins with the program's own name.
pub(crate) fn run(argv: Vec<OsString>) -> u8 {
    let (globals, words) = match leading_options(argv.into_iter().skip(1).collect()) {
        Ok(split) => split,
        Err(failure) => return report(&failure, Globals::default(), ExitCodes::Ordinary),
    };
    match commands::find(&words) {
        Some((entry, typed)) => run_entry(entry, globals, words, typed),
        None => {
            let context = Context::new(globals);
            match help::without_command(&context, &words) {
                Ok(()) => 0,
                Err(failure) => report(&failure, globals, ExitCodes::Ordinary),
            }
        }
    }
}

fn run_entry(entry: &Entry, early: Globals, words: Vec<OsString>, typed: usize) -> u8 {
    // clap takes the first word for the program's name; the command's own words stand for it.
    let argv = words.into_iter().skip(typed.saturating_sub(1));
    let matches = match entry.clap().try_get_matches_from(argv) {
        Ok(matches) => matches,
        Err(error) => return run_help(entry, early, &error),
    };
    let globals = merged(early, commands::globals(&matches));
    let mut context = Context::new(globals);
    match (entry.act)(&matches, &mut context) {
        Ok(code) => code,
        Err(failure) => report(&failure, globals, entry.codes),
    }
}

/// clap reports a request for help as an error.
fn run_help(entry: &Entry, globals: Globals, error: &clap::Error) -> u8 {
    if error.kind() == ErrorKind::DisplayHelp {
        let context = Context::new(globals);
        return match context.print(&help::of_command(entry, context.style)) {
            Ok(()) => 0,
            Err(failure) => failure.exit_code(entry.codes),
        };
    }
    report(&Failure::from_clap(&entry.full_name(), error), globals, entry.codes)
}

fn report(failure: &Failure, globals: Globals, codes: ExitCodes) -> u8 {
    context::write_error(&failure.text(globals.format, Context::new(globals).error_style()));
    failure.exit_code(codes)
}

/// Takes `--format` and `--color` from in front of the command: only a handful of words, so no clap.
fn leading_options(words: Vec<OsString>) -> Result<(Globals, Vec<OsString>), Failure> {
    let mut globals = Globals::default();
    let mut rest = words.into_iter().peekable();
    while let Some(option) = rest.next_if(is_leading_option) {
        let option = option.to_string_lossy().into_owned();
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (option.as_str(), rest.next().map(|word| word.to_string_lossy().into_owned())),
        };
        set(&mut globals, name, &value.unwrap_or_default())?;
    }
    Ok((globals, rest.collect()))
}

fn is_leading_option(word: &OsString) -> bool {
    word.to_str().is_some_and(|word| {
        ["--format", "--color"].contains(&word.split_once('=').map_or(word, |(name, _)| name))
    })
}

fn set(globals: &mut Globals, name: &str, value: &str) -> Result<(), Failure> {
    use clap::ValueEnum as _;
    let unknown = |known: &str| {
        Failure::value(
            name,
            value,
            &crate::value::ValueError::new("it is not known", format!("one of {known}")),
        )
    };
    if name == "--format" {
        globals.format = Format::from_str(value, false).map_err(|_| unknown("table, json"))?;
    } else {
        globals.color = When::from_str(value, false).map_err(|_| unknown("auto, always, never"))?;
    }
    Ok(())
}

/// What stands after the command wins where it says something.
fn merged(early: Globals, late: Globals) -> Globals {
    Globals {
        format: if late.format == Format::default() { early.format } else { late.format },
        color: if late.color == When::default() { early.color } else { late.color },
    }
}
