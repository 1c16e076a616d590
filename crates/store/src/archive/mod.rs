//! Tar as a stream. Read: ustar, PAX and GNU, with limits, and with nothing created on disk. Written: one
//! way, the same for everybody.

mod header;
mod pax;
mod reader;
mod sparse;
mod writer;

pub(crate) use header::Kind;
pub(crate) use reader::{Entry, Input, Mtime, Reader, Seeking, TarError, TarLimits};
pub(crate) use sparse::{MAX_SEGMENTS, Segment};
pub(crate) use writer::Writer;
