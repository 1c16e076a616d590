//! What is shown to whoever asks how it is used.

use super::{COMMANDS, Command};
use crate::globals;
use crate::options::Opt;

/// All commands.
pub(super) fn of_all() -> String {
    let commands = COMMANDS.iter().map(|command| format!("  {:10} {}\n", command.name, command.about));
    format!(
        "An OCI runtime for containerd, CRI-O, Docker and Podman, with the command line of runc.\n\n\
         coffer-runtime [GLOBAL OPTIONS] COMMAND [OPTIONS] ARGUMENTS\n\nCommands:\n{}\nGlobal options:\n{}\n\
         `coffer-runtime help COMMAND` says more about one of them.\n",
        commands.collect::<String>(),
        options(globals::OPTIONS)
    )
}

/// One of them.
pub(super) fn of(command: &Command) -> String {
    let about = sentence(command.about);
    let mut text = format!("{about}\n\n{}\n", synopsis(command));
    if !command.options.is_empty() {
        text.push_str(&format!("\nOptions:\n{}", options(command.options)));
    }
    if !command.examples.is_empty() {
        text.push_str("\nExamples:\n");
        text.extend(command.examples.iter().map(|example| format!("  coffer-runtime {example}\n")));
    }
    text
}

/// `coffer-runtime run [OPTIONS] CONTAINER`
pub(super) fn synopsis(command: &Command) -> String {
    let options = if command.options.is_empty() { "" } else { " [OPTIONS]" };
    format!("coffer-runtime {}{options} {}", command.name, command.arguments).trim_end().to_owned()
}

/// With a capital letter and a full stop.
pub(super) fn sentence(about: &str) -> String {
    let mut letters = about.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

fn options(options: &[Opt]) -> String {
    let line = |option: &Opt| {
        let short = option.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
        let value = option.value.map_or_else(String::new, |value| format!(" {value}"));
        format!("  {short}{:34} {}\n", format!("--{}{value}", option.long), option.about)
    };
    options.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_says_how_it_is_used() {
        for command in COMMANDS {
            let text = of(command);
            assert!(text.contains(&synopsis(command)), "{text}");
            assert!(!command.examples.is_empty(), "{} has no example", command.name);
            let first = command.examples.iter().all(|example| example.starts_with(command.name));
            assert!(first, "{}: {:?}", command.name, command.examples);
        }
    }

    #[test]
    fn no_option_is_declared_twice() {
        for options in COMMANDS.iter().map(|command| command.options).chain([globals::OPTIONS]) {
            for (index, option) in options.iter().enumerate() {
                let others = options.iter().take(index);
                let same = |other: &Opt| {
                    other.long == option.long || (other.short.is_some() && other.short == option.short)
                };
                assert!(!others.clone().any(same), "--{}", option.long);
                assert!(option.long != "help" && option.short != Some('h'));
            }
        }
    }
}
