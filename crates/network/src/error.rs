//! Why packets cannot be carried: which port or device, the kernel's answer, and what to do about it.

use std::io;

use model::publish::Publish;
use rustix::io::Errno;

/// Ports that cannot be published, or a way out that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// Another process has the port.
    #[error("port {} of {} is in use already", .port.host_port, .port.address)]
    InUse {
        /// The port.
        port: Publish,
    },
    /// The port belongs to root.
    #[error("port {} of {} is root's: users have those from {first} on", .port.host_port, .port.address)]
    Privileged {
        /// The port.
        port: Publish,
        /// `net.ipv4.ip_unprivileged_port_start`.
        first: u16,
    },
    /// The host does not have the address.
    #[error("{} is no address of this host", .port.address)]
    NoAddress {
        /// The port.
        port: Publish,
    },
    /// The kernel refused for another reason.
    #[error("cannot listen on {}: {source}", .port.host())]
    Listen {
        /// The port.
        port: Publish,
        /// The kernel's answer.
        source: io::Error,
    },
    /// More ports than descriptors.
    #[error("{count} ports cannot be published at once: this process may have {limit} open files")]
    TooMany {
        /// How many ports.
        count: usize,
        /// Descriptors that a process may have.
        limit: u64,
    },
    /// No descriptor for a connection.
    #[error("no connection can be carried outward: this process may have {limit} open files")]
    FewFiles {
        /// Descriptors that a process may have.
        limit: u64,
    },
    /// The container's network device cannot be made.
    #[error("cannot make the container's network device: {0}")]
    Device(io::Error),
    /// The kernel does not say which addresses are the host's own.
    #[error("cannot ask the kernel for the host's routes: {0}")]
    Routes(io::Error),
    /// The process cannot be made.
    #[error("cannot make {}: {source}", .errand.who())]
    Fork {
        /// What it is for.
        errand: Errand,
        /// The kernel's answer.
        source: io::Error,
    },
    /// It could not give up its rights.
    #[error("{} could not {}: {source}", .errand.who(), .step.describe())]
    Confine {
        /// What it is for.
        errand: Errand,
        /// Where it failed.
        step: Confining,
        /// The kernel's answer.
        source: io::Error,
    },
    /// It ended before it was ready.
    #[error("{} ended before it was ready", .errand.who())]
    Died {
        /// What it is for.
        errand: Errand,
    },
}

/// What a process of ours does for a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// It forwards published ports.
    Ports,
    /// It carries what the container sends outward.
    Outbound,
}

impl Errand {
    /// Who does it, in a sentence.
    #[must_use]
    pub fn who(self) -> &'static str {
        match self {
            Self::Ports => "the process that forwards ports",
            Self::Outbound => "the process that carries connections outward",
        }
    }
}

macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident = $text:literal,)+) => {
        /// What such a process does before it works, in this order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Confining { $($(#[$doc])* $step),+ }

        impl Confining {
            const ALL: &[Self] = &[$(Self::$step),+];

            /// What could not be done, as it follows `could not`.
            #[must_use]
            pub fn describe(self) -> &'static str {
                match self { $(Self::$step => $text),+ }
            }
        }
    };
}

steps! {
    /// Signals are not for it.
    Signals = "block its signals",
    /// Its keeper's streams and descriptors.
    Descriptors = "close what it does not need",
    /// Room for its connections.
    OpenFiles = "raise its limit on open files",
    /// Where it connects.
    Namespace = "enter the container's network",
    /// Bounding set, ids, all sets.
    Rights = "give up its rights",
    /// Its end is its keeper's.
    Keeper = "bind itself to its keeper",
    /// No file at all.
    Landlock = "close every file with Landlock",
    /// Two dozen calls.
    Seccomp = "install its system call filter",
}

impl Confining {
    /// A byte for the pipe to the keeper.
    pub(crate) fn to_byte(self) -> u8 {
        let place = Self::ALL.iter().position(|step| *step == self);
        place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }
}

