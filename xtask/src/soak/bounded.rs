//! Commands that end: by themselves, by a kill that was planned, or by their time.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::shell::Outcome;

/// Whoever takes longer hangs. A start takes some hundredths of a second, also beside three others.
const LIMIT: Duration = Duration::from_secs(20);

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Well,
    /// With an exit code above zero, or by a signal that was not ours.
    Badly,
    /// We killed it, as planned.
    Killed,
    /// It hung, and we killed it.
    Hung,
}

/// Runs the command, and kills it after `kill` if it still runs then.
///
/// # Errors
/// If it cannot be run at all.
pub(crate) fn run(command: &mut Command, kill: Option<Duration>) -> Outcome<Ended> {
    let broken = |error: std::io::Error| format!("soak: cannot run the runtime: {error}");
    command.stdin(Stdio::null());
    let mut child = command.spawn().map_err(broken)?;
    if let Some(status) = wait(&mut child, kill.unwrap_or(LIMIT)).map_err(broken)? {
        return Ok(if status.success() { Ended::Well } else { Ended::Badly });
    }
    child.kill().and_then(|()| child.wait()).map_err(broken)?;
    Ok(if kill.is_some() { Ended::Killed } else { Ended::Hung })
}

/// Looks often at first, as the instants of kills are short, and then less often.
fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let Some(left) = limit.checked_sub(begun.elapsed()) else { return Ok(None) };
        std::thread::sleep(left.min(Duration::from_micros(500) + begun.elapsed() / 20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, kill: Option<Duration>) -> Ended {
        run(Command::new("sh").args(["-c", script]), kill).unwrap()
    }

    #[test]
    fn an_end_of_ones_own_is_told_from_a_kill() {
        assert_eq!(shell("exit 0", None), Ended::Well);
        assert_eq!(shell("exit 3", None), Ended::Badly);
        assert_eq!(shell("kill -9 $$", None), Ended::Badly);
        assert_eq!(shell("sleep 60", Some(Duration::from_millis(5))), Ended::Killed);
        assert_eq!(shell("exit 0", Some(Duration::from_secs(20))), Ended::Well);
    }
}
