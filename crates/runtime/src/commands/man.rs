//! `man`: the manual page, in the form that man(1) reads.

use super::usage::{sentence, synopsis};
use super::{COMMANDS, Command, Outcome, print};
use crate::globals::{self, Globals};
use crate::options::{Given, Opt, OptionsEnd};

pub(crate) const COMMAND: Command = Command {
    name: "man",
    arguments: "",
    about: "print the manual page",
    options: &[],
    end: OptionsEnd::Nowhere,
    examples: &["man > /usr/local/share/man/man8/coffer-runtime.8"],
    run,
};

const EXIT_CODES: [(&str, &str); 4] = [
    ("0", "It is done."),
    ("126, 127", "The program cannot be executed, or is not in the container."),
    ("1", "Anything else, with the reason on standard error and in the file of \\-\\-log."),
    ("N", "run and exec without \\-\\-detach: the program's own code, 128+N where signal N ended it."),
];

const FILES: [(&str, &str); 2] = [
    ("/etc/coffer/runtime.json", "The floor of this host: {\"floor\": \"baseline\"}."),
    ("/run/coffer-runtime", "Where containers of the host's root are kept."),
];

fn run(_: &Globals, given: &Given) -> Outcome {
    match given.arguments.as_slice() {
        [] => print(&page()),
        [other, ..] => Err(given.wrong(format!("`{other}` is one argument too many"))),
    }
}

fn page() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut page = format!(".TH COFFER-RUNTIME 8 \"\" \"coffer-runtime {version}\"\n");
    page.push_str(".SH NAME\ncoffer\\-runtime \\- an OCI runtime with the command line of runc\n");
    page.push_str(
        ".SH SYNOPSIS\n.B coffer\\-runtime\n[GLOBAL OPTIONS] COMMAND [OPTIONS] ARGUMENTS\n\
         .SH DESCRIPTION\nCarries out specifications of the Open Container Initiative for containerd, CRI\\-O, \
         Docker and Podman, or by hand. Between two commands a container is a directory of files and its \
         processes.\n",
    );
    page.push_str(".SH GLOBAL OPTIONS\n");
    page.extend(globals::OPTIONS.iter().map(option));
    page.push_str(".SH COMMANDS\n");
    page.extend(COMMANDS.iter().map(command));
    for (heading, entries) in [("EXIT STATUS", EXIT_CODES.as_slice()), ("FILES", FILES.as_slice())] {
        page.push_str(&format!(".SH {heading}\n"));
        page.extend(entries.iter().map(|(name, about)| format!(".TP\n{name}\n{about}\n")));
    }
    page
}

fn command(command: &Command) -> String {
    let mut text = format!(".SS \"{}\"\n{}\n", roff(&synopsis(command)), roff(&sentence(command.about)));
    text.extend(command.options.iter().map(option));
    text.push_str(".PP\n.nf\n");
    text.extend(command.examples.iter().map(|example| format!("coffer\\-runtime {}\n", roff(example))));
    text.push_str(".fi\n");
    text
}

fn option(option: &Opt) -> String {
    let short = option.short.map_or_else(String::new, |short| format!("\\-{short}, "));
    let value = option.value.map_or_else(String::new, |value| format!(" {}", roff(value)));
    format!(".TP\n{short}\\-\\-{}{value}\n{}\n", roff(option.long), roff(&sentence(option.about)))
}

/// A dash would be a hyphen, and a leading dot or quote a request.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_manual() {
        let page = page();
        for command in COMMANDS {
            assert!(page.contains(&format!(".SS \"{}", roff(&synopsis(command)))), "{}", command.name);
        }
        let requests = page.lines().filter(|line| line.starts_with('.'));
        let known = [".TH ", ".SH ", ".SS ", ".TP", ".PP", ".nf", ".fi", ".B "];
        for request in requests {
            assert!(known.iter().any(|known| request.starts_with(known)), "{request}");
        }
    }
}
