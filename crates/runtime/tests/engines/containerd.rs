//! containerd with a daemon of its own, and its own client.

#[path = "../../../coffer/tests/clients/containerd.rs"]
mod configured;

use std::fs::File;
use std::process::{Child, Command, Output, Stdio};

use super::{Image, RUNTIME, Scratch, bounded, done, said, until, words};

const IMAGE: &str = "localhost/probe:1";

/// A daemon with an image of the probe. What it left is taken away when this is dropped.
pub(crate) struct Containerd {
    daemon: Child,
    scratch: Scratch,
}

impl Containerd {
    pub(crate) fn start() -> Self {
        let scratch = Scratch::new();
        let log = File::create(scratch.path().join("log")).unwrap();
        let mut command = configured::containerd(scratch.path());
        let daemon = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let containerd = Self { daemon, scratch };
        until("containerd answers", || containerd.command(&["version"]).output().unwrap().status.success());
        let archive = Image::new(&containerd.scratch).archive(&containerd.scratch, IMAGE);
        containerd.works(&["images", "import", "--snapshotter", "native", &archive.display().to_string()]);
        containerd
    }

    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bounded("ctr");
        command.arg("--address").arg(self.scratch.path().join("sock")).args(arguments);
        command
    }

    pub(crate) fn says(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it printed; it has to work.
    #[track_caller]
    pub(crate) fn works(&self, arguments: &[&str]) -> String {
        done(self.command(arguments))
    }

    /// The words of `ctr run OPTIONS IMAGE NAME /bin/probe WORDS`.
    pub(crate) fn line(&self, options: &str, name: &str, program: &str) -> String {
        self.line_with(RUNTIME, options, name, program)
    }

    /// The same with another runtime.
    pub(crate) fn line_with(&self, runtime: &str, options: &str, name: &str, program: &str) -> String {
        let group = self.scratch.name();
        format!(
            "run --snapshotter native --runtime io.containerd.runc.v2 --runc-binary {runtime} \
             --cgroup /{group}/{name} {options} {IMAGE} {name} /bin/probe {program}"
        )
    }

    pub(crate) fn run(&self, options: &str, name: &str, program: &str) -> Output {
        self.says(&words(&self.line(options, name, program)))
    }

    /// A task in the background, which goes with the value.
    #[track_caller]
    pub(crate) fn task(&self, options: &str, name: &str, program: &str) -> Task<'_> {
        self.works(&words(&self.line(&format!("--detach {options}"), name, program)));
        self.named(name)
    }

    /// One that is there already.
    pub(crate) fn named(&self, name: &str) -> Task<'_> {
        Task { containerd: self, name: name.to_owned() }
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        let daemon = rustix::process::Pid::from_child(&self.daemon);
        let _gone_already = rustix::process::kill_process(daemon, rustix::process::Signal::TERM);
        drop(self.daemon.wait());
    }
}

/// One that runs.
pub(crate) struct Task<'a> {
    containerd: &'a Containerd,
    pub(crate) name: String,
}

impl Task<'_> {
    /// As `ctr task ls` has it: `RUNNING`, `PAUSED` or `STOPPED`.
    pub(crate) fn status(&self) -> String {
        let list = self.containerd.works(&["tasks", "list"]);
        let line = list.lines().map(words).find(|line| line.first() == Some(&self.name.as_str()));
        line.and_then(|line| line.get(2).map(|status| (*status).to_owned())).unwrap_or_default()
    }

    /// Its process on the host.
    pub(crate) fn pid(&self) -> i32 {
        let list = self.containerd.works(&["tasks", "list"]);
        let line = list.lines().map(words).find(|line| line.first() == Some(&self.name.as_str()));
        line.unwrap().get(1).unwrap().parse().unwrap()
    }

    pub(crate) fn exec(&self, id: &str, options: &str, program: &str) -> Output {
        let line = format!("tasks exec --exec-id {id} {options} {} /bin/probe {program}", self.name);
        self.containerd.says(&words(&line))
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        drop(self.containerd.says(&["tasks", "kill", "--signal", "SIGKILL", &self.name]));
        drop(self.containerd.says(&["tasks", "delete", "--force", &self.name]));
        drop(self.containerd.says(&["containers", "delete", &self.name]));
    }
}
