//! Every code that a message can end with: what it means and what to do. A test compares this table
//! with the sources of all crates.

use crate::render::style::Style;
use crate::render::text;

/// One code.
pub(crate) struct Code {
    pub(crate) code: &'static str,
    meaning: &'static str,
    next: &'static str,
}

const fn code(code: &'static str, meaning: &'static str, next: &'static str) -> Code {
    Code { code, meaning, next }
}

impl Code {
    /// Its page of help.
    pub(crate) fn page(&self, style: Style) -> String {
        format!(
            "{}\n\n{}\n\n{}\n{}\n",
            style.strong(self.code),
            self.meaning,
            style.strong("What to do"),
            self.next
        )
    }
}

/// The code of that name; case does not matter, and neither do the brackets of the message.
pub(crate) fn find(name: &str) -> Option<&'static Code> {
    let name = name.trim_matches(['[', ']']);
    ALL.iter().find(|code| code.code.eq_ignore_ascii_case(name))
}

/// All of them, a line each.
pub(crate) fn list(style: Style) -> String {
    let width = ALL.iter().map(|code| code.code.len()).max().unwrap_or(0);
    let line = |code: &Code| {
        let first = code.meaning.split_once(". ").map_or(code.meaning, |(first, _)| first);
        format!("{}  {}\n", style.strong(&text::pad(code.code, width)), first.trim_end_matches('.'))
    };
    ALL.iter().map(line).collect()
}

const ALL: &[Code] = &[
    code(
        "E-cli-usage",
        "The command line was not understood: an option or a command that does not exist, or one that is missing.",
        "Read the command's help: coffer COMMAND --help.",
    ),
    code(
        "E-cli-value",
        "The value of an option was not understood. The message says which part of it.",
        "Compare with coffer help values.",
    ),
    code(
        "E-cli-output",
        "Standard output cannot be written: a full disk, or a closed descriptor. What the command did before is done.",
        "Make room where the output goes, or send it elsewhere.",
    ),
    code(
        "E-cli-file",
        "A file named on the command line cannot be read or written.",
        "Check the path and its permissions.",
    ),
    code(
        "E-cli-help-topic",
        "There is no page of help of that name.",
        "coffer help lists commands and topics, coffer help codes lists codes.",
    ),
    code(
        "E-cli-terminal",
        "A terminal is needed, or is in the way: `-t` without a terminal on standard input, or an image written to one.",
        "Leave `-t` out in scripts; write images to a file with -o.",
    ),
    code(
        "E-cli-home",
        "Neither HOME nor XDG_DATA_HOME is set, so there is no place for images and containers.",
        "Set HOME, or COFFER_ROOT to an absolute path.",
    ),
    code(
        "E-cli-internal",
        "Something happened that cannot happen: a fault in Cofferdam.",
        "Please report it, with the command that you typed.",
    ),
];
