//! STUB until w-logs
use crate::id::ContainerId;
use crate::time::Moment;
use std::os::fd::BorrowedFd;
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
/// s
pub enum Stream {
    /// o
    Output,
    /// e
    Errors,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
/// w
pub enum Written {
    /// d
    Done,
    /// f
    Full,
}
/// t
#[derive(Debug)]
pub struct Tag {
    /// i
    pub id: ContainerId,
    /// n
    pub name: String,
    /// i
    pub image: String,
}
/// l
#[derive(Debug)]
pub struct LogWriter;
impl LogWriter {
    /// o
    pub fn open(_d: BorrowedFd<'_>, _o: &model::upkeep::Log, _t: Tag) -> std::io::Result<Self> {
        Ok(Self)
    }
    /// w
    pub fn write(&mut self, _s: Stream, _b: &[u8], _m: Moment) -> Written {
        Written::Done
    }
    /// f
    pub fn flush(&mut self, _m: Moment) {}
    /// g
    pub fn give_up(&mut self) {}
}
