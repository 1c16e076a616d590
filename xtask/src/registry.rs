//! Registries on loopback, each with a store and a port of its own: ours, and Debian's docker-registry.

use std::path::Path;
use std::process::Command;

use crate::bench::scratch::Scratch;
use crate::bench::start;
use crate::server::{self, Server};
use crate::shell::{self, Outcome};

/// Who may push to ours.
const USER: &str = "xtask";

/// Nobody is made to wait, as the other one knows no limits.
const UNLIMITED: &str = "[access]\nrequests_per_address = 4000000000\nrequests_per_identity = 4000000000\n";

/// A registry that runs; killed when dropped.
pub(crate) struct Registry {
    server: Server,
    version: String,
    /// The password of [`USER`], where a push needs one.
    password: Option<String>,
}

impl Registry {
    /// docker-registry, as Debian has it.
    pub(crate) fn debian(scratch: &Scratch) -> Outcome<Self> {
        let program = shell::program_file("docker-registry")?;
        let port = server::free_port()?;
        let root = scratch.directory(&format!("docker-registry-{port}"))?;
        let file = root.join("config.yml");
        let config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}, cache: {{blobdescriptor: inmemory}}}}\n\
             http: {{addr: 127.0.0.1:{port}}}\n",
            root.display()
        );
        std::fs::write(&file, config).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut command = Command::new(&program);
        command.arg("serve").arg(&file);
        let version = shell::capture(Command::new(&program).arg("--version")).unwrap_or_default();
        let version = version.split_whitespace().last().unwrap_or("unknown").to_owned();
        let server = Server::start("docker-registry", &mut command, port)?;
        Ok(Self { server, version, password: None })
    }

    /// Ours, private but for pulls, as the other one has no users at all. It keeps everything where the options
    /// say: those that all commands about one registry have.
    pub(crate) fn ours(scratch: &Scratch, program: &Path, options: &[String]) -> Outcome<Self> {
        let port = server::free_port()?;
        // It has to make the directory itself, for itself alone.
        let state = scratch.path().join(format!("coffer-registry-{port}"));
        let coffer = |words: &[&str]| {
            let mut command = Command::new(program);
            command.arg("registry").args(words).args(options).env("COFFER_ROOT", &state);
            command
        };
        let password = shell::capture(&mut coffer(&["user", "add", USER, "--admin", "--generate"]))?;
        let password = password.split_whitespace().last().ok_or("`registry user add` printed no password")?;
        let file = scratch.path().join(format!("registry-{port}.toml"));
        std::fs::write(&file, UNLIMITED).map_err(|error| format!("{}: {error}", file.display()))?;
        let (listen, config) = (format!("127.0.0.1:{port}"), file.display().to_string());
        let mut command = coffer(&["serve", "--config", &config, "--listen", &listen, "--anonymous", "pull"]);
        let server = Server::start("coffer registry", &mut command, port)?;
        Ok(Self { server, version: start::version(program)?, password: Some(password.to_owned()) })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.server.name()
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn address(&self) -> String {
        self.server.address()
    }

    /// Who may push, and the password.
    pub(crate) fn credentials(&self) -> Option<(&str, &str)> {
        self.password.as_deref().map(|password| (USER, password))
    }

    /// The most memory that it ever had, in megabytes.
    pub(crate) fn peak(&self) -> Outcome<f64> {
        self.server.peak()
    }
}
