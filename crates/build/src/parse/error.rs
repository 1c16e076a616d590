//! Everything that can be wrong with a Dockerfile: the line, the thing and what to write instead.

use std::fmt;

use crate::instruction::Lines;
use crate::parse::mount::MountError;
use crate::words::WordError;

/// A Dockerfile that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Where it is wrong; the default is the file as a whole.
    pub lines: Lines,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lines.first {
            0 => self.fault.fmt(formatter),
            line => write!(formatter, "line {line}: {}", self.fault),
        }
    }
}

impl std::error::Error for ParseError {}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file is larger than the limit.
    #[error("the file has more than {0} bytes")]
    FileSize(usize),
    /// A line is longer than the limit, with its continuations and documents.
    #[error("the instruction has more than {0} bytes")]
    LineSize(usize),
    /// The file has more instructions than the limit.
    #[error("the file has more than {0} instructions")]
    Instructions(usize),
    /// The file has more stages than the limit.
    #[error("the file has more than {0} stages")]
    Stages(usize),
    /// Text is UTF-8.
    #[error("the line is not UTF-8")]
    Encoding,
    /// There is nothing but comments.
    #[error("the file has no instructions; the first one is `FROM`")]
    Empty,
    /// There is no `FROM`.
    #[error("the file has no stage; add `FROM image`")]
    NoStage,
    /// An instruction stands before the first `FROM`.
    #[error("`{0}` stands before the first `FROM`, where only `ARG` may be")]
    Early(String),
    /// A continuation leads to nothing.
    #[error("the line has no instruction; remove the escape character at its end")]
    Blank,
    /// There is no such instruction.
    #[error("there is no instruction `{name}`{}", did_you_mean(.near.as_deref()))]
    Instruction {
        /// As it is written.
        name: String,
        /// One that is written alike.
        near: Option<String>,
    },
    /// A directive is written twice.
    #[error("the directive `{0}` is written twice; remove one of the lines")]
    Directive(String),
    /// The escape character is another.
    #[error("the escape character is `\\` or a backtick, and not `{0}`")]
    Escape(String),
    /// A here-document has no end.
    #[error("the document `{0}` does not end; a line that is only `{0}` ends it")]
    Document(String),
    /// The name of a here-document is no word.
    #[error("the name of a document cannot be read: {0}")]
    DocumentName(WordError),
    /// A destination cannot be a here-document.
    #[error("`{0}` cannot write to a document; the last argument is the destination")]
    DocumentDestination(String),
    /// An array has something else than strings.
    #[error("in the JSON form every element is a string in double quotes")]
    Strings,
    /// An instruction does not know this flag.
    #[error("`{instruction}` has no flag `--{flag}`{}", did_you_mean(.near.as_deref()))]
    Flag {
        /// Whose.
        instruction: String,
        /// Without its dashes.
        flag: String,
        /// One that is written alike.
        near: Option<String>,
    },
    /// A flag that may be written once is written twice.
    #[error("`--{0}` is written twice")]
    FlagTwice(String),
    /// A flag has no value.
    #[error("`--{0}` needs a value: `--{0}=...`")]
    FlagValue(String),
    /// A flag is neither true nor false.
    #[error("`--{flag}` is `true` or `false`, and not `{value}`")]
    FlagSwitch {
        /// Without its dashes.
        flag: String,
        /// As written.
        value: String,
    },
    /// A flag has one of some values.
    #[error("`--{flag}` is one of {known}, and not `{value}`")]
    FlagWord {
        /// Without its dashes.
        flag: &'static str,
        /// What it may be.
        known: &'static str,
        /// As written.
        value: String,
    },
    /// A flag is no time.
    #[error("`--{flag}` is a time of at least a millisecond, such as `30s` or `1m30s`, and not `{value}`")]
    FlagTime {
        /// Without its dashes.
        flag: String,
        /// As written.
        value: String,
    },
    /// A flag is no number.
    #[error("`--{flag}` is a number from 0 on, and not `{value}`")]
    FlagNumber {
        /// Without its dashes.
        flag: &'static str,
        /// As written.
        value: String,
    },
    /// One argument is wanted.
    #[error("`{0}` needs exactly one argument")]
    One(String),
    /// Any argument is wanted.
    #[error("`{0}` needs at least one argument")]
    Some(String),
    /// Source and destination are wanted.
    #[error("`{0}` needs a source and a destination")]
    Two(String),
    /// A name has no value.
    #[error("`{instruction} {name}` needs a value: `{instruction} {name}=...`")]
    Value {
        /// Whose.
        instruction: &'static str,
        /// Which.
        name: String,
    },
    /// A word among pairs is none.
    #[error("`{0}` has no `=`; a value with spaces stands in quotes")]
    Pair(String),
    /// A name is empty.
    #[error("`{0}` needs a name before `=`")]
    Name(&'static str),
    /// `FROM a b`
    #[error("`FROM` is `FROM image` or `FROM image AS name`")]
    From,
    /// `AS 1a`
    #[error(
        "`{0}` is no name of a stage: it begins with a letter, and has letters, digits, `-`, `_` and `.`"
    )]
    Stage(String),
    /// `ONBUILD ONBUILD`, and some others.
    #[error("`ONBUILD` cannot have `{0}`")]
    Trigger(String),
    /// `HEALTHCHECK NONE x`
    #[error("`HEALTHCHECK NONE` has no arguments")]
    NoCheck,
    /// `HEALTHCHECK CMD`
    #[error("`HEALTHCHECK CMD` needs a command")]
    CheckCommand,
    /// `HEALTHCHECK x`
    #[error("`HEALTHCHECK` is followed by `CMD` or `NONE`, and not by `{0}`")]
    Check(String),
    /// `SHELL sh -c`
    #[error("`SHELL` needs the JSON form: `SHELL [\"/bin/sh\", \"-c\"]`")]
    Shell,
    /// `VOLUME [""]`
    #[error("`VOLUME` needs paths that are not empty")]
    Volume,
    /// `RUN --device`
    #[error("`--device={0}` is none: it is a device's name, and may have `,required` behind it")]
    Device(String),
    /// `RUN --mount`
    #[error("`--mount`: {0}")]
    Mount(#[from] MountError),
}

impl Fault {
    /// The fault in its place.
    pub(crate) fn at(self, lines: Lines) -> ParseError {
        ParseError { lines, fault: self }
    }
}

pub(super) fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
