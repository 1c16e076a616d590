//! Registries on loopback, each with a store and a port of its own: ours, and Debian's docker-registry.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::bench::scratch::Scratch;
use crate::bench::start;
use crate::shell::{self, Outcome};

/// Who may push to ours.
const USER: &str = "xtask";

/// Nobody is made to wait, as the other one knows no limits.
const UNLIMITED: &str = "[access]\nrequests_per_address = 4000000000\nrequests_per_identity = 4000000000\n";

/// How often a new server is asked whether it is ready, 50 ms apart.
const ATTEMPTS: usize = 200;

/// A registry that runs; killed when dropped.
pub(crate) struct Registry {
    name: &'static str,
    version: String,
    server: Child,
    port: u16,
    /// The password of [`USER`], where a push needs one.
    password: Option<String>,
}

impl Registry {
    /// docker-registry, as Debian has it.
    pub(crate) fn debian(scratch: &Scratch) -> Outcome<Self> {
        let program = shell::program_file("docker-registry")?;
        let port = free_port()?;
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
        Self::start("docker-registry", version, &mut command, port, None)
    }

    /// Ours, private but for pulls, as the other one has no users at all. It keeps everything where the options
    /// say: those that all commands about one registry have.
    pub(crate) fn ours(scratch: &Scratch, program: &Path, options: &[String]) -> Outcome<Self> {
        let port = free_port()?;
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
        let password = Some(password.to_owned());
        Self::start("coffer registry", start::version(program)?, &mut command, port, password)
    }

    fn start(
        name: &'static str,
        version: String,
        command: &mut Command,
        port: u16,
        password: Option<String>,
    ) -> Outcome<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = command.spawn().map_err(|error| format!("cannot start {name}: {error}"))?;
        let mut registry = Self { name, version, server, port, password };
        for _ in 0..ATTEMPTS {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(registry);
            }
            if let Ok(Some(status)) = registry.server.try_wait() {
                return Err(format!("{name} ended at once ({status})"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("{name} does not listen"))
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Who may push, and the password.
    pub(crate) fn credentials(&self) -> Option<(&str, &str)> {
        self.password.as_deref().map(|password| (USER, password))
    }

    /// The most memory that it ever had, in megabytes.
    pub(crate) fn peak(&self) -> Outcome<f64> {
        let file = format!("/proc/{}/status", self.server.id());
        let status = std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.map(|kib| kib * 1024.0 / 1e6).ok_or_else(|| format!("{file} has no VmHWM"))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let stopped = self.server.kill().and_then(|()| self.server.wait());
        if let Err(error) = stopped {
            eprintln!("{} may still run: {error}", self.name);
        }
    }
}

fn free_port() -> Outcome<u16> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| format!("no port is free: {error}"))
}
