//! OpenSC's `pkcs11-tool` as a child: a vendor's module does not belong in our process.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

/// The program's name.
const PROGRAM: &str = "pkcs11-tool";

/// A token may want to be touched.
const TIME: Duration = Duration::from_secs(60);

/// How often the tool is looked at that has closed its output and has not ended.
const LOOK: Duration = Duration::from_millis(5);

/// More than a list of tokens, a key or a signature has.
const MAX_OUTPUT: usize = 256 << 10;

/// More than a message of the tool's has.
const MAX_COMPLAINT: usize = 4 << 10;

/// The name under which the tool finds the PIN in its environment, where an argument would be seen by all.
pub(super) const PIN: &str = "COFFER_TOKEN_PIN";

/// Where programs are, and what they are to find in their environment.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    /// Directories that are searched for `pkcs11-tool`, in this order.
    pub directories: Vec<PathBuf>,
    /// What modules want to know, such as `HOME` or `SOFTHSM2_CONF`.
    pub environment: Vec<(OsString, OsString)>,
}

/// The tool, found.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    program: PathBuf,
    environment: Vec<(OsString, OsString)>,
    module: Option<PathBuf>,
    time: Duration,
}

/// Why the tool did not do it.
#[derive(Debug, thiserror::Error)]
pub(super) enum ToolError {
    /// No directory has it.
    #[error("there is no `{PROGRAM}` in the directories of PATH")]
    Missing,
    /// It cannot be started, or does not answer.
    #[error("`{PROGRAM}` {doing}: {source}")]
    Io { doing: &'static str, source: io::Error },
    /// It said that it failed.
    #[error("`{PROGRAM}` ended with {status}: {complaint}")]
    Failed {
        status: ExitStatus,
        /// The last of what it said.
        complaint: String,
    },
}

impl Tool {
    pub(super) fn find(tools: &Tools, module: Option<&Path>) -> Result<Self, ToolError> {
        let directories = tools.directories.iter().filter(|directory| directory.is_absolute());
        let program = directories.map(|directory| directory.join(PROGRAM)).find(|path| path.is_file());
        Ok(Self {
            program: program.ok_or(ToolError::Missing)?,
            environment: tools.environment.clone(),
            module: module.map(Path::to_owned),
            time: TIME,
        })
    }

    /// Runs it with these arguments; what it wrote.
    pub(super) fn run<S: AsRef<OsStr>>(
        &self,
        arguments: &[S],
        pin: Option<&str>,
        input: &[u8],
    ) -> Result<Vec<u8>, ToolError> {
        let mut command = Command::new(&self.program);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("LC_ALL", "C").envs(pin.map(|pin| (PIN, pin)));
        if let Some(module) = &self.module {
            command.arg("--module").arg(module);
        }
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(io_error("cannot be started"))?;
        let said = converse(&mut child, input, Instant::now() + self.time);
        if said.is_err() {
            // It has ended by itself, or it does now; either way nobody waits for it.
            let _ended = child.kill();
            let _reaped = child.wait();
        }
        let (status, [output, complaint]) = said.map_err(io_error("did not do it"))?;
        if status.success() {
            Ok(output)
        } else {
            Err(ToolError::Failed { status, complaint: last(&complaint) })
        }
    }
}

fn io_error(doing: &'static str) -> impl FnOnce(io::Error) -> ToolError {
    move |source| ToolError::Io { doing, source }
}

/// The tool reads all its input before it writes, and that is a digest: no pipe runs full.
fn converse(child: &mut Child, input: &[u8], until: Instant) -> io::Result<(ExitStatus, [Vec<u8>; 2])> {
    if let Some(mut stdin) = child.stdin.take() {
        // Whoever does not read it is judged by how it ends.
        let _unread = stdin.write_all(input);
    }
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("it has no pipes"));
    };
    let heard = listen(stdout, stderr, until)?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, heard));
        }
        remaining(until)?;
        std::thread::sleep(LOOK);
    }
}

