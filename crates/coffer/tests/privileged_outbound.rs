//! `--network outbound`: what is reached, what is not, and what is left when the container is gone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use conversation::Session;
use harness::{Traces, User, assert_no_rights, done, entries, find, session, text, until};

/// A host with a network of its own, a resolver on its loopback, and somebody else behind a cable.
struct World {
    host: Child,
    peer: Child,
    servers: Vec<Child>,
    files: tempfile::TempDir,
}

/// The host's address and the other one's, in both families.
const HOST: [&str; 2] = ["198.51.100.1", "2001:db8::1"];
const PEER: [&str; 2] = ["198.51.100.2", "2001:db8::2"];

impl World {
    fn new() -> Self {
        assert!(rustix::process::getuid().is_root(), "privileged tests run as root");
        let apart = || {
            let mut command = Command::new("unshare");
            command.args(["--net", "--mount", "sleep", "600"]).spawn().unwrap()
        };
        let files = tempfile::Builder::new().prefix("coffer-world-").tempdir().unwrap();
        let mut world = Self { host: apart(), peer: apart(), servers: Vec::new(), files };
        let namespace = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
        let own = namespace(std::process::id());
        let is_apart = |child: &Child| namespace(child.id()) != own;
        until("both are apart", || is_apart(&world.host) && is_apart(&world.peer));
        let resolver = world.files.path().join("resolv.conf");
        std::fs::write(&resolver, "nameserver 127.0.0.1\nsearch example.org\n").unwrap();
        let device = world.files.path().join("tun");
        let (host, peer) = (world.host.id(), world.peer.id());
        // On some machines only root may open the device.
        world.on(
            host,
            &format!("mknod -m 666 {0} c 10 200 && mount --bind {0} /dev/net/tun", device.display()),
        );
        world.on(host, &format!("mount --bind {} /etc/resolv.conf", resolver.display()));
        world.on(
            host,
            &format!("ip link set lo up && ip link add cable type veth peer name cable netns {peer}"),
        );
        for (pid, [four, six]) in [(host, HOST), (peer, PEER)] {
            world
                .on(pid, &format!("ip addr add {four}/24 dev cable && ip addr add {six}/64 dev cable nodad"));
            world.on(pid, "ip link set lo up && ip link set cable up");
        }
        for words in ["serve 80", "serve 81 udp"] {
            world.serve(peer, words);
            world.serve(host, words);
        }
        world.serve(host, "serve 53 udp");
        world.serve(host, "serve 53");
        world
    }

    /// A shell's line in the namespaces of a process.
    fn on(&self, pid: u32, line: &str) -> String {
        done(&mut inside(pid, &mut Command::new("sh"), &["-c", line]))
    }

    fn serve(&mut self, pid: u32, words: &str) {
        let words: Vec<&str> = words.split(' ').collect();
        let mut command = inside(pid, &mut Command::new(env!("PROBE_PATH")), &words);
        let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = [0; 8];
        std::io::Read::read_exact(&mut server.stdout.take().unwrap(), &mut said).unwrap();
        assert_eq!(&said, b"serving\n");
        self.servers.push(server);
    }

    /// A command on the host.
    fn command(&self, command: &mut Command) -> Command {
        inside(self.host.id(), command, &[])
    }

    /// What a container with a way out says.
    fn says(&self, session: &Session, words: &str) -> Output {
        let line = format!("run --rm --network outbound probe:1 /bin/probe {words}");
        self.command(&mut session.command(line.split(' '))).output().unwrap()
    }

    #[track_caller]
    fn exchanges(&self, session: &Session, words: &str) {
        let output = self.says(session, &format!("exchange {words}"));
        assert_eq!(text(&output), "same\n", "{words}: {}", session.said(&output));
    }

