//! Small commands for tests, where the image has no shell.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{getegid, geteuid, getgid, getgroups, getuid};
use rustix::termios::{isatty, tcgetwinsize};
use sys::signal::{SignalSet, next_signal, set_mask, signalfd};

use crate::attacks::SELF;
use crate::{Ended, Failure, print, unrest};

/// Runs the tool of this name.
pub(crate) fn run(tool: &str, arguments: &[String]) -> Ended {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match (tool, words.as_slice()) {
        ("true", _) => Ok(0),
        ("false", _) => Ok(1),
        ("exit", [code]) => number(code),
        ("sleep", [seconds]) => sleep(seconds),
        ("echo", words) => print(&format!("{}\n", words.join(" "))),
        ("env", []) => print_environment(),
        ("id", []) => print_ids(),
        ("tty", []) => print_terminal(),
        ("cat", paths) => paths.iter().try_fold(0, |_, path| cat(path)),
        ("write", [path, words @ ..]) => write(path, words),
        ("link", [target, path]) => done(path, std::os::unix::fs::symlink(target, path)),
        ("fifo", [path]) => done(path, make_fifo(path)),
        ("bind", [from, to]) => done(to, rustix::mount::mount_bind(*from, *to).map_err(io::Error::from)),
        ("spy", [time]) => crate::spy::spy(time_of(time)?),
        ("overwrite", [time]) => crate::spy::overwrite(time_of(time)?),
        ("flood", [bytes]) => flood(number(bytes)?),
        ("signal-wait", []) => wait_for_signals(1),
        ("signal-wait", [count]) => wait_for_signals(number(count)?),
        ("spawn", [count]) => spawn(number(count)?),
        ("burn", []) => burn(),
        ("tick", []) => tick(),
        ("hold", [bytes]) => hold(number(bytes)?),
        ("fill", [path, bytes]) => fill(path, number(bytes)?),
        ("swap", [directory, link, target]) => unrest::swap(directory, link, target),
        ("breathe", [path]) => unrest::breathe(path),
        ("remove", paths) => paths.iter().try_fold(0, |_, path| unrest::remove(path)),
        _ => Err(Failure::Usage(format!("no command `{tool}` with {} arguments", words.len()))),
    }
}

/// A number from the command line.
pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::Usage(format!("`{text}` is no number that fits here")))
}

fn sleep(text: &str) -> Ended {
    thread::sleep(time_of(text)?);
    Ok(0)
}

/// At most a year.
fn time_of(text: &str) -> Result<Duration, Failure> {
    const YEAR: Duration = Duration::from_secs(31_536_000);
    let time = seconds(text).filter(|time| *time <= YEAR);
    time.ok_or_else(|| Failure::Usage(format!("`{text}` seconds are no time to sleep")))
}

/// A tool that is one call about one path.
fn done(path: &str, result: io::Result<()>) -> Ended {
    result.map(|()| 0).map_err(Failure::io(path))
}

fn make_fifo(path: &str) -> io::Result<()> {
    let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o666));
    Ok(rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0)?)
}

/// Whole seconds, or with up to nine digits after the point. Floating point would bring its tables along.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let nanoseconds = format!("{fraction:0<9}");
    let only_digits = nanoseconds.len() == 9 && nanoseconds.bytes().all(|digit| digit.is_ascii_digit());
    let nanoseconds = nanoseconds.parse().ok().filter(|_| only_digits)?;
    Some(Duration::new(whole.parse().ok()?, nanoseconds))
}

fn print_environment() -> Ended {
    let mut out = io::stdout().lock();
    for (name, value) in env::vars_os() {
        let line = [name.as_bytes(), b"=", value.as_bytes(), b"\n"].concat();
        out.write_all(&line).map_err(Failure::io("standard output"))?;
    }
    Ok(0)
}

fn print_ids() -> Ended {
    let groups = getgroups().unwrap_or_default();
    let groups: Vec<_> = groups.into_iter().map(|group| group.as_raw().to_string()).collect();
    let (uid, gid, euid, egid) = (getuid(), getgid(), geteuid(), getegid());
    let ids =
        format!("uid={} gid={} euid={} egid={}", uid.as_raw(), gid.as_raw(), euid.as_raw(), egid.as_raw());
    let groups = if groups.is_empty() { "none".to_owned() } else { groups.join(",") };
    print(&format!("{ids} groups={groups}\n"))
}

/// `tty ROWS COLUMNS` or `not a tty`.
fn print_terminal() -> Ended {
    let stdin = rustix::stdio::stdin();
    match tcgetwinsize(stdin) {
        Ok(size) if isatty(stdin) => print(&format!("tty {} {}\n", size.ws_row, size.ws_col)),
        _ => print("not a tty\n").map(|_| 1),
    }
}

fn cat(path: &str) -> Ended {
    let mut file = File::open(path).map_err(Failure::io(path))?;
    io::copy(&mut file, &mut io::stdout().lock()).map_err(Failure::io(path))?;
    Ok(0)
}

