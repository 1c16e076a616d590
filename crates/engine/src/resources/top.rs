//! The processes of a container that runs, one by one.

use serde::Serialize;

use super::processes::{self, TICKS, kilobytes, parse_stat};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::explain::{id_map, parse_status};
use crate::state::{ProcDir, StateError, Status};

/// One process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopLine {
    /// Its number on this host.
    pub pid: i32,
    /// Its number in the container.
    pub inside: Option<i32>,
    /// Its user in the container; absent where the container's map does not hold it.
    pub user: Option<u32>,
    /// Thousandths of a processor, over its whole life.
    pub cpu: u64,
    /// Bytes that it has in memory, shared ones included.
    pub memory: u64,
    /// Seconds since its start.
    pub elapsed: u64,
    /// Program and arguments; the program's name in brackets where it has none.
    pub command: Vec<String>,
}

impl Engine {
    /// The processes of a container that runs, by their numbers.
    ///
    /// # Errors
    /// As [`Engine::container`]; [`StateError::NotRunning`].
    pub fn top(&self, text: &str) -> Result<Vec<TopLine>, EngineError> {
        let record = self.container(text)?;
        if !matches!(record.status, Status::Running { .. }) {
            return Err(StateError::NotRunning(record.name).into());
        }
        let uptime = std::fs::read_to_string("/proc/uptime").map_err(EngineError::io("read the uptime"))?;
        let uptime = ticks(&uptime);
        Ok(processes::of(&record).into_iter().filter_map(|pid| line(pid, uptime)).collect())
    }
}

/// `None` for a process that ended meanwhile.
fn line(pid: i32, uptime: u64) -> Option<TopLine> {
    let process = ProcDir::of(pid)?;
    let times = parse_stat(&process.read("stat").ok()?)?;
    let status = process.text("status")?;
    let life = uptime.saturating_sub(times.started);
    Some(TopLine {
        pid,
        inside: inside(&status),
        user: user(&process, parse_status(&status).uid),
        cpu: times.own.saturating_mul(1000).checked_div(life).unwrap_or(0),
        memory: kilobytes(&status, "VmRSS").unwrap_or(0),
        elapsed: life / TICKS,
        command: command(&process, &status),
    })
}

/// `12345.67 ...`: seconds and hundredths, which are clock ticks.
fn ticks(uptime: &str) -> u64 {
    let (seconds, rest) = uptime.split_once('.').unwrap_or((uptime, ""));
    let hundredths = rest.get(..2).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    seconds.trim().parse().unwrap_or(0_u64).saturating_mul(TICKS).saturating_add(hundredths)
}

/// `NSpid: 4711 1`: the last is that of the innermost namespace.
fn inside(status: &str) -> Option<i32> {
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    line.split_ascii_whitespace().next_back()?.parse().ok()
}

/// What an id of ours is in the process's own user namespace.
fn user(process: &ProcDir, uid: u32) -> Option<u32> {
    let map = process.text("uid_map")?;
    id_map(&map).into_iter().find_map(|(inside, outside, count)| {
        let distance = uid.checked_sub(outside).filter(|distance| *distance < count)?;
        inside.checked_add(distance)
    })
}

fn command(process: &ProcDir, status: &str) -> Vec<String> {
    let line = process.read("cmdline").unwrap_or_default();
    // A server that shows what it does in its command line leaves the rest of it empty.
    let end = line.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let text = line.get(..end).unwrap_or_default();
    if text.is_empty() {
        let name = status.lines().find_map(|line| line.strip_prefix("Name:")).unwrap_or_default();
        return vec![format!("[{}]", name.trim())];
    }
    text.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_described() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let line = line(pid, ticks(&std::fs::read_to_string("/proc/uptime").unwrap())).unwrap();
        assert_eq!((line.pid, line.user), (pid, Some(rustix::process::geteuid().as_raw())));
        assert!(line.memory > 0 && line.elapsed < 3600 && !line.command.is_empty(), "{line:?}");
        assert!(super::line(i32::MAX, 0).is_none());
    }

    #[test]
    fn uptime_is_counted_in_ticks() {
        assert_eq!(ticks("12.34 56.78\n"), 1234);
        assert_eq!((ticks("12"), ticks(""), ticks("x.y")), (1200, 0, 0));
    }

    #[test]
    fn the_innermost_number_is_the_container_s() {
        assert_eq!(inside("Pid:\t9\nNSpid:\t4711\t52\t1\n"), Some(1));
        assert_eq!(inside("Pid:\t9\n"), None);
    }
}
