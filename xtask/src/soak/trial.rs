//! One start: some steps of a container's life, one of which may be cut short, and `delete --force`.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use crate::shell::{self, Outcome};
use crate::soak::Settings;
use crate::soak::bounded::{self, Ended};
use crate::soak::place::{Place, Program, Users};
use crate::soak::random::Random;
use crate::soak::tally::Tally;

/// What is cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    None,
    /// The runtime is killed so long after a step begins.
    Runtime(usize, Duration),
    /// The container's first process is, if there is one by then.
    Container(usize, Duration),
}

impl Harm {
    /// For one of so many steps: half of the starts lose their runtime, a quarter their container.
    fn chosen(random: &mut Random, steps: usize) -> Self {
        let step = random.below(steps as u64) as usize;
        match random.below(4) {
            0 | 1 => Self::Runtime(step, random.instant()),
            2 => Self::Container(step, random.instant()),
            _ => Self::None,
        }
    }
}

/// The steps of a container's life, in order.
fn life(random: &mut Random, program: Program) -> Vec<&'static str> {
    let mut steps = if random.once_in(3) { vec!["run"] } else { vec!["create", "start"] };
    if program == Program::Worker {
        steps.extend(vec!["exec"; random.below(3) as usize]);
        steps.push("kill");
    }
    steps.push("delete");
    steps
}

/// One start of a worker that nobody harms: if that fails nothing else is worth doing, and what belongs to no
/// container is there when the list of what is there is begun.
pub(crate) fn prepare(settings: &Settings, place: &Place, worker: usize) -> Outcome {
    let id = format!("{}-first-{worker}", place.name);
    let bundle = place.bundle(worker, &id, Program::Worker, Users::Host)?;
    let steps = vec!["create", "start", "exec", "kill", "delete"];
    let (random, program, harm) = (Random::new(settings.seed, 0), Program::Worker, Harm::None);
    let trial = Trial { settings, place, worker, random, number: 0, id, bundle, program, steps, harm };
    for (index, step) in trial.steps.iter().enumerate() {
        if trial.step(index, step)? != Ended::Well {
            return Err(format!("the first {step} failed: {}", trial.complaint()));
        }
    }
    std::fs::remove_file(trial.pid_file())
        .map_err(|error| format!("the runtime wrote no --pid-file: {error}"))
}

/// What the runtime and the container say; a file, because a pipe would make us wait for whoever holds it.
fn errors(place: &Place, worker: usize) -> Outcome<File> {
    let file = complaints(place, worker);
    File::create(&file).map_err(|error| format!("cannot make {}: {error}", file.display()))
}

fn complaints(place: &Place, worker: usize) -> PathBuf {
    place.path().join(format!("errors-{worker}"))
}

/// One start of a soak.
pub(crate) struct Trial<'a> {
    settings: &'a Settings,
    place: &'a Place,
    worker: usize,
    random: Random,
    number: u64,
    id: String,
    bundle: PathBuf,
    program: Program,
    steps: Vec<&'static str>,
    harm: Harm,
}

impl<'a> Trial<'a> {
    pub(crate) fn new(settings: &'a Settings, place: &'a Place, worker: usize, number: u64) -> Outcome<Self> {
        let mut random = Random::new(settings.seed, number);
        let id = format!("{}-{number}", place.name);
        let program = if random.once_in(2) { Program::True } else { Program::Worker };
        let users = if random.once_in(2) { Users::Host } else { Users::Own };
        let bundle = place.bundle(worker, &id, program, users)?;
        let steps = life(&mut random, program);
        let harm = Harm::chosen(&mut random, steps.len());
        Ok(Self { settings, place, worker, random, number, id, bundle, program, steps, harm })
    }

