//! `RUN`: a step is a container like any other, with the same permit, the same confinement and the same
//! ledger. What it wrote becomes a layer.

mod request;
mod secrets;
mod views;
mod agents;
mod finish;

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use build::plan::{Origin, Run, RunNetwork};
use launch::{Given, Io, Running};
use model::digest::Digest;
use model::image::{Image, ImageConfig, ImageFacts, Layer};
use model::request::{HostAddress, RunRequest};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, Gid, Uid};
use rustix::io::Errno;
use rustix::process::Signal;
use store::Stamp;
use store::copy::Notices;
use zeroize::Zeroizing;

use super::caches::Holding;
use super::error::{BuildError, StepError};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::foreground::Interruptions;
use crate::id::ContainerId;
use crate::start::{Keeper, Live};
use crate::state::{Decided, Ended, Record, Reservation, Status, StoredLayer};
use crate::stop::Grace;

pub(super) use secrets::gather;
pub use secrets::{SecretSource, Secrets};

/// How long a program has to end that was asked to: whoever waits for the step has more patience.
const GRACE: Grace = Grace::Seconds(3);

/// Sockets of agents, by the names that steps ask for.
pub type Agents = BTreeMap<String, PathBuf>;

/// What a step's program prints goes here. Whoever reads decides how much that may be: a step whose output
/// nobody takes waits. Pipes become the property of the step's user, who may open them anew.
#[derive(Debug)]
pub struct Output {
    /// Its output.
    pub stdout: OwnedFd,
    /// Its errors.
    pub stderr: OwnedFd,
}

/// Everything that a step does not say itself.
pub struct Surroundings<'a> {
    /// What it is called, for people and in the ledger: `[build 3/7] RUN make`.
    pub title: &'a str,
    /// The root that it begins with, bottom first.
    pub below: &'a [Layer],
    /// The configuration so far; only its platform matters.
    pub config: &'a ImageConfig,
    /// What an origin holds, bottom first: of a context, a layer that was made of it.
    pub roots: &'a dyn Fn(&Origin) -> Option<&'a [Layer]>,
    /// Secrets that were given.
    pub secrets: &'a Secrets,
    /// Agents that were given.
    pub agents: &'a Agents,
    /// Which times go into the layer.
    pub stamp: Stamp,
    /// Where its packets go if it says nothing.
    pub network: RunNetwork,
    /// `--add-host`
    pub hosts: &'a [HostAddress],
    /// What the person asks for every step: level, answers, limits, shared memory, host name.
    pub defaults: &'a RunRequest,
}

/// What became of a step.
#[derive(Debug)]
pub struct Ran {
    /// What it wrote; nothing, where it changed nothing or failed.
    pub layer: Option<Layer>,
    /// How its program ended.
    pub ended: Ended,
    /// What of it is not in the layer.
    pub notices: Notices,
}

/// A step that is about to start.
struct Step {
    image: Image,
    reservation: Reservation,
    caches: Vec<Holding>,
    /// Where its mounts lie: nothing of that is in its layer.
    covered: BTreeSet<Vec<u8>>,
    /// Values of secrets, by what they are called: nor is any of these.
    unwanted: Vec<(String, Zeroizing<Vec<u8>>)>,
}

