//! Published ports: who is reached through them, who is not, and what is left when the container is gone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use conversation::Session;
use harness::{Traces, assert_no_rights, containers, entries, find, pid_of, session, start, text, until};

/// A container that sends back what it is sent, until the test is done with it.
struct Served {
    session: Session,
    keeper: Child,
}

impl Served {
    /// `options` as typed after `run`; the container is called `web` and serves on port 80.
    fn with(options: &str, protocol: &str) -> Self {
        let session = session();
        let line = format!("run --name web {options} probe:1 /bin/probe serve 80{protocol}");
        let keeper = start(&session, &line);
        pid_of(&session, "web");
        Self { session, keeper }
    }

    /// Where the port is reached.
    fn at(&self, port: &str) -> SocketAddr {
        text(&self.session.coffer(["port", "web", port])).trim().parse().unwrap()
    }

    /// Processes that forward for it.
    fn forwarders(&self) -> Vec<PathBuf> {
        let ours = |directory: &PathBuf| {
            let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap_or_default();
            let parent = format!("PPid:\t{}\n", self.keeper.id());
            read("comm") == "coffer-ports\n" && read("status").contains(&parent)
        };
        let processes = entries("/proc".as_ref()).into_iter().map(|name| PathBuf::from("/proc").join(name));
        processes.filter(ours).collect()
    }

    /// Ends the container and sees that nothing is left: its forwarder, its port, its traces.
    fn end(mut self, at: SocketAddr) {
        let forwarders = self.forwarders();
        assert_eq!(forwarders.len(), 1);
        assert!(self.session.coffer(["rm", "-f", "web"]).status.success());
        self.keeper.wait().unwrap();
        assert!(forwarders.iter().all(|process| !process.exists()), "the forwarder outlives the container");
        TcpListener::bind(at).unwrap();
        Traces::of(&self.session).are_gone();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ended_already = self.session.coffer(["rm", "-f", "web"]);
        let _reaped_already = self.keeper.wait();
    }
}

/// Says something and hears it again; the container may not listen yet.
fn echoes(at: SocketAddr, words: &[u8]) -> bool {
    let talk = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(at)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(words)?;
        stream.shutdown(Shutdown::Write)?;
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard)?;
        Ok(heard)
    };
    talk().is_ok_and(|heard| heard == words)
}

#[test]
fn privileged_a_port_is_published_on_loopback_and_gone_with_the_container() {
    let served = Served::with("-p 80", "");
    let at = served.at("80");
    assert_eq!(at.ip(), Ipv4Addr::LOCALHOST);
    until("the container answers", || echoes(at, b"ping"));
    // No request has been lost to the other direction's end, however long it is.
    assert!(echoes(at, &vec![b'x'; 3_000_000]));

    let listed = text(&served.session.coffer(["port", "web"]));
    assert_eq!(listed, format!("80/tcp -> {at}\n"));
    let shown = text(&served.session.coffer(["ps"]));
    assert!(shown.contains(&format!("{at}->80")), "{shown}");
    let inspected: serde_json::Value =
        serde_json::from_slice(&served.session.coffer(["inspect", "web"]).stdout).unwrap();
    let expected = serde_json::json!([
        {"address": "127.0.0.1", "host_port": at.port(), "port": 80, "protocol": "tcp"}
    ]);
    assert_eq!(find(&inspected, "ports"), Some(&expected));
    assert_eq!(find(&inspected, "exceptions"), Some(&serde_json::json!([])));
    served.end(at);
}

#[test]
fn privileged_the_forwarder_has_no_rights_and_nothing_but_its_sockets() {
    let served = Served::with("-p 80 -p 81/udp", "");
    let forwarders = served.forwarders();
    let [process] = forwarders.as_slice() else { panic!("{forwarders:?}") };
    assert_no_rights(process);
    // Not dumpable: its directory is root's, whoever it has become.
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&process.join("maps").metadata().unwrap()), 0);
    let target = |name: String| {
        let link = std::fs::read_link(process.join("fd").join(name)).unwrap();
        link.to_str().unwrap().split(':').next().unwrap().to_owned()
    };
    let open: Vec<String> = entries(&process.join("fd")).into_iter().map(target).collect();
    let kinds: BTreeSet<&str> = open.iter().map(String::as_str).collect();
    assert_eq!(kinds, BTreeSet::from(["/dev/null", "anon_inode", "socket"]));
    assert_eq!(open.len(), 3 + 1 + 2, "streams, container, two listeners: {open:?}");
    let container = pid_of(&served.session, "web");
    let network = |pid: PathBuf| std::fs::read_link(pid.join("ns/net")).unwrap();
    assert_eq!(network(process.clone()), network(PathBuf::from(format!("/proc/{container}"))));
}

#[test]
fn privileged_a_hundred_clients_are_served_at_once() {
    let served = Served::with("-p 80", "");
    let at = served.at("80");
    until("the container answers", || echoes(at, b"ping"));
    let mut clients: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(at).unwrap()).collect();
    for (number, client) in (0_u8..).zip(&mut clients) {
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        client.write_all(&[number; 1000]).unwrap();
    }
    // All of them are open until the last one has heard its own.
    for (number, client) in (0_u8..).zip(&mut clients) {
        let mut heard = [0; 1000];
        client.read_exact(&mut heard).unwrap();
        assert_eq!(heard, [number; 1000]);
    }
    drop(clients);
    served.end(at);
}

