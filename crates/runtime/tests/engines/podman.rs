//! Podman with a store of its own.

use std::process::{Command, Output};

use super::{Image, RUNTIME, Scratch, bounded, done, said, words};

/// What a machine that is itself confined may not give: Podman's own defaults raise the limits.
const CONFIGURATION: &str = "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n";

/// A store with an image `probe`. What runs there ends when this is dropped.
pub(crate) struct Podman {
    scratch: Scratch,
}

impl Podman {
    pub(crate) fn new() -> Self {
        let podman = Self { scratch: Scratch::new() };
        std::fs::write(podman.path("containers.conf"), CONFIGURATION).unwrap();
        let places = [("runroot", podman.path("run")), ("graphroot", podman.path("root"))];
        let lines = places.map(|(name, path)| format!("{name} = {path:?}\n")).concat();
        std::fs::write(podman.path("storage.conf"), format!("[storage]\ndriver = \"vfs\"\n{lines}")).unwrap();
        podman.import("localhost/probe", &Image::new(&podman.scratch));
        podman
    }

    /// Imports another image.
    pub(crate) fn import(&self, name: &str, image: &Image) {
        image.tar(self.path("layer.tar").as_ref());
        self.works(&["import", "--quiet", &self.path("layer.tar"), name]);
    }

    /// Imports the last one once more, with a line of a Dockerfile.
    pub(crate) fn change(&self, name: &str, line: &str) {
        self.works(&["import", "--quiet", "--change", line, &self.path("layer.tar"), name]);
    }

    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    fn path(&self, name: &str) -> String {
        self.scratch.path().join(name).display().to_string()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bounded("podman");
        command.args(["--root", &self.path("root"), "--runroot", &self.path("run")]);
        command.args(["--tmpdir", &self.path("tmp"), "--storage-driver", "vfs", "--runtime", RUNTIME]);
        command.args(["--cgroup-manager", "cgroupfs", "--events-backend", "file"]).args(arguments);
        command.env("CONTAINERS_CONF", self.path("containers.conf"));
        command.env("CONTAINERS_STORAGE_CONF", self.path("storage.conf"));
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

    /// `podman run OPTIONS localhost/probe /bin/probe WORDS`, without a network.
    pub(crate) fn run(&self, options: &str, program: &str) -> Output {
        let group = self.scratch.name();
        let line = format!(
            "run --cgroup-parent /{group} --network none {options} localhost/probe /bin/probe {program}"
        );
        self.says(&words(&line))
    }

    /// The same; it has to work.
    #[track_caller]
    pub(crate) fn prints(&self, options: &str, program: &str) -> String {
        let output = self.run(options, program);
        assert!(output.status.success(), "{options} {program}: {}", said(&output));
        said(&output)
    }

    pub(crate) fn logs(&self, name: &str) -> String {
        said(&self.says(&["logs", name]))
    }

    /// Looks something up in `podman inspect`.
    #[track_caller]
    pub(crate) fn inspect(&self, name: &str, field: &str) -> String {
        self.works(&["inspect", "--format", &format!("{{{{{field}}}}}"), name]).trim().to_owned()
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        drop(self.says(&["pod", "rm", "--all", "--force"]));
        drop(self.says(&["rm", "--all", "--force", "--time", "0"]));
    }
}
