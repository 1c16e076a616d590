//! `events`: what a container uses, and when it has no memory left, as JSON lines of runc's form.

mod numbers;

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use launch::cgroup::{Group, Noticed, OomWatch};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use serde::Serialize;

use super::{Command, Outcome, print};
use crate::error::Failure;
use crate::globals::Globals;
use crate::json;
use crate::options::{Given, Opt, OptionsEnd, switch, value};
use crate::process::Alive;
use crate::state::{Container, Status};
use numbers::Numbers;

pub(crate) const COMMAND: Command = Command {
    name: "events",
    arguments: "CONTAINER",
    about: "print what a container uses, and when it has no memory left, until it ends",
    options: OPTIONS,
    end: OptionsEnd::Nowhere,
    examples: &["events --interval 1s web", "events --stats web"],
    run,
};

const OPTIONS: &[Opt] = &[
    value("interval", None, "DURATION", "how often, such as 500ms or 1m30s (default: 5s)"),
    switch("stats", None, "print once what it uses, and no more"),
];

const INTERVAL: Duration = Duration::from_secs(5);

/// One line.
#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Numbers>,
}

fn run(globals: &Globals, given: &Given) -> Outcome {
    let container = Container::find(&globals.root, given.only_container()?)?;
    let interval = match given.value("interval") {
        None => INTERVAL,
        Some(text) => duration(text)
            .filter(|interval| !interval.is_zero())
            .ok_or_else(|| given.wrong(format!("`--interval` takes a duration such as 5s, not `{text}`")))?,
    };
    let record = container.expect("watch", &[Status::Created, Status::Running, Status::Paused])?;
    let group = record.group().ok_or_else(|| Failure::NoGroup(container.id.clone()))?;
    if given.is_on("stats") {
        return tell_numbers(&container.id, &group);
    }
    let Some(first) = container.process(&record)? else { return Err(Failure::NotRunning(container.id)) };
    watch(&container.id, &group, &first, interval)
}

fn tell_numbers(id: &str, group: &Group) -> Outcome {
    print(&json::line(&Event { kind: "stats", id, data: Some(Numbers::from(group.stats())) }))
}

/// Until the container ends.
fn watch(id: &str, group: &Group, first: &Alive, interval: Duration) -> Outcome {
    let mut lack = group.oom()?;
    let mut next = Instant::now() + interval;
    loop {
        let left = next.saturating_duration_since(Instant::now());
        let ended = await_something(first, &lack, left).map_err(Failure::system("wait for container", id))?;
        match lack.take() {
            Noticed::Kills(times) => {
                for _ in 0..times {
                    print(&json::line(&Event { kind: "oom", id, data: None }))?;
                }
            }
            Noticed::Gone => return Ok(0),
            Noticed::Nothing => {}
        }
        if ended == Ended::Yes {
            return Ok(0);
        }
        if Instant::now() >= next {
            tell_numbers(id, group)?;
            next += interval;
        }
    }
}

/// Whether the first process has ended, or nobody reads any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Yes,
    No,
}

fn await_something(first: &Alive, lack: &OomWatch, time: Duration) -> Result<Ended, Errno> {
    let mut waits = [
        PollFd::new(&first.pidfd, PollFlags::IN),
        // Whoever reads the answers may have gone.
        PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::empty()),
        PollFd::from_borrowed_fd(lack.as_fd(), PollFlags::IN),
    ];
    let time = Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    };
    match poll(&mut waits, Some(&time)) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(errno) => return Err(errno),
    }
    let [first, reader, _] = &waits;
    let neither = first.revents().is_empty() && reader.revents().is_empty();
    Ok(if neither { Ended::No } else { Ended::Yes })
}

/// Go's form: numbers, each with its unit.
fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 6] =
        [("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at_checked(digits)?;
        let (unit, factor) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        seconds += number.parse::<f64>().ok()? * factor;
        rest = after.strip_prefix(unit)?;
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(seconds).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_go_s() {
        let cases = [("5s", 5000), ("500ms", 500), ("1m30s", 90_000), ("1.5s", 1500), ("1h", 3_600_000)];
        for (text, millis) in cases {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "s", "-1s", "5 s", "1s2", "1e400h", ".s", "5ß"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_duration_or_none(text in ".{0,20}") {
            let _either = duration(&text);
        }
    }
}
