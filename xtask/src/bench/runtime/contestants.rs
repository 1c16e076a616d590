//! The runtimes, and what each of them does in a round.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::bundles::Bundles;
use super::standing::Standing;
use crate::bench::measure::{Contestant, Step};

/// Whoever takes so long for what takes others hundredths of a second.
const HANGS: Duration = Duration::from_secs(5);

/// An OCI runtime with a state directory of its own.
#[derive(Debug, Clone)]
pub(super) struct Runtime {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) program: PathBuf,
    pub(super) state: PathBuf,
}

/// One thing that engines do with a runtime.
pub(super) struct Task {
    /// The metric's name begins so.
    pub(super) name: &'static str,
    steps: fn(&Runtime, &Bundles, &str) -> Vec<Step>,
}

pub(super) const TASKS: [Task; 5] = [
    Task { name: "run", steps: |runtime, bundles, id| vec![Step::Timed(runtime.run(&bundles.plain, id))] },
    Task { name: "users", steps: |runtime, bundles, id| vec![Step::Timed(runtime.run(&bundles.users, id))] },
    Task { name: "bare", steps: |runtime, bundles, id| vec![Step::Timed(runtime.bare(&bundles.bare, id))] },
    Task { name: "life", steps: life },
    Task { name: "exec", steps: |runtime, _, _| vec![Step::Timed(runtime.exec())] },
];

/// `create`, `start` and `delete`, as an engine calls them: it deletes what it has seen end.
fn life(runtime: &Runtime, bundles: &Bundles, id: &str) -> Vec<Step> {
    let pid_file = runtime.state.with_extension("pid");
    let mut create = runtime.command();
    create.args(["create", "--bundle"]).arg(&bundles.plain).arg("--pid-file").arg(&pid_file).arg(id);
    let mut ended = Command::new("sh");
    let script = "while grep -qs '^State:.[^ZX]' /proc/$(cat $1)/status; do :; done";
    ended.args(["-c", script, "sh"]).arg(&pid_file);
    vec![
        Step::Timed(create),
        Step::Timed(runtime.of("start", id)),
        Step::Waited(ended),
        Step::Timed(runtime.of("delete", id)),
    ]
}

impl Runtime {
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--root").arg(&self.state);
        command
    }

    pub(super) fn of(&self, name: &str, id: &str) -> Command {
        let mut command = self.command();
        command.args([name, id]);
        command
    }

    pub(super) fn run(&self, bundle: &Path, id: &str) -> Command {
        let mut command = self.command();
        command.args(["run", "--bundle"]).arg(bundle).arg(id);
        command
    }

    /// Without control groups, as far as the runtime can do without: crun has to be told.
    fn bare(&self, bundle: &Path, id: &str) -> Command {
        let mut command = self.command();
        if self.name.starts_with("crun") {
            command.arg("--cgroup-manager=disabled");
        }
        command.args(["run", "--bundle"]).arg(bundle).arg(id);
        command
    }

    fn exec(&self) -> Command {
        let mut command = self.of("exec", Standing::ID);
        command.arg("/bin/true");
        command
    }
}

impl Task {
    /// The containers that the task needs; they end when this is dropped.
    pub(super) fn stand(&self, runtimes: &[Runtime], bundles: &Bundles) -> Vec<Standing> {
        let needed = if self.name == "exec" { runtimes } else { &[] };
        needed.iter().map(|runtime| Standing::new(runtime, bundles)).collect()
    }

    pub(super) fn contestant(&self, runtime: &Runtime, bundles: &Bundles) -> Contestant {
        let (name, version) = (runtime.name.clone(), runtime.version.clone());
        let (runtime, bundles, steps, task) = (runtime.clone(), bundles.clone(), self.steps, self.name);
        let steps = Box::new(move |round| steps(&runtime, &bundles, &format!("bench-{task}-{round}")));
        Contestant { name, version, steps, limit: HANGS }
    }
}
