//! `coffer help`: commands by the life of a container, topics, and every code that a message can end with.

pub(crate) mod codes;
pub(crate) mod habits;
mod topics;

use std::ffi::OsString;

use crate::commands::{self, Entry, Life};
use crate::context::Context;
use crate::errors::Failure;
use crate::render::style::Style;
use crate::render::text;

/// What was typed names no command: an overview, a group, the version, or nothing that exists.
pub(crate) fn without_command(context: &Context, words: &[OsString]) -> Result<(), Failure> {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["--help" | "-h"] => context.print(&overview(context.style)),
        ["--version" | "-V"] => context.print(&format!("coffer {}\n", env!("CARGO_PKG_VERSION"))),
        [name] | [name, "--help" | "-h"] if is_group(name) => context.print(&group(name, context.style)),
        [name, command, ..] if is_group(name) => {
            Err(unknown(&format!("{name} {command}"), &format!("coffer {name} --help")))
        }
        [option, ..] if option.starts_with('-') => {
            Err(Failure::usage(format!("`coffer` has no option `{option}`"), "see coffer help"))
        }
        [name, ..] => Err(unknown(name, "coffer help")),
    }
}

/// `coffer help WORDS...`
pub(crate) fn about(context: &Context, words: &[String]) -> Result<(), Failure> {
    let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
    let joined = words.join(" ");
    if words.is_empty() {
        return context.print(&overview(context.style));
    }
    // `images` is a topic, and another spelling of `image ls`.
    if let Some(topic) = topics::find(&joined) {
        return context.print(&topic.page(context.style));
    }
    if let Some((entry, typed)) = commands::find(&argv).filter(|(_, typed)| *typed == words.len()) {
        let _whole = typed;
        return context.print(&of_command(entry, context.style));
    }
    if is_group(&joined) {
        return context.print(&group(&joined, context.style));
    }
    if let Some(code) = codes::find(&joined) {
        return context.print(&code.page(context.style));
    }
    Err(Failure::failed(
        "E-cli-help-topic",
        format!("there is no help about `{joined}`"),
        format!("commands: coffer help; topics: {}; codes: coffer help codes", topics::names()),
    ))
}

/// A command's help, with examples first.
pub(crate) fn of_command(entry: &Entry, style: Style) -> String {
    let mut command = entry.clap_with_help();
    let help = command.render_help();
    match style {
        Style::Plain => help.to_string(),
        Style::Coloured => help.ansi().to_string(),
    }
}

fn overview(style: Style) -> String {
    let mut page =
        "Runs containers that may run, confined, and keeps a record that can be verified.\n\n".to_owned();
    page.push_str(&format!("{} coffer COMMAND [OPTIONS]\n", style.strong("Usage:")));
    let width = commands::ALL.iter().map(|entry| entry.name().len()).max().unwrap_or(0);
    for life in Life::ALL {
        page.push_str(&format!("\n{}\n", style.strong(life.heading())));
        let entries = commands::ALL.into_iter().filter(|entry| entry.life == life);
        page.extend(entries.map(|entry| format!("  {}  {}\n", text::pad(&entry.name(), width), entry.about)));
    }
    page.push_str(&format!(
        "\nStart with `coffer demo`. `coffer help COMMAND` tells more, and so do the topics\n{}.\n",
        topics::names()
    ));
    page
}

fn group(name: &str, style: Style) -> String {
    let entries: Vec<&Entry> = commands::ALL
        .into_iter()
        .filter(|entry| entry.words.len() > 1 && entry.words.first() == Some(&name))
        .collect();
    let width = entries.iter().map(|entry| entry.name().len()).max().unwrap_or(0);
    let mut page = format!("{} coffer {name} COMMAND [OPTIONS]\n\n", style.strong("Usage:"));
    page.extend(
        entries.iter().map(|entry| format!("  {}  {}\n", text::pad(&entry.name(), width), entry.about)),
    );
    page.push_str(&format!("\n`coffer {name} COMMAND --help` tells more.\n"));
    page
}

fn is_group(name: &str) -> bool {
    commands::ALL.iter().any(|entry| entry.words.len() > 1 && entry.words.first() == Some(&name))
}

fn unknown(typed: &str, help: &str) -> Failure {
    let remedy = match (habits::instead_of_command(typed), nearest(typed)) {
        (Some(instead), _) => instead.to_owned(),
        (None, Some(name)) => format!("did you mean `coffer {name}`? see {help}"),
        (None, None) => format!("see {help}"),
    };
    Failure::usage(format!("there is no command `{typed}`"), remedy)
}

/// The command whose name takes the fewest changes, where that is few enough to be a slip.
fn nearest(typed: &str) -> Option<String> {
    let names = commands::ALL.into_iter().flat_map(|entry| {
        let aliases = entry.aliases.iter().map(|words| (1, words.join(" ")));
        std::iter::once((0, entry.name())).chain(aliases)
    });
    names
        .map(|(alias, name)| (distance(typed, &name), alias, name))
        .min()
        .filter(|(distance, ..)| *distance <= 2 && *distance < typed.chars().count())
        .map(|(.., name)| name)
}

/// Levenshtein's edit distance, row by row.
pub(crate) fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, a) in from.chars().enumerate() {
        let mut left = index + 1;
        let mut next = vec![left];
        for (b, pair) in to.iter().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            left = (diagonal + usize::from(a != *b)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_guesses_are_not_made() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(nearest("versoin").as_deref(), Some("version"));
        assert_eq!(nearest("image lst").as_deref(), Some("image ls"), "the first spelling comes first");
        assert_eq!(nearest("kubernetes"), None);
    }

    #[test]
    fn every_command_has_two_examples_that_begin_with_it() {
        for entry in commands::ALL {
            for (line, remark) in entry.examples {
                assert!(line.contains("coffer "), "{line}");
                assert!(!remark.is_empty() && !remark.ends_with('.'), "{line}");
            }
            assert!(!entry.about.ends_with('.'), "{}", entry.about);
        }
    }

    #[test]
    fn no_two_commands_share_a_spelling() {
        let mut seen = std::collections::HashSet::new();
        for entry in commands::ALL {
            for words in std::iter::once(&entry.words).chain(entry.aliases) {
                assert!(seen.insert(words.to_vec()), "{words:?}");
            }
        }
    }

    #[test]
    fn clap_finds_no_fault_with_any_command() {
        for entry in commands::ALL {
            entry.clap_with_help().debug_assert();
        }
    }
}
