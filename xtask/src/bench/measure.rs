//! Wall time from spawn to exit, many times, and what is said about it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::bench::results::Row;
use crate::shell::{self, Outcome};

/// Somebody who does the task once, each time it is asked.
pub(crate) struct Contestant {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The command of one round; the argument is unique to the round.
    pub(crate) command: Box<dyn Fn(usize) -> Command>,
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
            let elapsed = timed(&mut (contestant.command)(round))?;
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
        match shell::capture(&mut (contestant.command)(0)) {
            Ok(_) => able.push(contestant),
            Err(error) => notes.push(format!("{} is left out: {error}", contestant.name)),
        }
    }
    (able, notes)
}

/// How long the command took from spawn to exit; `None` if it failed.
pub(crate) fn timed(command: &mut Command) -> Outcome<Option<Duration>> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begin = Instant::now();
    let status = command.status().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    let elapsed = begin.elapsed();
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
        let command = Box::new(move |_| Command::new(program));
        Contestant { name: name.to_owned(), version: String::new(), command }
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
