//! Shell completions and manual pages, from the same values as the parser.

use std::path::Path;

use clap_complete::Shell;

use crate::commands::{self, Entry};
use crate::errors::Failure;

/// A script for the shell.
pub(crate) fn script(shell: Shell) -> String {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut tree(), "coffer", &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes `coffer.1` and one page for each command; how many there are.
pub(crate) fn write_manual(directory: &Path) -> Result<usize, Failure> {
    let mut root = tree();
    root.build();
    let pages = std::iter::once(root).chain(commands::ALL.into_iter().map(Entry::clap_with_help));
    let mut written = 0;
    for command in pages {
        let name = command.get_display_name().unwrap_or("coffer").to_owned();
        let mut page = Vec::new();
        let path = directory.join(format!("{name}.1"));
        clap_mangen::Man::new(command)
            .render(&mut page)
            .and_then(|()| std::fs::write(&path, &page))
            .map_err(|error| Failure::file("write", &path, &error))?;
        written += 1;
    }
    Ok(written)
}

/// The whole of the command line as one clap command.
fn tree() -> clap::Command {
    let root = clap::Command::new("coffer")
        .about("Runs containers that may run, confined, and keeps a record that can be verified")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true);
    commands::ALL.into_iter().fold(root, |root, entry| grafted(root, entry.words, with_aliases(entry)))
}

/// The command in its group; of one that is a group itself, such as `scan`, with what is below it.
fn beside(parent: clap::Command, command: clap::Command) -> clap::Command {
    let name = command.get_name().to_owned();
    match parent.find_subcommand(&name).cloned() {
        Some(group) => {
            let below: Vec<clap::Command> = group.get_subcommands().cloned().collect();
            parent.mut_subcommand(name, |_| command.subcommands(below))
        }
        None => parent.subcommand(command),
    }
}

/// The command below the groups that its words name; `registry user add` has two.
fn grafted(parent: clap::Command, words: &[&'static str], command: clap::Command) -> clap::Command {
    match words {
        [group, rest @ ..] if !rest.is_empty() => {
            if parent.find_subcommand(group).is_some() {
                return parent.mut_subcommand(group, |group| grafted(group, rest, command));
            }
            parent.subcommand(grafted(clap::Command::new(*group), rest, command))
        }
        _ => beside(parent, command),
    }
}

/// Aliases of one word at the same depth; `images` for `image ls` is a command of its own here.
fn with_aliases(entry: &Entry) -> clap::Command {
    let depth = entry.words.len();
    let same_group = |alias: &&&[&'static str]| {
        alias.len() == depth
            && alias.split_last().map(|(_, rest)| rest) == entry.words.split_last().map(|(_, rest)| rest)
    };
    let aliases = entry.aliases.iter().filter(same_group).filter_map(|alias| alias.last().copied());
    entry.clap().visible_aliases(aliases)
}
