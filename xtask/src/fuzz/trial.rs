//! A target that is sent inputs until its time is over; whatever ends it, or holds it up, is kept.

use std::io::{BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::mutate::{self, Chance};
use crate::shell::{self, Outcome};

/// How long a target may think about one input, and how much memory it may have, in KiB.
const PATIENCE: Duration = Duration::from_secs(20);
const MEMORY: u64 = 4 << 20;

/// Findings after which a target has enough to mend.
const MOST: usize = 5;

/// One target, under way.
pub(super) struct Trial<'a> {
    pub(super) target: &'a str,
    pub(super) program: &'a Path,
    pub(super) seeds: &'a [Vec<u8>],
    pub(super) time: Duration,
    pub(super) number: u64,
}

/// What came of it.
pub(super) struct Outcomes {
    pub(super) inputs: u64,
    /// Files with the inputs that nobody answered.
    pub(super) findings: Vec<PathBuf>,
}

impl Trial<'_> {
    pub(super) fn run(&self) -> Outcome<Outcomes> {
        let mut outcomes = Outcomes { inputs: 0, findings: Vec::new() };
        let mut chance = Chance::of(self.number);
        let until = Instant::now() + self.time;
        while Instant::now() < until && outcomes.findings.len() < MOST {
            let mut server = Server::start(self.program)?;
            while Instant::now() < until {
                let input = mutate::input(self.seeds, &mut chance);
                outcomes.inputs += 1;
                if !server.answers(&input) {
                    outcomes.findings.push(self.keep(&input)?);
                    break;
                }
            }
        }
        Ok(outcomes)
    }

    /// Beside what libFuzzer finds.
    fn keep(&self, input: &[u8]) -> Outcome<PathBuf> {
        let directory = shell::top().join("fuzz/artifacts").join(self.target);
        let file = directory.join(format!("{:016x}", named(input)));
        let written = std::fs::create_dir_all(&directory).and_then(|()| std::fs::write(&file, input));
        written.map(|()| file.clone()).map_err(|error| format!("{}: {error}", file.display()))
    }
}

/// FNV-1a: the same input is one finding.
fn named(input: &[u8]) -> u64 {
    input
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |name, byte| (name ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The target's process, with a thread that hears its answers.
struct Server {
    child: Child,
    inputs: Option<ChildStdin>,
    answers: Receiver<()>,
}

impl Server {
    fn start(program: &Path) -> Outcome<Self> {
        // The shell limits itself and becomes the program.
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -v {MEMORY} && exec \"$0\"")]).arg(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let failed = |error| format!("cannot run {}: {error}", program.display());
        let mut child = command.spawn().map_err(failed)?;
        let (inputs, answers) = (child.stdin.take(), child.stdout.take());
        let (tell, hear) = mpsc::channel();
        thread::spawn(move || {
            let answers = answers.into_iter().flat_map(|answers| BufReader::new(answers).bytes());
            for _ in answers.map_while(Result::ok) {
                // Whoever asked may have gone.
                if tell.send(()).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, inputs, answers: hear })
    }

    /// Whether the target lives on after an input, and does not take for ever.
    fn answers(&mut self, input: &[u8]) -> bool {
        let length = u32::try_from(input.len()).unwrap_or(u32::MAX).to_le_bytes();
        let sent = self
            .inputs
            .as_mut()
            .map(|inputs| inputs.write_all(&[&length, input].concat()).and_then(|()| inputs.flush()));
        sent.is_some_and(|sent| sent.is_ok()) && self.answers.recv_timeout(PATIENCE).is_ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.inputs = None;
        let _gone_already = self.child.kill();
        let _waited = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_ends_has_not_answered() {
        let answers = |program: &str| Server::start(Path::new(program)).unwrap().answers(b"abc");
        assert!(answers("/bin/cat"), "it says what it hears");
        assert!(!answers("/bin/true"));
    }

    #[test]
    fn findings_are_named_by_what_they_are() {
        assert_eq!(named(b""), 0xcbf2_9ce4_8422_2325);
        assert_ne!(named(b"a"), named(b"b"));
    }
}
