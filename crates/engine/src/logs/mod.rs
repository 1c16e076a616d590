//! What containers print: kept in files of Docker's form, sent to the journal, or dropped; and read again.
//!
//! A container has one writer, its keeper, and any number of readers, who are asked nothing and hold nothing
//! up. What was written is in the page cache before the writer is told so, and every entry is written whole.

mod scan;
mod piece;
mod batch;
mod files;
mod journal;
mod target;
mod half;
mod writer;

mod entry;
mod lines;
mod shelf;
mod tail;
mod reader;
mod watch;
mod follow;

mod error;

pub use batch::JsonLines;
pub use entry::{Entry, Parser};
pub use error::LogsError;
pub use files::{MAX_FILES, MAX_SIZE};
pub use follow::{Follow, Logs, More};
pub use journal::Tag;
pub use piece::End;
pub use reader::{LogReader, Select};
pub use writer::{LogWriter, Written};

/// Which of its streams a container wrote to; a terminal is all output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
}

impl Stream {
    /// As the files name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Output => "stdout",
            Self::Errors => "stderr",
        }
    }
}

/// How the files name a stream that is no container's: a remark of ours.
const REMARK: &str = "coffer";
