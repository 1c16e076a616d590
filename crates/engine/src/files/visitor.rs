//! Sending a visitor into a container's tree, with a stream between it and us, and an answer at the end.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd as _, OwnedFd};

use launch::{Exit, LaunchError, Sight, Target, Tree};
use model::image::Image;
use model::reference::ImageName;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use store::copy::{CopyError, Notices};

use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::exec::opened;
use crate::state::{Lock, Record, StateError, Status};

/// What a visitor is sent for.
pub(super) struct Errand<'a> {
    /// Name, id, or beginning of an id.
    pub(super) container: &'a str,
    pub(super) sight: Sight,
    pub(super) way: Way,
    /// From where and to where, for the ledger.
    pub(super) route: [String; 2],
}

/// Which way the stream goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the visitor.
    In,
    /// From the visitor.
    Out,
}

type Outcome = Result<Notices, CopyError>;

/// Largest answer of a visitor, in bytes: it comes from inside a container.
const MAX_ANSWER: u64 = 64 * 1024;
/// Bytes that are passed on at once.
const PIECE: usize = 128 << 10;

impl Engine {
    /// Does `there` in the container's tree while `here` is done in this process, each at its end of the
    /// stream.
    pub(super) fn send_visitor(
        &self,
        errand: Errand<'_>,
        there: impl FnOnce(File) -> Outcome,
        here: impl FnOnce(File) -> Outcome,
    ) -> Result<Notices, EngineError> {
        let record = self.container(errand.container)?;
        let [from, to] = &errand.route;
        self.note(&Entry::about(Kind::Copy, &record, self.now()).with("from", from).with("to", to))?;
        let busy = || EngineError::from(StateError::Busy(record.id.short().to_owned()));
        match &record.status {
            Status::Running { process, .. } => {
                let (pidfd, proc) = opened(process).ok_or_else(busy)?;
                let tree = Tree::Running(Target { pidfd: pidfd.as_fd(), proc: proc.as_fd() });
                match converse(&record, tree, &errand, there, here) {
                    // A process that ends has lost its namespaces before anybody is told.
                    Err(EngineError::Launch(LaunchError::Host {
                        errno: Errno::NOENT | Errno::SRCH, ..
                    })) => Err(busy()),
                    done => done,
                }
            }
            Status::Making | Status::Starting | Status::Restarting { .. } => Err(busy()),
            Status::Created | Status::Exited { .. } => {
                // Held until the visitor has left: nobody starts or removes it meanwhile.
                let Lock::Held(held) = self.containers.lock(&record.id)? else { return Err(busy()) };
                let image = self.image_of(&record)?;
                let placement = self.place(&held, &record, &image)?.placement;
                let spec = policy::furnish(&record.request, &image, &placement)?;
                converse(&record, Tree::Staged(&spec), &errand, there, here)
            }
        }
    }
}

impl Engine {
    /// The image that a container was made of. What a step of a build runs on is like one.
    pub(crate) fn image_of(&self, record: &Record) -> Result<Image, EngineError> {
        if record.request.step.is_some() {
            return self.below_step(record);
        }
        let name = ImageName { repository: record.image_name.clone(), tag: None, digest: Some(record.image) };
        Ok(self.store.resolve(&name)?)
    }
}

fn converse(
    record: &Record,
    tree: Tree<'_>,
    errand: &Errand<'_>,
    there: impl FnOnce(File) -> Outcome,
    here: impl FnOnce(File) -> Outcome,
) -> Result<Notices, EngineError> {
    let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(|errno| EngineError::io("make a pipe")(errno.into()));
    let ((read, write), (hear, tell)) = (pipe()?, pipe()?);
    let (ours, theirs) = if errand.way == Way::In { (write, read) } else { (read, write) };
    let work = || i32::from(work(&theirs, &tell, there).is_err());
    let visitor = launch::visit(tree, errand.sight, &[theirs.as_fd(), tell.as_fd()], work)?;
    // With our copies of its ends open, the ends of the streams would never come.
    drop((theirs, tell));
    let done = here(File::from(ours));
    let said = heard(hear);
    let said = if visitor.wait()? == Exit::Code(0) { said } else { Err(CopyError::Cut) };
    let inside = |source| EngineError::CopyInside { container: record.name.clone(), source };
    match (said, done) {
        (Ok(there), Ok(here)) => Ok(there.and(here)),
        // Whoever is cut short has the other to blame.
        (Err(there), Err(here)) if is_consequence(&there) && !is_consequence(&here) => Err(here.into()),
        (Err(there), _) => Err(inside(there)),
        (Ok(_), Err(here)) => Err(here.into()),
    }
}

/// In the visitor: does the work and says how it went.
fn work(stream: &OwnedFd, tell: &OwnedFd, there: impl FnOnce(File) -> Outcome) -> std::io::Result<()> {
    // The descriptors belong to frames of the parent's that this process never returns to.
    let outcome = there(File::from(stream.try_clone()?));
    let answer = serde_json::to_vec(&outcome)?;
    File::from(tell.try_clone()?).write_all(&answer)
}

/// The visitor's answer; none, or one that makes no sense, is an end before its time.
fn heard(hear: OwnedFd) -> Outcome {
    let mut answer = Vec::new();
    let read = File::from(hear).take(MAX_ANSWER).read_to_end(&mut answer);
    read.ok().and_then(|_| serde_json::from_slice(&answer).ok()).unwrap_or(Err(CopyError::Cut))
}

fn is_consequence(error: &CopyError) -> bool {
    let pipe = Errno::PIPE.raw_os_error();
    matches!(error, CopyError::Cut) || matches!(error, CopyError::Kernel { errno, .. } if *errno == pipe)
}

/// An archive as it is, from one stream to the other.
pub(super) fn pass_on(
    mut from: impl Read,
    to: &mut dyn Write,
    advanced: &mut dyn FnMut(u64),
) -> Result<Notices, CopyError> {
    let mut buffer = vec![0; PIECE];
    loop {
        let length = match from.read(&mut buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            read => read.map_err(stream("read"))?,
        };
        let Some(piece) = buffer.get(..length).filter(|piece| !piece.is_empty()) else { break };
        to.write_all(piece).map_err(stream("write"))?;
        advanced(length as u64);
    }
    to.flush().map_err(stream("write"))?;
    Ok(Notices::default())
}

fn stream(doing: &'static str) -> impl FnOnce(std::io::Error) -> CopyError {
    move |error| match error.raw_os_error() {
        Some(errno) => CopyError::Kernel { doing: doing.to_owned(), path: "the stream".to_owned(), errno },
        None => CopyError::Cut,
    }
}