/// Both streams until they are closed, with limits in size and time.
fn listen(
    mut stdout: std::process::ChildStdout,
    mut stderr: std::process::ChildStderr,
    until: Instant,
) -> io::Result<[Vec<u8>; 2]> {
    let (mut output, mut complaint) = (Vec::new(), Vec::new());
    let (mut talks, mut complains) = (true, true);
    while talks || complains {
        let left = Timespec::try_from(remaining(until)?).ok();
        let mut fds = Vec::with_capacity(2);
        if talks {
            fds.push(PollFd::new(&stdout, PollFlags::IN));
        }
        if complains {
            fds.push(PollFd::new(&stderr, PollFlags::IN));
        }
        match poll(&mut fds, left.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            ready => ready?,
        };
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut ready = ready.into_iter();
        if talks && ready.next() == Some(true) {
            talks = take(&mut stdout, &mut output)?;
        }
        if complains && ready.next() == Some(true) {
            complains = take(&mut stderr, &mut complaint)?;
        }
    }
    Ok([output, complaint])
}

/// The next piece; whether there may be more.
fn take(from: &mut impl io::Read, to: &mut Vec<u8>) -> io::Result<bool> {
    let mut piece = [0; 4096];
    let read = from.read(&mut piece)?;
    if to.len() + read > MAX_OUTPUT {
        return Err(io::Error::other("it talks without end"));
    }
    to.extend_from_slice(piece.get(..read).unwrap_or_default());
    Ok(read > 0)
}

fn remaining(until: Instant) -> io::Result<Duration> {
    let left = until.checked_duration_since(Instant::now());
    left.filter(|left| !left.is_zero()).ok_or_else(|| io::Error::other("no answer in time"))
}

/// The end of what it said on one line, without what a terminal would obey.
fn last(complaint: &[u8]) -> String {
    let from = complaint.len().saturating_sub(MAX_COMPLAINT);
    let text = String::from_utf8_lossy(complaint.get(from..).unwrap_or_default());
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let printable = lines.join("; ").replace(char::is_control, " ");
    printable.chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A tool that is this shell script.
    fn tool(dir: &tempfile::TempDir, script: &str) -> Tool {
        let path = dir.path().join(PROGRAM);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let directories = vec!["relative".into(), dir.path().to_owned()];
        Tool::find(&Tools { directories, environment: Vec::new() }, Some(Path::new("/module.so"))).unwrap()
    }

    /// As [`Tool::run`], where a busy machine may refuse to execute a file that was just written.
    fn run(tool: &Tool, pin: Option<&str>, input: &[u8]) -> Result<Vec<u8>, ToolError> {
        loop {
            match tool.run(&["--sign"], pin, input) {
                Err(error) if error.to_string().contains("Text file busy") => {}
                answer => return answer,
            }
        }
    }

    #[test]
    fn the_pin_is_in_the_environment_and_no_argument() {
        let dir = tempfile::tempdir().unwrap();
        let script = r#"read word; printf "%s/%s/%s/%s" "$*" "$COFFER_TOKEN_PIN" "$word" "$HOME""#;
        let said = run(&tool(&dir, script), Some("1234"), b"message\n").unwrap();
        assert_eq!(String::from_utf8(said).unwrap(), "--module /module.so --sign/1234/message/");
    }

    #[test]
    fn what_it_complains_of_is_passed_on_in_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let error = run(&tool(&dir, "printf 'CKR_PIN_INCORRECT\\nAbor\\033ting.\\n' >&2; exit 1"), None, b"");
        let text = error.unwrap_err().to_string();
        assert_eq!(text, "`pkcs11-tool` ended with exit status: 1: CKR_PIN_INCORRECT; Abor ting.");
    }

    #[test]
    fn a_tool_that_talks_or_waits_without_end_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        for endless in ["exec cat /dev/zero", "exec cat /dev/zero >&2"] {
            let endless = format!("PATH=/bin:/usr/bin; {endless}");
            let error = run(&tool(&dir, &endless), None, b"").unwrap_err().to_string();
            assert!(error.contains("talks without end"), "{error}");
        }
        for waiting in ["exec sleep 60", "exec sleep 60 >&- 2>&-"] {
            let tool = tool(&dir, &format!("PATH=/bin:/usr/bin; {waiting}"));
            let error = run(&Tool { time: Duration::from_millis(300), ..tool }, None, b"").unwrap_err();
            assert!(error.to_string().contains("no answer in time"), "{error}");
        }
    }

    #[test]
    fn without_the_tool_the_message_says_so() {
        let error = Tool::find(&Tools::default(), None).unwrap_err().to_string();
        assert_eq!(error, "there is no `pkcs11-tool` in the directories of PATH");
    }
}