impl NetworkError {
    /// What bind(2) answered for a port.
    pub(crate) fn listen(port: &Publish) -> impl FnOnce(Errno) -> Self {
        let port = *port;
        move |errno| match errno {
            Errno::ADDRINUSE => Self::InUse { port },
            Errno::ADDRNOTAVAIL => Self::NoAddress { port },
            Errno::ACCESS => Self::Privileged { port, first: first_unprivileged_port() },
            errno => Self::Listen { port, source: errno.into() },
        }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "E-network-port-in-use",
            Self::Privileged { .. } => "E-network-port-privileged",
            Self::NoAddress { .. } => "E-network-address",
            Self::Listen { .. } => "E-network-listen",
            Self::TooMany { .. } => "E-network-ports",
            Self::Device(_) => "E-network-device",
            Self::FewFiles { .. } | Self::Routes(_) => "E-network-outbound",
            Self::Fork { errand, .. } | Self::Confine { errand, .. } | Self::Died { errand } => {
                match errand {
                    Errand::Ports => "E-network-forwarder",
                    Errand::Outbound => "E-network-outbound",
                }
            }
        }
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::InUse { port } => format!(
                "`ss -lnp 'sport = :{}'` says who has it; or publish another: `-p {}`",
                port.host_port,
                elsewhere(port, port.host_port.checked_add(1).unwrap_or(8080))
            ),
            Self::Privileged { port, first } => format!(
                "publish one from {first} on: `-p {}`\nor let users have it: `sysctl net.ipv4.ip_unprivileged_port_start={}`",
                elsewhere(port, unprivileged(port, *first)),
                port.host_port
            ),
            Self::NoAddress { .. } => "`ip -brief address` lists this host's addresses".to_owned(),
            Self::Listen { .. } => "`coffer system check` says what this host lacks".to_owned(),
            Self::TooMany { .. } => "publish fewer, or raise the limit: `ulimit -n`".to_owned(),
            Self::FewFiles { .. } => "raise the limit: `ulimit -n`".to_owned(),
            Self::Device(source) => device_remedy(source),
            Self::Routes(_) => "`coffer system check` says what this host lacks".to_owned(),
            Self::Fork { errand, .. } | Self::Confine { errand, .. } | Self::Died { errand } => {
                let option = match errand {
                    Errand::Ports => "-p",
                    Errand::Outbound => "--network outbound",
                };
                format!("`coffer system check` says what this host lacks; without `{option}` it needs none")
            }
        }
    }
}

/// Mostly it is the module that is missing, or the file that is only root's.
fn device_remedy(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::PermissionDenied => {
            "let users open it, as most distributions do: `chmod 0666 /dev/net/tun`".to_owned()
        }
        io::ErrorKind::NotFound => "load the kernel's module: `modprobe tun`".to_owned(),
        _ => {
            "`ls -l /dev/net/tun` and `lsmod` say whether this host has the kernel's module `tun`".to_owned()
        }
    }
}

/// The same with another port of the host, as typed after `-p`.
fn elsewhere(port: &Publish, host_port: u16) -> String {
    let option = Publish { host_port, ..*port }.option();
    option.trim_start_matches("-p ").to_owned()
}

/// 80 becomes 8080, and what would still be too low the first that is not.
fn unprivileged(port: &Publish, first: u16) -> u16 {
    port.host_port.checked_add(8000).unwrap_or(first).max(first)
}

/// 1024 where it cannot be read.
fn first_unprivileged_port() -> u16 {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    text.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(1024)
}

#[cfg(test)]
mod tests {
    use model::publish::{LOOPBACK, Protocol};

    use super::*;

    #[test]
    fn a_step_survives_the_pipe() {
        for step in Confining::ALL {
            assert_eq!(Confining::from_byte(step.to_byte()), Some(*step));
        }
        assert_eq!(Confining::from_byte(u8::MAX), None);
    }

    #[test]
    fn a_port_that_cannot_be_had_is_answered_with_one_that_can() {
        let port = Publish { address: LOOPBACK, host_port: 80, port: 8000, protocol: Protocol::Udp };
        let error = NetworkError::Privileged { port, first: 1024 };
        assert_eq!(error.to_string(), "port 80 of 127.0.0.1 is root's: users have those from 1024 on");
        assert!(error.remedy().starts_with("publish one from 1024 on: `-p 127.0.0.1:8080:8000/udp`\n"));
        let error = NetworkError::listen(&port)(Errno::ADDRINUSE);
        assert_eq!(error.to_string(), "port 80 of 127.0.0.1 is in use already");
        assert!(error.remedy().ends_with("or publish another: `-p 127.0.0.1:81:8000/udp`"));
    }
}
