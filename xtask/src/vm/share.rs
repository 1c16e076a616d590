//! Directories of the host that the guest sees, at the same paths: virtiofsd serves each, the guest mounts it
//! read-only.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::place::Desk;
use crate::shell::{self, Outcome};

/// Comes with QEMU, beside what people call.
const SERVER: &str = "/usr/lib/qemu/virtiofsd";

const PATIENCE: Duration = Duration::from_secs(20);

/// One directory, served until this is dropped.
pub(super) struct Share {
    pub(super) directory: PathBuf,
    /// Relative to the desk, as a socket's path must be short. The server names a lock after it, so it is
    /// nobody else's.
    pub(super) socket: String,
    server: Child,
}

impl Share {
    /// The checkout, and what was built of it if that is elsewhere.
    pub(super) fn all(desk: &Desk) -> Outcome<Vec<Self>> {
        let target = shell::target_directory();
        let mut directories = vec![shell::top()];
        if !target.starts_with(shell::top()) {
            directories.push(&target);
        }
        directories
            .into_iter()
            .enumerate()
            .map(|(number, directory)| Self::new(desk, number, directory))
            .collect()
    }

    fn new(desk: &Desk, number: usize, directory: &Path) -> Outcome<Self> {
        if directory.to_string_lossy().contains(char::is_whitespace) {
            return Err(format!(
                "{}: the lab cannot name a path with spaces to a kernel",
                directory.display()
            ));
        }
        let socket = format!("lab-{}-{number}", std::process::id());
        let log = desk.path(&format!("{socket}.log"));
        let log = File::create(&log).map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        let mut command = shell::program("setpriv", ["--pdeathsig=KILL", SERVER]);
        command
            .arg(format!("--socket-path={socket}"))
            .arg("-o")
            .arg(format!("source={}", directory.display()));
        // Nothing of it changes while a guest looks at it; and a container may lack what the default needs.
        command.args(["-o", "cache=always", "-o", "sandbox=chroot"]).current_dir(desk.directory());
        let server = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let server = server.map_err(|error| format!("cannot run virtiofsd: {error}"))?;
        let mut share = Self { directory: directory.to_path_buf(), socket, server };
        share.listens(desk)?;
        Ok(share)
    }

    fn listens(&mut self, desk: &Desk) -> Outcome {
        let begun = Instant::now();
        while !desk.path(&self.socket).exists() {
            let ended = self.server.try_wait().is_ok_and(|status| status.is_some());
            if ended || begun.elapsed() > PATIENCE {
                let said = desk.read(&format!("{}.log", self.socket));
                return Err(format!(
                    "virtiofsd does not serve {}: {}",
                    self.directory.display(),
                    said.trim()
                ));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let _ended_already = self.server.kill().and_then(|()| self.server.wait());
        let lock = format!("/run/virtiofsd/{}.pid", self.socket);
        let _not_there_in_other_versions = std::fs::remove_file(lock);
    }
}
