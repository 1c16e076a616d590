//! What takes room, what pruning gives back, and what `events` tells of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use conversation::Session;
use harness::{Rootfs, Terminal, containers, find, pid_of, session, start, until, words, works};
use serde_json::Value;

#[track_caller]
fn json(session: &Session, line: &str) -> Value {
    serde_json::from_str(&works(session, &format!("{line} --format json"))).unwrap()
}

/// A number of `system df`.
fn number(usage: &Value, kind: &str, field: &str) -> u64 {
    usage.get(kind).unwrap().get(field).unwrap().as_u64().unwrap()
}

#[test]
fn privileged_df_measures_what_containers_images_and_volumes_take() {
    let session = session();
    let before = json(&session, "system df");
    assert_eq!(["total", "active"].map(|field| number(&before, "images", field)), [1, 0]);
    assert_eq!(number(&before, "images", "reclaimable"), number(&before, "images", "size"));
    assert!(number(&before, "images", "size") > 1_000_000);
    for kind in ["containers", "volumes", "logs"] {
        assert_eq!(number(&before, kind, "total"), 0, "{kind}");
    }
    // Three megabytes in the writable layer, and as many on a volume.
    let flood = "x".repeat(100_000);
    std::fs::write(session.work().join("flood"), &flood).unwrap();
    let write = |name: &str, path: &str| {
        let mut command = session
            .command(words(&format!("run -i --name {name} -v data:/data probe:1 /bin/probe write {path}")));
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        for _ in 0..30 {
            std::io::Write::write_all(&mut stdin, flood.as_bytes()).unwrap();
        }
        drop(stdin);
        assert!(child.wait().unwrap().success());
    };
    write("one", "/file");
    write("two", "/data/file");
    let after = json(&session, "system df -v");
    for kind in ["containers", "volumes"] {
        let size = number(&after, kind, "size");
        assert!((3_000_000..3_300_000).contains(&size), "{kind}: {size}");
    }
    assert_eq!(number(&after, "containers", "reclaimable"), number(&after, "containers", "size"));
    assert_eq!(number(&after, "volumes", "reclaimable"), 0, "ended containers keep their volumes");
    assert_eq!(["active", "reclaimable"].map(|field| number(&after, "images", field)), [1, 0]);
    assert!(number(&after, "ledger", "total") >= 7 && number(&after, "ledger", "size") > 0);
    let each = after.get("each").unwrap().get("containers").unwrap().as_array().unwrap();
    let sizes = |name: &str| {
        let one = each.iter().find(|one| find(one, "name") == Some(&Value::from(name))).unwrap();
        find(one, "size").unwrap().as_u64().unwrap()
    };
    assert!(sizes("one") > 3_000_000 && sizes("two") < 100_000);
    let shown = works(&session, "system df -v");
    let titles: Vec<&str> = shown.lines().filter(|line| line.contains("SIZE")).collect();
    assert_eq!(titles.len(), 4, "{shown}");
}

#[test]
fn privileged_prune_removes_what_nothing_needs_and_says_how_much_room_that_made() {
    let session = session();
    Rootfs::with_probe().file("extra", 0o644, b"x").import(&session, "other:1");
    for name in ["old", "kept"] {
        works(
            &session,
            &format!("run --name {name} --label {name} -v {name}-data:/data probe:1 /bin/probe true"),
        );
    }
    let mut running = start(&session, "run --name web probe:1 /bin/probe sleep 600");
    pid_of(&session, "web");
    session.holds(
        "
$ coffer system prune
coffer: `coffer system prune` asks before it removes anything, and there is nobody to ask [E-cli-confirm]
  say it beforehand: `coffer system prune --force`
exit 1
$ coffer system prune -f --filter until=soon
coffer: `until=soon` does not work for `--filter`: it is no instant [E-cli-value]
  right would be: TIME, 2026-11-25, seconds since 1970 such as 1795628940.5, or 10m for ten minutes ago
exit 2
$ coffer prune --filter until=1h
",
    );
    let pruned = json(&session, "system prune -f -a --volumes --filter label!=kept");
    let counts =
        ["containers", "images", "volumes"].map(|kind| pruned.get(kind).unwrap().as_array().unwrap().len());
    assert_eq!(counts, [1, 1, 1], "old, other:1 and old's volume: {pruned}");
    assert!(pruned.get("bytes").unwrap().as_u64().unwrap() > 1_000_000);
    assert_eq!(works(&session, "ps -a -q").lines().count(), 2);
    assert_eq!(works(&session, "volume ls -q"), "kept-data\n");
    works(&session, "rm -f web");
    running.wait().unwrap();
    let said = works(&session, "system prune --force");
    assert!(said.starts_with("container ") && said.ends_with(" freed\n"), "{said}");
    assert_eq!(containers(&session).len(), 0);
    assert_eq!(works(&session, "image ls -q").lines().count(), 1, "an image with a name stays without -a");
}