#[test]
fn privileged_datagrams_are_carried_both_ways() {
    let served = Served::with("-p 80/udp", " udp");
    let at = served.at("80/udp");
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    client.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    client.connect(at).unwrap();
    let mut heard = [0; 100];
    until("the container answers", || {
        client.send(b"ping").unwrap();
        client.recv(&mut heard).is_ok_and(|length| heard.starts_with(b"ping") && length == 4)
    });
    served.end(at);
}

#[test]
fn privileged_another_address_is_an_exception_that_is_recorded() {
    let served = Served::with("-p 0.0.0.0::80 --exposure internal", "");
    let at = served.at("80");
    assert_eq!(at.ip(), Ipv4Addr::UNSPECIFIED);
    until("the container answers", || echoes(SocketAddr::from((Ipv4Addr::LOCALHOST, at.port())), b"ping"));
    let shown = served.session.coffer(["ledger", "show", "--filter", "kind=permit", "--format", "json"]);
    let permits: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let exceptions = find(&permits, "exceptions").unwrap();
    assert_eq!(
        exceptions,
        &serde_json::json!([{
            "id": "published-port", "asked_by": "-p 0.0.0.0:0:80",
            "detail": "is published beyond loopback, at 0.0.0.0:0"
        }])
    );
    let refused = served.session.coffer([
        "run",
        "--policy",
        "restricted",
        "-u",
        "1000:1000",
        "-p",
        "0.0.0.0::80",
        "probe:1",
        "/bin/probe",
        "true",
    ]);
    assert_eq!(refused.status.code(), Some(125));
}

#[test]
fn privileged_a_port_in_use_fails_the_start_and_says_who_has_it() {
    let served = Served::with("-p 80", "");
    let at = served.at("80");
    let stranger = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = stranger.local_addr().unwrap().port();
    let run = |port: u16| {
        let publish = format!("{port}:80");
        let output = served.session.coffer(["run", "--rm", "-p", &publish, "probe:1", "/bin/probe", "true"]);
        (output.status.code(), served.session.said(&output))
    };
    let (code, said) = run(port);
    assert_eq!(code, Some(125));
    let first = format!("coffer: port {port} of 127.0.0.1 is in use already [E-network-port-in-use]");
    assert_eq!(said.lines().next(), Some(first.as_str()));
    assert!(said.contains(&format!("`ss -lnp 'sport = :{port}'` says who has it")), "{said}");
    let (code, said) = run(at.port());
    assert_eq!(code, Some(125));
    assert!(said.contains("is published by `web` already [E-network-port-in-use]"), "{said}");
    assert!(said.contains("`coffer rm -f web`"), "{said}");
    drop(stranger);
    assert_eq!(run(port).0, Some(0));
    assert_eq!(containers(&served.session).len(), 1);
}

#[test]
fn privileged_the_forwarder_ends_when_its_keeper_is_killed() {
    let mut served = Served::with("-p 80", "");
    let at = served.at("80");
    until("the container answers", || echoes(at, b"ping"));
    let forwarders = served.forwarders();
    assert_eq!(forwarders.len(), 1);
    served.keeper.kill().unwrap();
    served.keeper.wait().unwrap();
    until("the forwarder ends", || forwarders.iter().all(|process| !process.exists()));
    until("the port is free", || TcpListener::bind(at).is_ok());
}

#[test]
fn privileged_ports_that_cannot_be_are_answered_with_what_can() {
    session().holds(
        "
$ coffer run --rm --network host -p 8080:80 probe:1 /bin/probe true
coffer: `-p 127.0.0.1:8080:80` has no effect with `--network host`: its ports are the host's already [E-policy-request]
  leave out `-p 127.0.0.1:8080:80`, or `--network host`
exit 125
$ coffer run --rm -p 8080:80 -p 8080:81 probe:1 /bin/probe true
coffer: 127.0.0.1:8080 is published twice, by `-p 127.0.0.1:8080:80` and by `-p 127.0.0.1:8080:81` [E-policy-request]
  publish each on a port of its own
exit 125
$ coffer run --rm -p 203.0.113.7:8080:80 probe:1 /bin/probe true
coffer: 203.0.113.7 is no address of this host [E-network-address]
  `ip -brief address` lists this host's addresses
exit 125
$ coffer run --rm -p localhost:80 probe:1 /bin/probe true
coffer: `localhost:80` does not work for `--publish`: `localhost` is no port [E-cli-value]
  right would be: [ADDRESS:][HOST_PORT:]PORT[/tcp|udp], such as 8080:80 or 127.0.0.1:5353:53/udp
exit 125
$ coffer run --name done -p 80 probe:1 /bin/probe true
$ coffer port done
$ coffer port done 80
coffer: port 80/tcp of `done` is not published [E-network-unpublished]
  `coffer port done` lists those that are; `coffer run -p` publishes one
exit 1
$ coffer run --rm -P probe:1 /bin/probe true
",
    );
}
