//! One program of a suite, in namespaces of its own: what it leaves running, mounted or written under /run
//! ends with it, whatever it does.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::shell::Outcome;

/// How often we look whether it has ended.
const LOOK: Duration = Duration::from_millis(10);

/// The program is the first process of its pid namespace, so that nobody survives it. The runtimes' state is
/// under /run, and the programs' bundles are put there too.
const INSIDE: &str = "mount -t tmpfs tmpfs /run && mkdir /run/bundles && TMPDIR=/run/bundles exec \"$0\"";

/// How the program ended.
pub(crate) struct Ended {
    /// `None` if it had to be killed after its time.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `program` in the directory `place` with `RUNTIME` set, for at most `limit`. What it prints goes
/// through files in `scratch`.
pub(crate) fn run(
    program: &Path,
    place: &Path,
    runtime: &Path,
    scratch: &Path,
    limit: Duration,
) -> Outcome<Ended> {
    let (stdout, stderr) = (scratch.join("stdout"), scratch.join("stderr"));
    let mut command = Command::new("unshare");
    command
        .args(["--fork", "--pid", "--kill-child", "--mount-proc", "--mount", "--", "sh", "-c", INSIDE])
        .arg(program)
        .current_dir(place)
        .env("RUNTIME", runtime)
        .stdin(Stdio::null())
        .stdout(create(&stdout)?)
        .stderr(create(&stderr)?);
    let mut child = command.spawn().map_err(|error| format!("cannot run unshare(1): {error}"))?;
    let status = wait(&mut child, limit)?;
    Ok(Ended { status, stdout: read(&stdout)?, stderr: read(&stderr)? })
}

/// Waits for the program, and kills it after its time.
fn wait(child: &mut Child, limit: Duration) -> Outcome<Option<ExitStatus>> {
    let waiting = |error: std::io::Error| format!("cannot wait for unshare(1): {error}");
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if let Some(status) = child.try_wait().map_err(waiting)? {
            return Ok(Some(status));
        }
        std::thread::sleep(LOOK);
    }
    child.kill().and_then(|()| child.wait()).map_err(waiting)?;
    Ok(None)
}

fn create(file: &Path) -> Outcome<File> {
    File::create(file).map_err(|error| format!("cannot make {}: {error}", file.display()))
}

/// What is no text is shown as far as it is one.
fn read(file: &Path) -> Outcome<String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::scratch::Scratch;

    fn ended(script: &str, limit: Duration) -> Ended {
        use std::os::unix::fs::PermissionsExt as _;
        let scratch = Scratch::new(&format!("isolate-{}", script.len())).unwrap();
        let program = scratch.path().join("program");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        run(&program, scratch.path(), Path::new("/bin/runtime"), scratch.path(), limit).unwrap()
    }

    #[test]
    fn privileged_a_program_ends_with_all_that_it_started() {
        let begun = Instant::now();
        let script = "sleep 777 & touch /run/left; echo $RUNTIME $$ $TMPDIR; echo no >&2; exit 3";
        let ended = ended(script, Duration::from_secs(20));
        assert_eq!(ended.status.and_then(|status| status.code()), Some(3));
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("/bin/runtime 1 /run/bundles\n", "no\n"));
        assert!(!Path::new("/run/left").exists());
        assert!(begun.elapsed() < Duration::from_secs(20), "it waited for the sleeper");
        assert!(ends("777"), "the sleeper lives");
    }

    #[test]
    fn privileged_a_program_that_hangs_is_killed() {
        let ended = ended("trap '' TERM; sleep 778; sleep 778", Duration::from_millis(300));
        assert_eq!(ended.status, None);
        assert!(ends("778"), "the sleeper lives");
    }

    /// Whether `sleep SECONDS` is gone soon: the kernel kills a namespace after its first process.
    fn ends(seconds: &str) -> bool {
        let line = ["sleep", seconds, ""].join("\0");
        let gone = || {
            let processes = std::fs::read_dir("/proc").unwrap().flatten();
            let lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
            !lines.into_iter().any(|found| found == line.as_bytes())
        };
        (0..1000).any(|_| {
            gone() || {
                std::thread::sleep(LOOK);
                false
            }
        })
    }
}
