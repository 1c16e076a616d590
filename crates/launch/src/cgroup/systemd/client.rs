//! A connection to a bus, or to systemd itself where there is no bus.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::wire::{Body, BusMessage, Call, FIXED, Kind};
use super::{Bus, Property};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// A longer line is not one of the greeting.
const LONGEST_LINE: usize = 4096;
/// More messages than this between a question and its answer are none of a bus that works.
const MOST_OTHERS: usize = 10_000;

const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const BUS: (&str, &str) = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
const SYSTEMD: (&str, &str) = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1");
const JOBS: &str = "type='signal',interface='org.freedesktop.systemd1.Manager',member='JobRemoved'";

/// Why systemd did not do it.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It said so: the error's name, and its text.
    Said(String, String),
    /// Nothing sensible came.
    Lost(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Said(name, text) if text.is_empty() => formatter.write_str(name),
            Self::Said(_, text) | Self::Lost(text) => formatter.write_str(text),
        }
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        let errno = rustix::io::Errno::from_io_error(&error);
        Self::Lost(match (error.kind(), errno) {
            (std::io::ErrorKind::WouldBlock, _) => "it did not answer in 30 seconds".to_owned(),
            (_, Some(errno)) => crate::error::describe(errno),
            (_, None) => "it ended the connection".to_owned(),
        })
    }
}

/// A connection.
#[derive(Debug)]
pub(super) struct Client {
    socket: UnixStream,
    serial: u32,
    route: Route,
    /// Signals that came before an answer.
    signals: VecDeque<BusMessage>,
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Bus,
    Systemd,
}

impl Client {
    /// Connects, and says who we are: the kernel vouches for it.
    pub(super) fn connect(bus: Bus) -> Result<Self, Refusal> {
        let (path, private) = bus.sockets();
        let (socket, route) = match UnixStream::connect(&path) {
            Ok(socket) => (socket, Route::Bus),
            Err(error) => match UnixStream::connect(private) {
                Ok(socket) => (socket, Route::Systemd),
                Err(_) => {
                    let Refusal::Lost(why) = Refusal::from(error) else { return Err(nonsense()) };
                    return Err(Refusal::Lost(format!("no bus at `{}`: {why}", path.display())));
                }
            },
        };
        Self::greet(socket, route)
    }

    fn greet(socket: UnixStream, route: Route) -> Result<Self, Refusal> {
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let mut client = Self { socket, serial: 0, route, signals: VecDeque::new() };
        client.authenticate()?;
        if route == Route::Bus {
            client.call_bus("Hello", Body::default())?;
        }
        Ok(client)
    }

    /// SASL's EXTERNAL without an identity: it is who the socket says it is, in a user namespace as well.
    fn authenticate(&mut self) -> Result<(), Refusal> {
        self.socket.write_all(b"\0AUTH EXTERNAL\r\n")?;
        for _ in 0..4 {
            match self.line()?.split(' ').next() {
                Some("DATA") => self.socket.write_all(b"DATA\r\n")?,
                Some("OK") => return Ok(self.socket.write_all(b"BEGIN\r\n")?),
                _ => return Err(Refusal::Lost("it does not know us".to_owned())),
            }
        }
        Err(nonsense())
    }

    fn line(&mut self) -> Result<String, Refusal> {
        let mut line = Vec::new();
        let mut byte = [0];
        while line.len() < LONGEST_LINE {
            self.socket.read_exact(&mut byte)?;
            line.extend(byte);
            if let Some(whole) = line.strip_suffix(b"\r\n") {
                return String::from_utf8(whole.to_vec()).map_err(|_| nonsense());
            }
        }
        Err(nonsense())
    }

    fn call_bus(&mut self, member: &str, body: Body) -> Result<BusMessage, Refusal> {
        let (destination, path) = BUS;
        self.call(Call { destination: Some(destination), path, interface: destination, member, body })
    }

    /// Calls a method of systemd's manager.
    pub(super) fn manager(&mut self, member: &str, body: Body) -> Result<BusMessage, Refusal> {
        self.systemd(MANAGER, member, body)
    }

    fn systemd(&mut self, interface: &str, member: &str, body: Body) -> Result<BusMessage, Refusal> {
        let (name, path) = SYSTEMD;
        let destination = (self.route == Route::Bus).then_some(name);
        self.call(Call { destination, path, interface, member, body })
    }

    /// One of the manager's own properties, a text.
    pub(super) fn property(&mut self, name: &str) -> Result<String, Refusal> {
        let body = Body::default().text(MANAGER).text(name);
        let answer = self.systemd("org.freedesktop.DBus.Properties", "Get", body)?;
        answer.words.into_iter().next().ok_or_else(nonsense)
    }

    /// Asks to be told when jobs end.
    pub(super) fn follow_jobs(&mut self) -> Result<(), Refusal> {
        if self.route == Route::Bus {
            self.call_bus("AddMatch", Body::default().text(JOBS))?;
        }
        self.manager("Subscribe", Body::default()).map(drop)
    }

    /// Asks for a transient unit; the job that makes it.
    pub(super) fn start(
        &mut self,
        unit: &str,
        mode: &str,
        properties: &[Property],
    ) -> Result<String, Refusal> {
        let body = Body::default().text(unit).text(mode).properties(properties).no_other_units();
        let answer = self.manager("StartTransientUnit", body)?;
        answer.words.into_iter().next().ok_or_else(nonsense)
    }

    /// Waits for the end of a job: `done`, or what else became of it.
    pub(super) fn result(&mut self, job: &str) -> Result<String, Refusal> {
        for _ in 0..MOST_OTHERS {
            let signal = match self.signals.pop_front() {
                Some(signal) => signal,
                None => self.receive()?,
            };
            if let (Kind::Signal, "JobRemoved", [_, path, _, result, ..]) =
                (signal.kind, signal.member.as_str(), signal.words.as_slice())
                && path == job
            {
                return Ok(result.clone());
            }
        }
        Err(nonsense())
    }

    fn call(&mut self, call: Call<'_>) -> Result<BusMessage, Refusal> {
        self.serial += 1;
        self.socket.write_all(&call.encode(self.serial))?;
        for _ in 0..MOST_OTHERS {
            let message = self.receive()?;
            match message.kind {
                Kind::Answer if message.reply_to == Some(self.serial) => return Ok(message),
                Kind::Error if message.reply_to == Some(self.serial) => {
                    let text = message.words.into_iter().next().unwrap_or_default();
                    return Err(Refusal::Said(message.error, text));
                }
                Kind::Signal => self.signals.push_back(message),
                _ => {}
            }
        }
        Err(nonsense())
    }

    fn receive(&mut self) -> Result<BusMessage, Refusal> {
        let mut fixed = [0; FIXED];
        self.socket.read_exact(&mut fixed)?;
        let length = BusMessage::length(&fixed).ok_or_else(nonsense)?;
        let mut bytes = fixed.to_vec();
        bytes.resize(length, 0);
        self.socket.read_exact(bytes.get_mut(FIXED..).ok_or_else(nonsense)?)?;
        BusMessage::parse(&bytes).ok_or_else(nonsense)
    }
}

fn nonsense() -> Refusal {
    Refusal::Lost("what it says is not understood".to_owned())
}

#[cfg(test)]
mod tests;
