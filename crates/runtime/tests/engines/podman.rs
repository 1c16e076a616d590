//! Podman with a store of its own, root's or a user's.

use std::process::{Command, Output};

use super::{Image, RUNTIME, Scratch, bounded, done, said, words};

/// What a machine that is itself confined may not give: Podman's own defaults raise the limits.
const CONFIGURATION: &str = "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n";

/// nobody, to whom this machine gives no subordinate ids.
const USER: u32 = 65534;

/// Makes a user of whoever runs it, with ids from a table that only this command sees.
const BECOME_USER: &str = "for table in /etc/subuid /etc/subgid; do \
    test -e $table || touch $table; mount --bind \"$0\" $table || exit; done; \
    exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"";

/// Whose containers they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Root,
    User,
}

/// A store with an image `probe`. What runs there ends when this is dropped.
pub(crate) struct Podman {
    scratch: Scratch,
    owner: Owner,
}

impl Podman {
    pub(crate) fn new() -> Self {
        Self::of(Owner::Root)
    }

    /// Of a user without any right.
    pub(crate) fn of_user() -> Self {
        Self::of(Owner::User)
    }

    fn of(owner: Owner) -> Self {
        let podman = Self { scratch: Scratch::new(), owner };
        std::fs::write(podman.path("containers.conf"), CONFIGURATION).unwrap();
        let places = [("runroot", podman.path("run")), ("graphroot", podman.path("root"))];
        let lines = places.map(|(name, path)| format!("{name} = {path:?}\n")).concat();
        std::fs::write(podman.path("storage.conf"), format!("[storage]\ndriver = \"vfs\"\n{lines}")).unwrap();
        std::fs::write(podman.path("ranges"), "nobody:2000000:65536\nnogroup:2000000:65536\n").unwrap();
        std::fs::copy(RUNTIME, podman.path("runtime")).unwrap();
        let image = Image::new(&podman.scratch);
        image.tar(podman.path("layer.tar").as_ref());
        if owner == Owner::User {
            podman.scratch.directory("home");
            let mut give = Command::new("chown");
            give.args(["--recursive", &format!("{USER}:{USER}")]).arg(podman.scratch.path());
            done(give);
        }
        podman.works(&["import", "--quiet", &podman.path("layer.tar"), "localhost/probe"]);
        podman
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
        let mut command = self.program();
        command.args(["--root", &self.path("root"), "--runroot", &self.path("run")]);
        command.args([
            "--tmpdir",
            &self.path("tmp"),
            "--storage-driver",
            "vfs",
            "--runtime",
            &self.path("runtime"),
        ]);
        command.args(["--cgroup-manager", "cgroupfs", "--events-backend", "file"]).args(arguments);
        command.env("CONTAINERS_CONF", self.path("containers.conf"));
        command.env("CONTAINERS_STORAGE_CONF", self.path("storage.conf"));
        command
    }

    fn program(&self) -> Command {
        if self.owner == Owner::Root {
            return bounded("podman");
        }
        let mut command = bounded("unshare");
        command.args(["--mount", "--propagation=private", "sh", "-c", BECOME_USER, &self.path("ranges")]);
        command.arg("podman").current_dir(self.scratch.path());
        command.env("HOME", self.path("home")).env("XDG_RUNTIME_DIR", self.path("home"));
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
        let parent = match self.owner {
            Owner::Root => format!("--cgroup-parent /{}", self.scratch.name()),
            Owner::User => String::new(),
        };
        let line = format!("run {parent} --network none {options} localhost/probe /bin/probe {program}");
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
