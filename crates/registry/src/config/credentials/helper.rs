//! Credential helpers: programs named `docker-credential-NAME` that keep credentials elsewhere.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use model::reference::{DOCKER_HUB, Repository};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;
use serde_json::json;

use super::keys::DOCKERS_HUB;
use super::{Credentials, answer};
use crate::config::Places;
use crate::config::error::{ConfigError, Result};
use crate::config::host::canonical;
use crate::config::secret::Secret;

/// A helper may ask its person to unlock something.
const TIME: Duration = Duration::from_secs(60);

/// How often a helper is looked at that has closed its output and has not ended.
const LOOK: Duration = Duration::from_millis(5);

/// More than any token has.
const MAX_ANSWER: usize = 64 << 10;

/// A helper that was found.
pub(super) struct Helper {
    name: String,
    program: PathBuf,
    environment: Vec<(String, OsString)>,
    time: Duration,
}

/// What a helper said, and how it ended.
struct Said {
    status: ExitStatus,
    output: zeroize::Zeroizing<Vec<u8>>,
}

impl Helper {
    /// The helper of that name, in the directories that are searched and nowhere else.
    pub(super) fn find(name: &str, places: &Places) -> Result<Self> {
        let whole = format!("docker-credential-{name}");
        let wrong = |what: &str| ConfigError::Helper { name: whole.clone(), what: what.to_owned() };
        if !is_name(name) {
            return Err(wrong("cannot be a program: a helper's name has letters, digits, `-`, `_` and `.`"));
        }
        let dirs = places.helpers.iter().filter(|dir| dir.is_absolute());
        let program = dirs.map(|dir| dir.join(&whole)).find(|path| is_program(path));
        let program = program.ok_or_else(|| wrong("is in no directory of PATH"))?;
        let environment = places.helper_environment.clone().into_iter().collect();
        Ok(Self { name: whole, program, environment, time: TIME })
    }

    /// What it has for a registry.
    pub(super) fn get(&self, registry: &Repository) -> Result<Option<Credentials>> {
        for key in keys(registry) {
            let Said { status, output } = self.ask("get", key.as_bytes())?;
            if status.success() {
                let found = answer::parse(&output).map_err(|what| self.error(what.to_owned()))?;
                if found.is_some() {
                    return Ok(found);
                }
            } else if !answer::has_nothing(&output) {
                return Err(self.failed("get", status));
            }
        }
        Ok(None)
    }

    /// Has it keep a login.
    pub(super) fn store(&self, registry: &Repository, user: &str, password: &Secret) -> Result<()> {
        let key = keys(registry).into_iter().next().unwrap_or_default();
        let login = json!({ "ServerURL": key, "Username": user, "Secret": password.reveal() });
        let login = zeroize::Zeroizing::new(login.to_string());
        let Said { status, .. } = self.ask("store", login.as_bytes())?;
        if status.success() { Ok(()) } else { Err(self.failed("store", status)) }
    }

    /// Has it forget a login; whether there was one.
    pub(super) fn erase(&self, registry: &Repository) -> Result<bool> {
        if self.get(registry)?.is_none() {
            return Ok(false);
        }
        for key in keys(registry) {
            let Said { status, output } = self.ask("erase", key.as_bytes())?;
            if !status.success() && !answer::has_nothing(&output) {
                return Err(self.failed("erase", status));
            }
        }
        Ok(true)
    }

    /// One call of the protocol: an action as its argument, a line of input, an answer.
    fn ask(&self, action: &str, input: &[u8]) -> Result<Said> {
        let started = Command::new(&self.program)
            .arg(action)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = started.map_err(|error| self.error(format!("cannot be started: {error}")))?;
        let said = self.converse(&mut child, input);
        if said.is_err() {
            // It has ended by itself, or it does now; either way nobody waits for it.
            let _ended = child.kill();
            let _reaped = child.wait();
        }
        said.map_err(|error| self.error(error.to_string()))
    }

    fn converse(&self, child: &mut Child, input: &[u8]) -> io::Result<Said> {
        let until = Instant::now() + self.time;
        // A pipe holds more than any login has, so this waits for nobody; a helper that does not read is
        // judged by how it ends.
        if let Some(mut stdin) = child.stdin.take().filter(|_| input.len() < MAX_ANSWER) {
            let _unread = stdin.write_all(input).and_then(|()| stdin.write_all(b"\n"));
        }
        let output = match child.stdout.take() {
            Some(stdout) => zeroize::Zeroizing::new(listen(stdout, until)?),
            None => zeroize::Zeroizing::default(),
        };
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Said { status, output });
            }
            remaining(until)?;
            std::thread::sleep(LOOK);
        }
    }

    /// Its output stays out of messages: some helpers print the secret before they fail.
    fn failed(&self, action: &str, status: ExitStatus) -> ConfigError {
        self.error(format!("failed at `{action}`: {status}"))
    }

    fn error(&self, what: String) -> ConfigError {
        ConfigError::Helper { name: self.name.clone(), what }
    }
}

