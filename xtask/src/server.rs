//! Servers on loopback, each with a port of its own.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::shell::Outcome;

/// How often a new server is asked whether it is ready, 50 ms apart.
const ATTEMPTS: usize = 200;

/// A server that listens; killed when dropped.
pub(crate) struct Server {
    name: &'static str,
    process: Child,
    port: u16,
}

impl Server {
    /// Waits until it listens on its port.
    pub(crate) fn start(name: &'static str, command: &mut Command, port: u16) -> Outcome<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().map_err(|error| format!("cannot start {name}: {error}"))?;
        let mut server = Self { name, process, port };
        for _ in 0..ATTEMPTS {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(server);
            }
            if let Ok(Some(status)) = server.process.try_wait() {
                return Err(format!("{name} ended at once ({status})"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("{name} does not listen"))
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The most memory that it ever had, in megabytes.
    pub(crate) fn peak(&self) -> Outcome<f64> {
        let file = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.map(|kib| kib * 1024.0 / 1e6).ok_or_else(|| format!("{file} has no VmHWM"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = self.process.kill().and_then(|()| self.process.wait());
        if let Err(error) = stopped {
            eprintln!("{} may still run: {error}", self.name);
        }
    }
}

/// A port that nobody has now.
pub(crate) fn free_port() -> Outcome<u16> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| format!("no port is free: {error}"))
}