#[test]
fn privileged_prune_asks_the_person_at_the_terminal() {
    let session = session();
    works(&session, "run --name old probe:1 /bin/probe true");
    for (answer, left) in [("n\r", 1), ("\r", 1), ("y\r", 0)] {
        let terminal = Terminal::new(24, 80);
        let mut prune = terminal.start(&session.command(["system", "prune"]));
        terminal.shows("Go on? [y/N]");
        terminal.types(answer.as_bytes());
        assert_eq!(prune.wait().unwrap().success(), left == 0);
        assert_eq!(containers(&session).len(), left, "{answer:?}");
    }
}

#[test]
fn privileged_events_are_the_ledger_s_entries_in_docker_s_words() {
    let session = session();
    session.holds(
        "
$ coffer run --name web --label team=a probe:1 /bin/probe exit 3
exit 3
$ coffer run --privileged --name no probe:1 /bin/probe true
coffer: refused: `--privileged` removes every wall between probe:1 and this host
  rule     no-privileged  (NIST 4.4.3, CIS 5.5)
  level    baseline
  instead  run it without, the default gives most images what they need: coffer run probe:1
  or       let it run and have that recorded: coffer run --policy open ... probe:1
  recorded ledger entry 4  [E-policy-refused]
exit 125
$ coffer rm web
web
$ coffer volume create data
data
$ coffer events --filter container=web
TIME container permit ID (image=probe:1, name=web, team=a)
TIME container start ID (image=probe:1, name=web, permit=1, team=a)
TIME container die ID (exitCode=3, image=probe:1, name=web, permit=1, team=a)
TIME container destroy ID (image=probe:1, name=web, permit=1, team=a)
$ coffer events --filter event=die --filter event=start --filter label=team=a
TIME container start ID (image=probe:1, name=web, permit=1, team=a)
TIME container die ID (exitCode=3, image=probe:1, name=web, permit=1, team=a)
$ coffer events --filter type=volume --filter type=image
TIME image import DIGEST (name=rootfs:rootfs.tar)
TIME volume create data
$ coffer events --filter event=refuse --since 1h
TIME container refuse (detail=`--privileged` removes every wall between probe:1 and this host, image=probe:1, rule=no-privileged)
$ coffer events --until 1h
$ coffer events --since 2999-01-01
$ coffer events --filter type=network
coffer: `type=network` does not work for `--filter`: `network` is no type [E-cli-value]
  right would be: one of container, image, volume, registry, advisories, trust
exit 2
$ coffer events --since soon
coffer: `soon` does not work for `--since`: it is no instant [E-cli-value]
  right would be: TIME, 2026-11-25, seconds since 1970 such as 1795628940.5, or 10m for ten minutes ago
exit 2
",
    );
}

/// `coffer events -f`, and what it prints.
struct Follower {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Follower {
    fn new(session: &Session, line: &str) -> Self {
        let mut process = session.command(words(line)).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Self { process, lines }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let (_killed, _reaped) = (self.process.kill(), self.process.wait());
    }
}

#[test]
fn privileged_whoever_follows_sees_each_event_once_and_in_order() {
    let session = session();
    let entries = || json(&session, "ledger show").as_array().unwrap().len() as u64;
    let mut all = Follower::new(&session, "events -f --since 1h --format json");
    let mut volumes = Follower::new(&session, "events -f --filter type=volume --format json");
    // One that follows from now on has begun when it has seen this.
    let mut begun = 0;
    until("the follower has begun", || {
        works(&session, &format!("volume create begun-{begun}"));
        begun += 1;
        rustix::event::poll(
            &mut [rustix::event::PollFd::new(volumes.lines.get_ref(), rustix::event::PollFlags::IN)],
            Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 300_000_000 }),
        ) == Ok(1)
    });
    std::thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let session = &session;
            scope.spawn(move || {
                for number in 0..20 {
                    works(session, &format!("volume create {name}{number}"));
                }
            });
        }
    });
    works(&session, "volume create last");
    let total = entries();
    for expected in 0..total {
        assert_eq!(find(&all.next(), "entry"), Some(&Value::from(expected)));
    }
    let mut before = None;
    loop {
        let event = volumes.next();
        let entry = find(&event, "entry").unwrap().as_u64().unwrap();
        assert!(before.is_none_or(|before| entry == before + 1), "{before:?} {event}");
        before = Some(entry);
        if find(&event, "id") == Some(&Value::from("last")) {
            assert_eq!(entry, total - 1);
            break;
        }
    }
    let output = session.coffer(["events", "-f", "--since", "1h", "--until", "1s"]);
    assert!(output.status.success(), "what lies behind has an end");
}
