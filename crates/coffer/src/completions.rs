//! Shell completions and manual pages, from the same values as the parser.

use std::collections::BTreeMap;
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
    let mut groups: BTreeMap<&str, clap::Command> = BTreeMap::new();
    let mut root = clap::Command::new("coffer")
        .about("Runs containers that may run, confined, and keeps a record that can be verified")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true);
    for entry in commands::ALL {
        let command = with_aliases(entry);
        match entry.words {
            [group, _] => {
                let parent = groups.remove(group).unwrap_or_else(|| clap::Command::new(*group));
                groups.insert(group, parent.subcommand(command));
            }
            _ => root = root.subcommand(command),
        }
    }
    root.subcommands(groups.into_values())
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
