//! Tar, read as a stream: ustar, PAX and GNU, with limits, and with nothing created on disk.

mod header;
mod pax;
mod reader;
mod sparse;

pub(crate) use header::Kind;
pub(crate) use reader::{Entry, Input, Mtime, Reader, Seeking, TarError, TarLimits};
pub(crate) use sparse::Segment;