/// Everything until the other side closes, with limits in size and time.
fn listen(mut stdout: ChildStdout, until: Instant) -> io::Result<Vec<u8>> {
    // As large as it gets, so that no copy of a secret stays behind where it grew.
    let mut output = Vec::with_capacity(MAX_ANSWER);
    let mut piece = zeroize::Zeroizing::new([0; 4096]);
    loop {
        let left = Timespec::try_from(remaining(until)?).ok();
        match poll(&mut [PollFd::new(&stdout, PollFlags::IN)], left.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            ready => ready?,
        };
        let read = stdout.read(piece.as_mut_slice())?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { return Ok(output) };
        if output.len() + read > MAX_ANSWER {
            return Err(io::Error::other("answers without end"));
        }
        output.extend_from_slice(bytes);
    }
}

fn remaining(until: Instant) -> io::Result<Duration> {
    let left = until.checked_duration_since(Instant::now());
    left.filter(|left| !left.is_zero()).ok_or_else(|| io::Error::other("did not answer in time"))
}

/// What helpers know a registry as: Docker has its own word for Docker Hub, podman has not.
fn keys(registry: &Repository) -> Vec<String> {
    match canonical(&registry.registry).as_str() {
        DOCKER_HUB => vec![DOCKERS_HUB.to_owned(), DOCKER_HUB.to_owned()],
        _ => vec![registry.registry.clone()],
    }
}

/// A name that cannot lead out of a directory.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_program(path: &std::path::Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUB: &str = "docker.io";

    fn registry(host: &str) -> Repository {
        Repository { registry: host.into(), path: String::new() }
    }

    /// A helper that is this shell script.
    fn helper(dir: &tempfile::TempDir, script: &str) -> Helper {
        let path = dir.path().join("docker-credential-test");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let places = Places { helpers: vec![dir.path().to_owned()], ..Places::default() };
        Helper::find("test", &places).unwrap()
    }

    /// As [`Helper::get`], where a busy machine may refuse to execute a file that was just written.
    fn get(helper: &Helper, host: &str) -> Result<Option<Credentials>> {
        loop {
            match helper.get(&registry(host)) {
                Err(error) if error.to_string().contains("Text file busy") => {}
                answer => return answer,
            }
        }
    }

    #[test]
    fn a_helper_is_asked_by_the_registry_s_name_and_answers() {
        let dir = tempfile::tempdir().unwrap();
        let script = r#"read key; echo "{\"Username\":\"$1\",\"Secret\":\"$key\"}""#;
        let found = get(&helper(&dir, script), "reg.example:5000").unwrap().unwrap();
        assert_eq!(found.user(), "get");
        assert_eq!(found.secret().reveal(), "reg.example:5000");
        assert_eq!(get(&helper(&dir, script), HUB).unwrap().unwrap().secret().reveal(), DOCKERS_HUB);
    }

    #[test]
    fn nothing_is_an_answer_and_a_failure_is_an_error_that_quotes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let none = "echo credentials not found in native keychain; exit 1";
        assert_eq!(get(&helper(&dir, none), HUB).unwrap(), None);
        let error = get(&helper(&dir, "echo hunter2; exit 3"), HUB).unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_helper_that_talks_or_waits_without_end_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let endless = get(&helper(&dir, "exec /bin/cat /dev/zero"), HUB).unwrap_err().to_string();
        assert!(endless.contains("answers without end"), "{endless}");
        for waiting in ["exec sleep 60", "exec sleep 60 >&-"] {
            let helper = helper(&dir, &format!("PATH=/bin:/usr/bin; {waiting}"));
            let error = get(&Helper { time: Duration::from_millis(300), ..helper }, HUB).unwrap_err();
            assert!(error.to_string().contains("did not answer in time"), "{error}");
        }
    }

    #[test]
    fn a_helper_has_only_the_environment_that_it_is_given() {
        let dir = tempfile::tempdir().unwrap();
        let mut helper =
            helper(&dir, r#"echo "{\"Username\":\"$CARGO_MANIFEST_DIR\",\"Secret\":\"$HOME\"}""#);
        helper.environment = vec![("HOME".into(), "/home/somebody".into())];
        let found = get(&helper, HUB).unwrap().unwrap();
        assert_eq!((found.user(), found.secret().reveal()), ("", "/home/somebody"));
    }

    #[test]
    fn only_a_name_is_a_helper_and_only_in_the_given_directories() {
        let dir = tempfile::tempdir().unwrap();
        helper(&dir, "exit 0");
        let places = Places { helpers: vec![dir.path().to_owned(), "relative".into()], ..Places::default() };
        for name in ["", "../test", "a/b", "te st", "none"] {
            assert!(matches!(Helper::find(name, &places), Err(ConfigError::Helper { .. })), "{name}");
        }
        assert!(Helper::find("test", &Places::default()).is_err());
    }
}
