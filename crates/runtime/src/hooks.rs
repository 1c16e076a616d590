//! Hooks on the host's side: programs of the engine, which read the container's state.

use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use launch::LaunchError;
use model::spec::Hook;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// How much of what a hook complains about is passed on, in bytes.
const COMPLAINT: usize = 2048;

/// Runs one after the other, and stops at the first that fails.
///
/// # Errors
/// [`LaunchError::Hook`].
pub(crate) fn run_all(point: &'static str, hooks: &[Hook], state: &[u8]) -> Result<(), LaunchError> {
    hooks.iter().try_for_each(|hook| {
        run(hook, state).map_err(|why| LaunchError::Hook { point, path: hook.path.clone(), why })
    })
}

fn run(hook: &Hook, state: &[u8]) -> Result<(), String> {
    if !hook.path.starts_with('/') {
        return Err("has no absolute path".to_owned());
    }
    let mut command = Command::new(&hook.path);
    if let Some((name, arguments)) = hook.args.split_first() {
        command.arg0(name).args(arguments);
    }
    let variables = hook.env.iter().filter_map(|variable| variable.split_once('='));
    let spawned = command
        .env_clear()
        .envs(variables)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = spawned.map_err(|error| format!("cannot be run: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read its state has not failed.
        let _unread = stdin.write_all(state);
    }
    let pidfd = pidfd_open(Pid::from_child(&child), PidfdFlags::empty());
    let in_time = pidfd.and_then(|pidfd| launch::await_end(pidfd.as_fd(), hook.timeout));
    if !matches!(in_time, Ok(true)) {
        let _gone_already = child.kill();
    }
    let status = child.wait().map_err(|error| format!("cannot be waited for: {error}"))?;
    match in_time {
        Ok(false) => Err("took longer than its timeout".to_owned()),
        Ok(true) if status.success() => Ok(()),
        Ok(true) => Err(format!("failed ({status}){}", complaint(&mut child))),
        Err(errno) => Err(format!("cannot be waited for: {errno}")),
    }
}

/// What it wrote, as far as it is there: a child of the hook may hold the pipe open for ever.
fn complaint(child: &mut Child) -> String {
    let Some(mut stderr) = child.stderr.take() else { return String::new() };
    let mut text = vec![0; COMPLAINT];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let ready = poll(&mut [PollFd::from_borrowed_fd(stderr.as_fd(), PollFlags::IN)], Some(&now));
    let length = if ready == Ok(1) { stderr.read(&mut text).unwrap_or(0) } else { 0 };
    text.truncate(length);
    let text = String::from_utf8_lossy(&text);
    let text = text.trim();
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, timeout: Option<u64>) -> Hook {
        let args = ["sh", "-c", script].map(str::to_owned).to_vec();
        Hook { path: "/bin/sh".into(), args, env: vec!["A=1".into()], timeout }
    }

    #[test]
    fn a_hook_reads_the_state_and_has_its_own_environment() {
        let good = shell("test \"$(cat)\" = '{}' && test $A = 1 && test -z \"$HOME\"", Some(5));
        assert!(run_all("poststart", &[good], b"{}").is_ok());
    }

    #[test]
    fn what_became_of_a_failed_hook_is_told() {
        let why = |hook: Hook| run_all("prestart", &[hook], b"").unwrap_err().to_string();
        assert_eq!(
            why(shell("echo no luck >&2; exit 3", None)),
            "the prestart hook `/bin/sh` failed (exit status: 3): no luck"
        );
        assert_eq!(
            why(shell("sleep 20", Some(1))),
            "the prestart hook `/bin/sh` took longer than its timeout"
        );
        assert!(why(Hook { path: "/does/not/exist".into(), ..Hook::default() }).contains("cannot be run"));
    }
}
