//! Sockets and networks of the host: abstract names, engine sockets, addresses.

use std::fs;
use std::net::TcpStream;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::Duration;

use crate::outcome::{Attack, Class, Options, Outcome, error_name, stopped_by};
use crate::report::surroundings::interfaces;

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "abstract-socket",
        class: Class::Sockets,
        tries: "see abstract sockets of the host, connect to the one of --socket (CVE-2020-15257)",
        run: abstract_socket,
    },
    Attack {
        name: "engine-socket",
        class: Class::Sockets,
        tries: "connect to the socket of a container engine",
        run: engine_socket,
    },
    Attack {
        name: "net-host",
        class: Class::Network,
        tries: "see the host's links, connect to the address of --connect",
        run: host_network,
    },
];

const ENGINES: [&str; 7] = [
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/run/coffer/coffer.sock",
    "/run/systemd/private",
];

/// Names only, where none is given: connecting to strangers' sockets might do harm.
fn abstract_socket(options: &Options) -> Outcome {
    let Some(name) = &options.socket else {
        let sockets = fs::read_to_string("/proc/net/unix").unwrap_or_default();
        return match abstract_names(&sockets) {
            0 => Outcome::stopped("no abstract socket is in sight"),
            count => Outcome::succeeded(format!("{count} abstract sockets are in sight")),
        };
    };
    let connected = SocketAddr::from_abstract_name(name).and_then(|name| UnixStream::connect_addr(&name));
    match connected {
        Ok(_) => Outcome::succeeded(format!("connected to @{name}")),
        Err(error) => stopped_by(&error),
    }
}

/// How many of /proc/net/unix are abstract: those whose path, the last column, begins with `@`.
fn abstract_names(sockets: &str) -> usize {
    sockets
        .lines()
        .filter(|line| line.split_whitespace().nth(7).is_some_and(|path| path.starts_with('@')))
        .count()
}

fn engine_socket(_: &Options) -> Outcome {
    Outcome::worst(ENGINES.map(|path| match UnixStream::connect(path) {
        Ok(_) => Outcome::succeeded(format!("connected to {path}")),
        Err(error) => Outcome::stopped(error_name(&error)),
    }))
}

fn host_network(options: &Options) -> Outcome {
    let links = interfaces();
    let Some(address) = options.connect else {
        let others: Vec<_> = links.into_iter().filter(|link| link != "lo").collect();
        return match others.is_empty() {
            true => Outcome::stopped("loopback is all there is"),
            false => Outcome::succeeded(format!("sees {}", others.join(" "))),
        };
    };
    match TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
        Ok(_) => Outcome::succeeded(format!("connected to {address}")),
        Err(error) => stopped_by(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abstract_sockets_are_told_from_paths_and_from_nameless_ones() {
        let table = "Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 123 /run/a\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 124 @/containerd-shim/x\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 125\n";
        assert_eq!(abstract_names(table), 1);
    }
}
