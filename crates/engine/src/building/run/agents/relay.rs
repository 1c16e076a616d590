//! What passes between a step and an agent (draft-ietf-sshm-ssh-agent): whole messages, one request and one
//! answer at a time, and no request but those that sign.

use std::io::{self, Read, Write};
use std::os::fd::AsFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use model::spec::{Seccomp, SeccompAction, SeccompArg, SeccompOp, SeccompRule, Text};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::AddressFamily;

/// Connections of one step at a time.
const MOST_CLIENTS: usize = 16;
/// Bytes of one message, as OpenSSH has it.
const MOST_BYTES: u32 = 256 << 10;

/// `SSH_AGENT_FAILURE`
const FAILURE: u8 = 5;
/// `SSH_AGENTC_REQUEST_IDENTITIES`
const REQUEST_IDENTITIES: u8 = 11;
/// `SSH_AGENTC_SIGN_REQUEST`
const SIGN_REQUEST: u8 = 13;
/// `SSH_AGENTC_EXTENSION`
const EXTENSION: u8 = 27;
/// The one extension that takes rights away: it binds a connection to the host that it is for.
const SESSION_BIND: &[u8] = b"session-bind@openssh.com";

/// System calls, each for a reason; all others fail.
const CALLS: [(&str, &str); 19] = [
    ("accept4", "clients come"),
    ("brk", "memory"),
    ("close", "connections end"),
    ("connect", "to the agent"),
    ("exit", "its end"),
    ("exit_group", "its end"),
    ("futex", "the allocator's locks"),
    ("madvise", "memory"),
    ("mmap", "memory"),
    ("mremap", "memory"),
    ("munmap", "memory"),
    ("poll", "waiting"),
    ("ppoll", "waiting"),
    ("read", "messages"),
    ("recvfrom", "messages"),
    ("restart_syscall", "a wait that was interrupted"),
    ("rt_sigreturn", "its end"),
    ("sendto", "messages"),
    ("write", "messages"),
];

/// The profile of its system call filter.
pub(super) fn profile() -> Seccomp {
    let allow =
        |names: Vec<Text>, args| SeccompRule { names, action: SeccompAction::Allow, errno_ret: None, args };
    let family = AddressFamily::UNIX.as_raw().into();
    let unix = SeccompArg { index: 0, value: family, value_two: 0, op: SeccompOp::Equal };
    Seccomp {
        default_action: SeccompAction::Errno,
        default_errno_ret: None,
        syscalls: vec![
            allow(CALLS.iter().map(|(name, _)| Text::Borrowed(name)).collect(), Vec::new()),
            allow(vec![Text::Borrowed("socket")], vec![unix]),
        ],
        ..Seccomp::default()
    }
}

/// A connection of the step, and its own one to the agent: what binds a session binds one connection.
struct Client {
    step: UnixStream,
    agent: UnixStream,
}

/// Serves until it is killed.
pub(super) fn run(listener: &UnixListener, agent: &Path) {
    let mut clients: Vec<Client> = Vec::new();
    loop {
        let mut watched: Vec<PollFd<'_>> =
            clients.iter().map(|client| PollFd::new(&client.step, PollFlags::IN)).collect();
        if clients.len() < MOST_CLIENTS {
            watched.push(PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN));
        }
        match poll(&mut watched, None) {
            Err(Errno::INTR) => continue,
            Err(_) => return,
            Ok(_) => {}
        }
        let ready: Vec<bool> = watched.iter().map(|one| !one.revents().is_empty()).collect();
        drop(watched);
        let mut asked = ready.iter();
        clients.retain_mut(|client| !asked.next().is_some_and(|ready| *ready) || client.exchange().is_ok());
        if asked.next().is_some_and(|ready| *ready) {
            let accepted = listener.accept().and_then(|(step, _)| {
                let agent = UnixStream::connect(agent)?;
                Ok(Client { step, agent })
            });
            // A step that asks an agent that is gone finds its connection closed.
            clients.extend(accepted);
        }
    }
}

impl Client {
    /// One request and its answer.
    fn exchange(&mut self) -> io::Result<()> {
        exchange(&mut self.step, &mut self.agent)
    }
}

fn exchange(step: &mut (impl Read + Write), agent: &mut (impl Read + Write)) -> io::Result<()> {
    let request = receive(step)?;
    if !is_allowed(&request) {
        return send(step, &[FAILURE]);
    }
    send(agent, &request)?;
    let answer = receive(agent)?;
    send(step, &answer)
}

fn is_allowed(request: &[u8]) -> bool {
    match request.split_first() {
        Some((&REQUEST_IDENTITIES | &SIGN_REQUEST, _)) => true,
        Some((&EXTENSION, rest)) => {
            let length = (SESSION_BIND.len() as u32).to_be_bytes();
            rest.strip_prefix(length.as_slice()).is_some_and(|rest| rest.starts_with(SESSION_BIND))
        }
        _ => false,
    }
}

/// Its length comes first, and is believed only as far as bytes come.
fn receive(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length == 0 || length > MOST_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = Vec::new();
    from.take(length.into()).read_to_end(&mut message)?;
    if message.len() == length as usize { Ok(message) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn send(to: &mut impl Write, message: &[u8]) -> io::Result<()> {
    let length = u32::try_from(message.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    to.write_all(&[length.to_be_bytes().as_slice(), message].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads what was put in, and keeps what is written.
    struct End(io::Cursor<Vec<u8>>, Vec<u8>);

    impl End {
        fn with(message: &[u8]) -> Self {
            let mut bytes = Vec::new();
            send(&mut bytes, message).unwrap();
            Self(io::Cursor::new(bytes), Vec::new())
        }
    }

    impl Read for End {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for End {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What the step and the agent hear.
    fn heard(request: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut step, mut agent) = (End::with(request), End::with(b"answer"));
        exchange(&mut step, &mut agent).unwrap();
        (step.1, agent.1)
    }

    #[test]
    fn requests_to_sign_pass_and_no_others() {
        let bind = [&[EXTENSION, 0, 0, 0, 24], SESSION_BIND, b"key"].concat();
        for request in [vec![REQUEST_IDENTITIES], vec![SIGN_REQUEST, 1, 2], bind] {
            let (step, agent) = heard(&request);
            assert!(step.ends_with(b"answer") && agent.ends_with(&request));
        }
        let query = [&[EXTENSION, 0, 0, 0, 5], b"query".as_slice()].concat();
        // Add, remove, remove all, add a token's, lock, unlock.
        for request in [vec![17], vec![18], vec![19], vec![20], vec![22, 0], vec![23, 0], query] {
            let (step, agent) = heard(&request);
            assert_eq!((step.as_slice(), agent.as_slice()), (&[0, 0, 0, 1, FAILURE][..], &[][..]));
        }
    }

    #[test]
    fn a_message_is_as_long_as_it_says_and_never_longer_than_any() {
        let read = |bytes: &[u8]| receive(&mut io::Cursor::new(bytes.to_vec()));
        assert_eq!(read(&[0, 0, 0, 1, 7, 8]).unwrap(), [7]);
        for bad in [&[0, 0, 0, 0][..], &[0, 4, 0, 1], &[0xff; 8], &[0, 0, 0, 2, 1], &[0, 0]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_call_has_a_reason_and_none_opens_anything() {
        assert!(CALLS.windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted");
        assert!(CALLS.iter().all(|(_, reason)| !reason.is_empty()));
        for name in ["open", "openat", "execve", "clone", "clone3", "bind", "sendmsg", "recvmsg", "ptrace"] {
            assert!(CALLS.iter().all(|(allowed, _)| *allowed != name), "{name}");
        }
    }
}