/// The words and a newline, or standard input where there are none.
fn write(path: &str, words: &[&str]) -> Ended {
    if words.is_empty() {
        let mut file = File::create(path).map_err(Failure::io(path))?;
        io::copy(&mut io::stdin().lock(), &mut file).map_err(Failure::io(path))?;
    } else {
        fs::write(path, format!("{}\n", words.join(" "))).map_err(Failure::io(path))?;
    }
    Ok(0)
}

/// Lines of 64 bytes, so that a log has something to count.
fn flood(mut bytes: usize) -> Ended {
    let line = [[b'x'; 63].as_slice(), b"\n"].concat();
    let block = line.repeat(1024);
    let mut out = io::stdout().lock();
    while bytes > 0 {
        let piece = block.get(..bytes).unwrap_or(&block);
        out.write_all(piece).map_err(Failure::io("standard output"))?;
        bytes -= piece.len();
    }
    Ok(0)
}

/// Says `ready`, then the name of each signal as it comes.
fn wait_for_signals(count: usize) -> Ended {
    let doing = || Failure::io("signals");
    set_mask(SignalSet::FULL).map_err(io::Error::from).map_err(doing())?;
    let signals = signalfd(SignalSet::FULL).map_err(io::Error::from).map_err(doing())?;
    print("ready\n")?;
    let mut seen = 0;
    while seen < count {
        let mut watched = [PollFd::new(&signals, PollFlags::IN)];
        poll(&mut watched, None).map_err(io::Error::from).map_err(doing())?;
        if let Some(signal) = next_signal(signals.as_fd()).map_err(io::Error::from).map_err(doing())? {
            print(&format!("{}\n", signal_name(signal)))?;
            seen += 1;
        }
    }
    Ok(0)
}

/// signal(7), the numbers that x86 and arm share.
fn signal_name(number: i32) -> String {
    let names = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
        "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
        "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];
    let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
    names.get(index).map_or_else(|| format!("signal {number}"), |name| format!("SIG{name}"))
}

/// Starts sleeping processes, says how many, and waits until they end.
fn spawn(count: usize) -> Ended {
    let mut children: Vec<Child> = Vec::new();
    for _ in 0..count {
        let mut command = Command::new(SELF);
        command.args(["sleep", "3600"]).stdin(Stdio::null()).stdout(Stdio::null());
        match command.spawn() {
            Ok(child) => children.push(child),
            Err(error) => {
                print(&format!("spawned {}: {}\n", children.len(), crate::outcome::error_name(&error)))?;
                return end(children);
            }
        }
    }
    print(&format!("spawned {count}\n"))?;
    for mut child in children {
        child.wait().map_err(Failure::io("a child"))?;
    }
    Ok(0)
}

/// Uses as much of a processor as it gets, for ever.
fn burn() -> Ended {
    loop {
        std::hint::spin_loop();
    }
}

/// Counts, a line each hundredth of a second, for ever.
fn tick() -> Ended {
    for count in 1_u64.. {
        print(&format!("{count}\n"))?;
        thread::sleep(Duration::from_millis(10));
    }
    Ok(0)
}

/// Has so many bytes in memory, says so, and stays.
fn hold(bytes: usize) -> Ended {
    // The kernel gives memory only to who writes to it, and a page of zeros for nothing.
    let held = std::hint::black_box(vec![1_u8; bytes]);
    print(&format!("holding {}\n", held.len()))?;
    thread::sleep(Duration::from_secs(3600));
    Ok(0)
}

/// Writes so many bytes to a file, and has them on the disk.
fn fill(path: &str, mut bytes: usize) -> Ended {
    let block = [b'x'; 64 << 10];
    let mut file = File::create(path).map_err(Failure::io(path))?;
    while bytes > 0 {
        let piece = block.get(..bytes).unwrap_or(&block);
        file.write_all(piece).map_err(Failure::io(path))?;
        bytes -= piece.len();
    }
    file.sync_data().map_err(Failure::io(path))?;
    print("on the disk\n")
}

fn end(children: Vec<Child>) -> Ended {
    for mut child in children {
        let (_killed, _reaped) = (child.kill(), child.wait());
    }
    Ok(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_the_names_of_their_manual_page() {
        assert_eq!(signal_name(1), "SIGHUP");
        assert_eq!(signal_name(15), "SIGTERM");
        assert_eq!(signal_name(28), "SIGWINCH");
        assert_eq!(signal_name(34), "signal 34");
        assert_eq!(signal_name(0), "signal 0");
    }

    #[test]
    fn exit_codes_are_those_that_a_process_can_have() {
        let exit = |code: &str| run("exit", &[code.to_owned()]);
        assert!(matches!(exit("255"), Ok(255)));
        assert!(matches!(exit("256"), Err(Failure::Usage(_))));
        assert!(matches!(exit("-1"), Err(Failure::Usage(_))));
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!(seconds("2"), Some(Duration::from_secs(2)));
        assert_eq!(seconds("0.25"), Some(Duration::from_millis(250)));
        for text in ["", ".", "-1", "1.-5", "1e3", "0.0000000001", "inf", "soon"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn nobody_sleeps_for_ever() {
        assert!(matches!(sleep("0"), Ok(0)));
        assert!(matches!(sleep("31536001"), Err(Failure::Usage(_))));
    }
}
