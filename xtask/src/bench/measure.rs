//! Wall time from spawn to exit, many times, and what is said about it.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::bench::results::Row;
use crate::shell::{self, Outcome};

/// Somebody who does the task once, each time it is asked.
pub(crate) struct Contestant {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The commands of one round, one after the other; the argument is unique to the round.
    pub(crate) steps: Box<dyn Fn(usize) -> Vec<Step>>,
    /// A command that takes longer hangs; it is killed, and the round has failed.
    pub(crate) limit: Duration,
}

/// Where nothing is known about hanging.
const LIMIT: Duration = Duration::from_secs(120);

/// A part of the task.
pub(crate) enum Step {
    Timed(Command),
    /// Must have happened before the next step, and is no part of the task.
    Waited(Command),
}

impl Contestant {
    /// One command is the whole task.
    pub(crate) fn new(name: &str, version: String, command: impl Fn(usize) -> Command + 'static) -> Self {
        let steps = Box::new(move |round| vec![Step::Timed(command(round))]);
        Self { name: name.to_owned(), version, steps, limit: LIMIT }
    }

    /// The time of one round; `None` if a step failed.
    fn round(&self, round: usize) -> Outcome<Option<Duration>> {
        let mut sum = Duration::ZERO;
        for step in (self.steps)(round) {
            let (mut command, counts) = match step {
                Step::Timed(command) => (command, 1),
                Step::Waited(command) => (command, 0),
            };
            match bounded(&mut command, self.limit, Stdio::null())? {
                Some(elapsed) => sum += elapsed * counts,
                None => return Ok(None),
            }
        }
        Ok(Some(sum))
    }

    /// The first round, and what is said if a step fails: in a file, because whoever a command leaves running
    /// would hold a pipe open.
    fn audition(&self) -> Outcome {
        let file = std::env::temp_dir().join(format!("bench-said-{}-{}", self.name, std::process::id()));
        let broken = |error: std::io::Error| format!("{}: {error}", file.display());
        let outcome = (self.steps)(0).into_iter().try_for_each(|step| {
            let (Step::Timed(mut command) | Step::Waited(mut command)) = step;
            let errors = File::create(&file).map_err(broken)?;
            if bounded(&mut command, self.limit, errors.into())?.is_some() {
                return Ok(());
            }
            let said = std::fs::read(&file).map_err(broken)?;
            let program = shell::name(Path::new(command.get_program()));
            Err(format!("`{program}` failed: {}", String::from_utf8_lossy(&said).trim()))
        });
        std::fs::remove_file(&file).map_err(broken)?;
        outcome
    }
}

/// Runs `warmup` rounds and then `rounds` measured ones, each contestant once a round and each time
/// another one first, so that nobody always runs in somebody's wake. Times are in milliseconds.
///
/// Whoever fails the first time is left out, with a note; whoever fails later is counted.
pub(crate) fn interleaved(
    contestants: Vec<Contestant>,
    warmup: usize,
    rounds: usize,
) -> Outcome<(Vec<Row>, Vec<String>)> {
    let (able, notes) = audition(contestants);
    let mut times: Vec<Vec<f64>> = able.iter().map(|_| Vec::with_capacity(rounds)).collect();
    for round in 1..=warmup + rounds {
        for turn in 0..able.len() {
            let index = (turn + round) % able.len();
            let (Some(contestant), Some(times)) = (able.get(index), times.get_mut(index)) else { continue };
            let elapsed = contestant.round(round)?;
            if round > warmup {
                times.extend(elapsed.map(milliseconds));
            }
        }
    }
    let rows = able.into_iter().zip(times).map(|(contestant, times)| row(contestant, times, rounds));
    Ok((rows.collect(), notes))
}

fn audition(contestants: Vec<Contestant>) -> (Vec<Contestant>, Vec<String>) {
    let mut notes = Vec::new();
    let mut able = Vec::new();
    for contestant in contestants {
        match contestant.audition() {
            Ok(()) => able.push(contestant),
            Err(error) => notes.push(format!("{} is left out: {error}", contestant.name)),
        }
    }
    (able, notes)
}

/// How long the command took from spawn to exit; `None` if it failed.
pub(crate) fn timed(command: &mut Command) -> Outcome<Option<Duration>> {
    bounded(command, LIMIT, Stdio::null())
}

/// The same with a limit. Somebody else watches the clock: asking again and again whether the command has ended
/// would be measured as well.
fn bounded(command: &mut Command, limit: Duration, errors: Stdio) -> Outcome<Option<Duration>> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
    let begin = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    let number = child.id().to_string();
    let (ended, end) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        if end.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            let _reported_by_the_wait = Command::new("kill").args(["-9", &number]).status();
        }
    });
    let status = child.wait().map_err(|error| format!("cannot wait for {command:?}: {error}"))?;
    let elapsed = begin.elapsed();
    drop(ended);
    Ok(status.success().then_some(elapsed))
}

fn row(contestant: Contestant, mut times: Vec<f64>, rounds: usize) -> Row {
    times.sort_unstable_by(f64::total_cmp);
    let mut row = Row::new(&contestant.name, &contestant.version);
    row.put("failed", (rounds - times.len()) as f64);
    row.put("median_ms", quantile(&times, 0.5));
    row.put("p95_ms", quantile(&times, 0.95));
    row
}

/// The nearest-rank quantile of sorted values; not a number where there are none.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let times: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(quantile(&times, 0.5), 10.0);
        assert_eq!(quantile(&times, 0.95), 19.0);
        assert_eq!(quantile(&[7.0], 0.95), 7.0);
        assert!(quantile(&[], 0.5).is_nan());
    }

    fn contestant(name: &str, program: &'static str) -> Contestant {
        Contestant::new(name, String::new(), move |_| Command::new(program))
    }

    #[test]
    fn what_hangs_is_killed_and_has_failed() {
        let limit = Duration::from_millis(50);
        assert_eq!(bounded(Command::new("sleep").arg("60"), limit, Stdio::null()), Ok(None));
        assert!(bounded(&mut Command::new("true"), LIMIT, Stdio::null()).unwrap().unwrap() < LIMIT);
    }

    #[test]
    fn who_cannot_do_the_task_is_left_out_by_name() {
        let (rows, notes) =
            interleaved(vec![contestant("able", "true"), contestant("lame", "false")], 1, 3).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].value("failed"), Some(0.0));
        assert!(rows[0].value("median_ms").unwrap() > 0.0);
        assert!(notes[0].starts_with("lame is left out: `false` failed"), "{notes:?}");
    }
}
