//! Docker Engine with a daemon of its own.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::json;

use super::{Image, RUNTIME, Scratch, bounded, done, said, until, words};

/// A daemon with an image `probe`, and with our runtime as its default and runc beside it. What it left is
/// taken away when this is dropped.
pub(crate) struct Docker {
    daemon: Child,
    scratch: Scratch,
}

impl Docker {
    pub(crate) fn start() -> Self {
        Self::new(Scratch::new(), Command::new("dockerd"))
    }

    /// Whose containers have ids of their own, a range that this machine knows nothing of: the daemon sees
    /// another table of ranges.
    pub(crate) fn remapped() -> Self {
        let scratch = Scratch::new();
        let ranges = scratch.path().join("ranges");
        std::fs::write(&ranges, "nobody:1000000:65536\nnogroup:1000000:65536\n").unwrap();
        let script = "for table in /etc/subuid /etc/subgid; do \
                      test -e $table || touch $table; mount --bind \"$0\" $table || exit; done; \
                      exec dockerd --userns-remap=nobody:nogroup \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation=private", "sh", "-c", script]).arg(ranges);
        Self::new(scratch, command)
    }

    fn new(scratch: Scratch, mut command: Command) -> Self {
        let path = |name: &str| scratch.path().join(name).display().to_string();
        let floored = json!({ "path": RUNTIME, "runtimeArgs": ["--floor", "baseline"] });
        let configuration = json!({ "runtimes": { "floored": floored } });
        std::fs::write(path("daemon.json"), configuration.to_string()).unwrap();
        command.args(["--config-file", &path("daemon.json"), "--data-root", &path("data")]);
        command.args(["--exec-root", &path("exec"), "--pidfile", &path("pid")]);
        command.args(["--host", &address(&scratch), "--cgroup-parent", &format!("/{}", scratch.name())]);
        command.args(["--bridge=none", "--iptables=false", "--ip6tables=false"]);
        command.args([&format!("--add-runtime=coffer={RUNTIME}"), "--default-runtime=coffer"]);
        let log = File::create(path("log")).unwrap();
        let daemon = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut docker = Self { daemon, scratch };
        until("dockerd answers", || {
            let log = docker.scratch.path().join("log");
            let ended = docker.daemon.try_wait().unwrap().is_some();
            assert!(!ended, "dockerd has ended: {}", std::fs::read_to_string(log).unwrap());
            docker.says(&["version"]).status.success()
        });
        docker.import("probe", &Image::new(&docker.scratch));
        docker
    }

    /// Imports another image.
    pub(crate) fn import(&self, name: &str, image: &Image) {
        image.tar(&self.layer());
        self.works(&["import", &self.layer().display().to_string(), name]);
    }

    /// Imports the last one once more, with a line of a Dockerfile.
    pub(crate) fn change(&self, name: &str, line: &str) {
        self.works(&["import", "--change", line, &self.layer().display().to_string(), name]);
    }

    fn layer(&self) -> PathBuf {
        self.scratch.path().join("layer.tar")
    }

    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        // Debian's own, beside which there may be another.
        let mut command = bounded("/usr/bin/docker");
        command.args(["--host", &address(&self.scratch)]).args(arguments);
        command.env_remove("DOCKER_CONTEXT").env_remove("DOCKER_HOST");
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

    /// `docker run --rm OPTIONS probe /bin/probe WORDS`, without a network.
    pub(crate) fn run(&self, options: &str, program: &str) -> Output {
        let line = format!("run --rm --network none {options} probe /bin/probe {program}");
        self.says(&words(&line))
    }

    /// The same; it has to work.
    #[track_caller]
    pub(crate) fn prints(&self, options: &str, program: &str) -> String {
        let output = self.run(options, program);
        assert!(output.status.success(), "{options} {program}: {}", said(&output));
        said(&output)
    }

    /// A container in the background, which goes with the value.
    #[track_caller]
    pub(crate) fn container(&self, name: &str, options: &str, program: &str) -> Container<'_> {
        let line = format!("run --detach --name {name} --network none {options} probe /bin/probe {program}");
        self.works(&words(&line));
        self.named(name)
    }

    /// One that is there already.
    pub(crate) fn named(&self, name: &str) -> Container<'_> {
        Container { docker: self, name: name.to_owned() }
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        // SIGTERM, so that it stops its containerd and unmounts what it mounted.
        let daemon = rustix::process::Pid::from_child(&self.daemon);
        let _gone_already = rustix::process::kill_process(daemon, rustix::process::Signal::TERM);
        drop(self.daemon.wait());
    }
}

/// One that runs.
pub(crate) struct Container<'a> {
    docker: &'a Docker,
    pub(crate) name: String,
}

impl Container<'_> {
    /// Looks something up in `docker inspect`.
    #[track_caller]
    pub(crate) fn inspect(&self, field: &str) -> String {
        let text = self.docker.works(&["inspect", "--format", &format!("{{{{{field}}}}}"), &self.name]);
        text.trim().to_owned()
    }

    pub(crate) fn logs(&self) -> String {
        said(&self.docker.says(&["logs", &self.name]))
    }

    /// `docker exec OPTIONS NAME /bin/probe WORDS`
    pub(crate) fn exec(&self, options: &str, program: &str) -> Output {
        self.docker.says(&words(&format!("exec {options} {} /bin/probe {program}", self.name)))
    }

    #[track_caller]
    pub(crate) fn shows(&self, text: &str) {
        until(&format!("{text:?} in the log"), || self.logs().contains(text));
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        drop(self.docker.says(&["rm", "--force", "--volumes", &self.name]));
    }
}

fn address(scratch: &Scratch) -> String {
    format!("unix://{}/docker.sock", scratch.path().display())
}