    #[track_caller]
    fn is_refused(&self, session: &Session, words: &str) {
        let output = self.says(session, words);
        let said = session.said(&output);
        assert!(said.contains("ECONNREFUSED"), "{words}: {said}");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for child in self.servers.iter_mut().chain([&mut self.host, &mut self.peer]) {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// The same command with more words, in the network and among the mounts of a process.
fn inside(pid: u32, command: &mut Command, words: &[&str]) -> Command {
    let mut wrapped = Command::new("nsenter");
    wrapped.args(["--target", &pid.to_string(), "--net", "--mount"]);
    if let Some(directory) = command.get_current_dir() {
        wrapped.arg(format!("--wd={}", directory.display())).current_dir(directory);
        wrapped.env_clear();
    }
    wrapped.arg("--").arg(command.get_program()).args(command.get_args()).args(words);
    for (name, value) in command.get_envs() {
        wrapped.env(name, value.unwrap());
    }
    wrapped
}

/// Processes that carry outward for a keeper.
fn carriers(keeper: u32) -> Vec<PathBuf> {
    let ours = |directory: &PathBuf| {
        let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap_or_default();
        read("comm") == "coffer-outbound\n" && read("status").contains(&format!("PPid:\t{keeper}\n"))
    };
    let processes = entries("/proc".as_ref()).into_iter().map(|name| PathBuf::from("/proc").join(name));
    processes.filter(ours).collect()
}

#[test]
fn privileged_connections_go_out_and_everything_comes_back() {
    let (world, session) = (World::new(), session());
    for peer in PEER {
        world.exchanges(&session, &format!("80 {peer} 1"));
        world.exchanges(&session, &format!("80 {peer} 20000000"));
        for bytes in [1, 1400, 60_000] {
            world.exchanges(&session, &format!("81 {peer} {bytes} udp"));
        }
    }
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_many_connections_are_open_at_once() {
    let (world, session) = (World::new(), session());
    world.exchanges(&session, &format!("80 {} 30000 300", PEER[0]));
}

#[test]
fn privileged_this_host_and_what_only_it_should_reach_are_refused_at_once() {
    let (world, session) = (World::new(), session());
    for target in
        ["198.51.100.1", "2001:db8::1", "169.254.169.254", "192.0.0.1", "192.0.0.3", "198.51.100.255"]
    {
        world.is_refused(&session, &format!("exchange 80 {target} 1"));
        world.is_refused(&session, &format!("exchange 81 {target} 1 udp"));
    }
    // Nobody listens there, or nobody knows the way.
    world.is_refused(&session, &format!("exchange 9 {} 1", PEER[0]));
    world.is_refused(&session, &format!("exchange 9 {} 1 udp", PEER[0]));
    world.is_refused(&session, "exchange 80 203.0.113.1 1");
    // Its own loopback is its own.
    world.is_refused(&session, "exchange 80 127.0.0.1 1");
}

#[test]
fn privileged_names_are_asked_of_the_host_s_resolver_wherever_it_listens() {
    let (world, session) = (World::new(), session());
    assert_eq!(
        text(&world.says(&session, "cat /etc/resolv.conf")),
        "nameserver 192.0.0.3\nsearch example.org\n"
    );
    world.exchanges(&session, "53 192.0.0.3 300 udp");
    world.exchanges(&session, "53 192.0.0.3 3000");
}

#[test]
fn privileged_the_carrier_has_no_rights_and_ends_with_its_keeper() {
    let (world, session) = (World::new(), session());
    let words = ["run", "--name", "out", "--network", "outbound", "probe:1", "/bin/probe", "serve", "80"];
    let mut keeper = world.command(&mut session.command(words)).stdout(Stdio::null()).spawn().unwrap();
    let mut found = Vec::new();
    until("it is carried for", || {
        found = carriers(keeper.id());
        !found.is_empty()
    });
    let [process] = found.as_slice() else { panic!("{found:?}") };
    assert_no_rights(process);
    let network = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
    let pid: u32 = process.file_name().unwrap().to_str().unwrap().parse().unwrap();
    assert_eq!(network(pid), network(world.host.id()));
    // Nothing of the host's network has changed.
    assert!(!world.on(world.host.id(), "ip -oneline link").contains("eth0"));
    // Nothing comes in: the container's address is nobody's out here.
    let knock = "timeout 5 ip route get 192.0.0.2 || echo unreachable";
    assert!(world.on(world.peer.id(), knock).contains("unreachable"));
    keeper.kill().unwrap();
    keeper.wait().unwrap();
    until("the carrier ends", || !process.exists());
    until("it is removed", || session.coffer(["rm", "-f", "out"]).status.success());
}

#[test]
fn privileged_a_way_out_is_an_exception_that_is_recorded() {
    let (world, session) = (World::new(), session());
    world.exchanges(&session, &format!("80 {} 1", PEER[0]));
    let shown = session.coffer(["ledger", "show", "--filter", "kind=permit", "--format", "json"]);
    let permits: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(
        find(&permits, "exceptions").unwrap(),
        &serde_json::json!([{
            "id": "network-outbound", "asked_by": "--network outbound",
            "detail": "opens connections to everything that this host reaches but itself"
        }])
    );
    let words = "run --policy restricted -u 1000:1000 --network outbound probe:1 /bin/probe true";
    assert_eq!(session.coffer(words.split(' ')).status.code(), Some(125));
}

#[test]
fn privileged_a_user_s_container_goes_out_too() {
    let (world, user) = (World::new(), User::new(4707));
    for words in [format!("80 {} 3000000", PEER[0]), "53 192.0.0.3 300 udp".to_owned()] {
        let line = format!("run --rm --network outbound probe:1 /bin/probe exchange {words}");
        let output = world.command(&mut user.command(&line)).output().unwrap();
        assert_eq!(text(&output), "same\n", "{}", user.session().said(&output));
    }
}