    pub(crate) fn run(mut self, tally: &Mutex<Tally>) -> Outcome {
        let mut ends = Vec::new();
        for (index, step) in self.steps.clone().into_iter().enumerate() {
            if self.random.once_in(2) {
                std::thread::sleep(self.random.instant());
            }
            let ended = self.step(index, step)?;
            ends.push((step, ended, self.complaint()));
            // A container that somebody has killed need not take the next step.
            if ended != Ended::Well && self.harm == Harm::None {
                break;
            }
        }
        let last = bounded::run(&mut self.of("delete")?, None)?;
        ends.push(("delete --force", last, self.complaint()));
        drop(std::fs::remove_file(self.pid_file()));
        let mut tally = tally.lock().map_err(|_| "a worker panicked".to_owned())?;
        let unharmed = self.harm == Harm::None;
        tally.started(self.number, &format!("{:?}", self.harm), unharmed, &ends);
        Ok(())
    }

    fn step(&self, index: usize, step: &'static str) -> Outcome<Ended> {
        let (kill, assassin) = match self.harm {
            Harm::Runtime(harmed, instant) if harmed == index => (Some(instant), None),
            Harm::Container(harmed, instant) if harmed == index => (None, Some(self.assassin(instant)?)),
            _ => (None, None),
        };
        let ended = bounded::run(&mut self.of(step)?, kill)?;
        if let Some(mut assassin) = assassin {
            assassin.wait().map_err(|error| format!("cannot wait for sh: {error}"))?;
        }
        Ok(ended)
    }

    fn of(&self, step: &'static str) -> Outcome<Command> {
        let (bundle, pid_file) = (self.bundle.as_os_str(), self.pid_file());
        let id = self.id.as_str();
        match step {
            "run" | "create" => {
                let detach: &[&str] =
                    if step == "run" && self.program == Program::Worker { &["--detach"] } else { &[] };
                let mut command = self.command(step, detach)?;
                command.arg("--bundle").arg(bundle).arg("--pid-file").arg(pid_file).arg(id);
                Ok(command)
            }
            "exec" => self.command(step, &[id, "/bin/true"]),
            "kill" => self.command(step, &[id, "KILL"]),
            // It is refused as long as the container runs, which is not what is looked for here.
            "delete" => self.command("delete", &["--force", id]),
            _ => self.command(step, &[id]),
        }
    }

    fn command(&self, step: &str, arguments: &[&str]) -> Outcome<Command> {
        let errors = errors(self.place, self.worker)?;
        let mut command = Command::new(&self.settings.runtime);
        command.arg("--root").arg(&self.place.state).arg(step).args(arguments);
        command.stdout(Stdio::null()).stderr(errors);
        Ok(command)
    }

    /// Kills the container's first process by its number, as the kernel does when memory runs out.
    fn assassin(&self, instant: Duration) -> Outcome<Child> {
        let mut command = shell::program("sh", ["-c", "sleep $1 && kill -9 $(cat $2)", "sh"]);
        command.arg(instant.as_secs_f64().to_string()).arg(self.pid_file());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map_err(|error| format!("cannot run sh: {error}"))
    }

    fn pid_file(&self) -> PathBuf {
        self.place.path().join(format!("pid-{}", self.worker))
    }

    /// The last line that was said.
    fn complaint(&self) -> String {
        let said = std::fs::read(complaints(self.place, self.worker)).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn whatever_happens_in_a_life_can_be_cut_short() {
        let (mut runtime, mut container) = (BTreeSet::new(), BTreeSet::new());
        for number in 0..1000 {
            let mut random = Random::new(1, number);
            let steps = life(&mut random, Program::Worker);
            match Harm::chosen(&mut random, steps.len()) {
                Harm::Runtime(step, _) => runtime.insert(steps[step]),
                Harm::Container(step, _) => container.insert(steps[step]),
                Harm::None => false,
            };
        }
        assert_eq!(runtime, BTreeSet::from(["create", "delete", "exec", "kill", "run", "start"]));
        assert_eq!(container, runtime);
    }
}