impl Engine {
    /// Runs a step to its end. This process must have no other thread. Whoever asks us to end meanwhile ends the
    /// step; if we are killed, it ends with us.
    ///
    /// # Errors
    /// [`StepError`]; refusals and failed starts as [`Engine::run`]. Nothing of the container is left.
    pub fn run_step(&self, run: &Run, around: &Surroundings<'_>, output: Output) -> Result<Ran, BuildError> {
        agents::check(run, around.agents)?;
        let mut known = secrets::read(run, around.secrets)?;
        let unwanted = std::mem::take(&mut known.unwanted);
        let caches = self.hold_caches(run, around)?;
        let id = ContainerId::random().map_err(EngineError::io("get random numbers"))?;
        let request = request::of(run, around, &known, &caches, &id);
        self.check_sources(&request)?;
        let interruptions = Interruptions::hold().map_err(EngineError::io("take over the signals"))?;
        let image = image(around.below, around.config);
        let covered = self.covered(&image, &request)?;
        let now = self.now();
        let (permit, verdict) = self.permitted(&request, &image, &id, now)?;
        let record = self.record(&id, request, &image, Decided::of(&permit, &verdict), now);
        let record = Record { below: image.layers.iter().map(Into::into).collect(), ..record };
        let mut reservation = self.reserve(record)?;
        let agents = self.serve_agents(&reservation, around.agents)?;
        let started = self.set_off(&mut reservation, permit, &image, Keeper::Command, |_request, owner| {
            let Output { stdout, stderr } = output;
            [&stdout, &stderr].into_iter().try_for_each(|pipe| give(pipe, owner))?;
            let secrets::Known { files, variables, .. } = known;
            let io = Io::Streams { stdin: None, stdout, stderr };
            Ok((Given { io, secrets: files, variables }, ()))
        });
        let (live, ()) = started.map_err(|error| self.give_up(&mut reservation, error))?;
        let interrupted = self.attend(&live.running, &reservation.record, &interruptions);
        let Live { running, book, carriers } = live;
        if interrupted.is_err() {
            running.signal(Signal::KILL.as_raw()).map_err(EngineError::from)?;
        }
        let ended = Ended::from(running.wait().map_err(EngineError::from)?);
        drop((agents, carriers));
        let interrupted = interrupted?;
        let mut step = Step { image, reservation, caches, covered, unwanted };
        let taken = match (ended, interrupted) {
            (Ended::Code { code: 0 }, None) => self.take_layer(&mut step, around.stamp),
            _ => Ok((None, Notices::default())),
        };
        self.ended(step.reservation, ended, &book)?;
        match interrupted {
            Some(signal) => Err(StepError::Interrupted(signal).into()),
            None => taken.map(|(layer, notices)| Ran { layer, ended, notices }),
        }
    }

    /// Waits until the program has ended. The first signal that asks us to end asks the program, too; its number comes
    /// back.
    fn attend(
        &self,
        running: &Running,
        record: &Record,
        interruptions: &Interruptions,
    ) -> Result<Option<i32>, EngineError> {
        loop {
            let mut watched = [
                PollFd::from_borrowed_fd(running.pidfd(), PollFlags::IN),
                PollFd::from_borrowed_fd(interruptions.fd(), PollFlags::IN),
            ];
            match poll(&mut watched, None) {
                Err(Errno::INTR) => continue,
                polled => polled.map_err(|errno| EngineError::io("wait for the step")(errno.into()))?,
            };
            let [program, _signals] = &watched;
            if !program.revents().is_empty() {
                return Ok(None);
            }
            if let Some(signal) = interruptions.asked() {
                self.end_step(running, record)?;
                return Ok(Some(signal));
            }
        }
    }

    fn end_step(&self, running: &Running, record: &Record) -> Result<(), EngineError> {
        let Status::Running { process, .. } = &record.status else {
            return Ok(running.signal(Signal::KILL.as_raw())?);
        };
        // A frozen process hears nothing.
        self.thaw_for(record)?;
        self.end_process(process, Signal::TERM.as_raw(), GRACE)
    }

    /// What a step runs on, for whoever looks at its container.
    pub(crate) fn below_step(&self, record: &Record) -> Result<Image, EngineError> {
        let layer = |layer: &StoredLayer| self.store.layer(layer.blob, layer.diff_id);
        let layers = record.below.iter().map(layer).collect::<Result<Vec<_>, _>>()?;
        Ok(image(&layers, &super::platform::of_host()))
    }
}

/// The root below the step as an image that nobody else knows. What its files are matters only where programs
/// are confined to them, and a step may execute what it writes.
fn image(below: &[Layer], config: &ImageConfig) -> Image {
    let ids: Vec<String> = below.iter().map(|layer| layer.diff_id.to_string()).collect();
    let digest = Digest::of(format!("step on {}", ids.join(" ")).as_bytes());
    let config = ImageConfig {
        architecture: config.architecture.clone(),
        os: config.os.clone(),
        ..ImageConfig::default()
    };
    Image {
        digest,
        config_digest: digest,
        names: Vec::new(),
        size: 0,
        created: None,
        imported: 0,
        layers: below.to_vec(),
        config,
        facts: ImageFacts::default(),
        history: Vec::new(),
    }
}

/// A pipe that its user may open anew, as /dev/stdout; anything else stays whose it is.
fn give(pipe: &OwnedFd, (uid, gid): (u32, u32)) -> Result<(), EngineError> {
    let given = rustix::fs::fstat(pipe).and_then(|stat| match FileType::from_raw_mode(stat.st_mode) {
        FileType::Fifo => rustix::fs::fchown(pipe, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))),
        _ => Ok(()),
    });
    given.map_err(|errno| EngineError::io("give the step its output")(errno.into()))
}
