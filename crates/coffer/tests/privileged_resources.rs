//! What containers may use and what they use: limits that are enforced and changed while they run, and
//! containers that are held still.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod served;
mod company;
mod harness;

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use company::Company;
use conversation::Session;
use harness::{Controls, Disk, Rootfs, Terminal, Traces, find, pid_of, session, start, until, words, works};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A container named `web` in the background, and what it prints in a file.
struct Running<'a> {
    session: &'a Session,
    child: Child,
    pid: i32,
    output: PathBuf,
}

impl<'a> Running<'a> {
    fn start(session: &'a Session, options: &str, program: &str) -> Self {
        Self::of(session, "probe:1", options, program)
    }

    /// The same of another image with the probe.
    fn of(session: &'a Session, image: &str, options: &str, program: &str) -> Self {
        let output = session.work().join("output");
        let line = format!("run --name web {options} {image} /bin/probe {program}");
        let line: Vec<&str> = line.split_ascii_whitespace().collect();
        let mut command = session.command(line);
        command.stdin(Stdio::null()).stdout(File::create(&output).unwrap()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        Self { session, child, pid: pid_of(session, "web"), output }
    }

    fn controls(&self) -> Controls {
        Controls::of(self.pid)
    }

    fn printed(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap()
    }

    /// A sample of `stats`.
    fn sample(&self) -> Value {
        let output = self.session.coffer(words("stats --no-stream --format json web"));
        let samples: Value = serde_json::from_slice(&output.stdout).unwrap();
        samples.get(0).unwrap().clone()
    }

    fn end(mut self) {
        assert!(self.session.coffer(["rm", "-f", "web"]).status.success());
        self.child.wait().unwrap();
        Traces::of(self.session).are_gone();
    }
}

/// A test that fails leaves nobody frozen or at work.
impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _removed = self.session.coffer(["rm", "-f", "web"]);
            let _ended = self.child.kill();
        }
    }
}

#[track_caller]
fn number(data: &Value, name: &str) -> f64 {
    let found = find(data, name).and_then(Value::as_f64);
    assert!(found.is_some(), "no number `{name}` in {data}");
    found.unwrap_or_default()
}

#[track_caller]
fn fails(session: &Session, line: &str, code: &str) {
    let output = session.coffer(words(line));
    let said = session.said(&output);
    assert!(!output.status.success() && said.contains(&format!("[{code}]")), "{line}: {said}");
}

fn allowed(pid: i32, field: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_start_matches(':').trim().to_owned()
}

#[test]
fn privileged_rates_of_disks_are_those_of_the_kernel() {
    let session = session();
    let disk = Disk::new(16);
    let (device, numbers) = (&disk.device, disk.numbers());
    let options = format!(
        "--device-read-bps {device}:4m --device-write-bps {device}:2m --device-read-iops {device}:300 --device-write-iops {device}:200"
    );
    let web = Running::start(&session, &options, "sleep 600");
    let controls = web.controls();
    for (file, key, value) in [
        ("blkio.throttle.read_bps_device", "rbps", 4 << 20),
        ("blkio.throttle.write_bps_device", "wbps", 2 << 20),
        ("blkio.throttle.read_iops_device", "riops", 300),
        ("blkio.throttle.write_iops_device", "wiops", 200),
    ] {
        let rates = controls.read("blkio", file, "io.max");
        let either = [format!("{numbers} {value}"), format!("{key}={value}")];
        assert!(either.iter().any(|rate| rates.contains(rate)), "{file}: {rates}");
    }
    works(&session, &format!("update --device-write-bps {device}:0 --device-read-bps {device}:1m web"));
    let rates = |file| controls.read("blkio", file, "io.max");
    assert!(!rates("blkio.throttle.write_bps_device").contains("2097152"));
    assert!(rates("blkio.throttle.read_bps_device").contains("1048576"));
    web.end();
}

#[test]
fn privileged_a_container_writes_no_faster_than_it_may() {
    let session = session();
    let disk = Disk::new(16);
    let path = disk.path();
    let line = format!(
        "run --rm --device-write-bps {}:1m -v {}:/data probe:1 /bin/probe fill /data/file 3145728",
        disk.device,
        path.display()
    );
    let begun = Instant::now();
    assert_eq!(works(&session, &line), "on the disk\n");
    assert!(begun.elapsed() >= Duration::from_secs(2), "3 MB in {:?}", begun.elapsed());
}

#[test]
fn privileged_what_is_no_disk_has_no_rate() {
    session().holds(
        "
$ coffer run --rm --device-write-bps /dev/null:1m probe:1 /bin/probe true
coffer: `--device-write-bps /dev/null` cannot be: it is no block device [E-policy-limit]
  give another value, or leave out `--device-write-bps`
exit 125
$ coffer run --rm --device-write-bps /dev/nothing:1m probe:1 /bin/probe true
coffer: `--device-write-bps /dev/nothing`: cannot use `/dev/nothing` of this host: No such file or directory (os error 2) [E-run-host-path]
  give a device of this host: `ls -l /dev`, `lsblk`
exit 125
$ coffer run --rm --blkio-weight 5 probe:1 /bin/probe true
coffer: `--blkio-weight 5` cannot be: it is 10 to 1000 [E-policy-request]
  give another value, or leave out `--blkio-weight`
exit 125
$ coffer run --rm --cpu-period 1000 --cpus 1 probe:1 /bin/probe true
coffer: `--cpu-period` and `--cpus` exclude each other [E-cli-usage]
  see coffer run --help
exit 125
",
    );
}

#[test]
fn privileged_limits_are_changed_while_the_container_runs() {
    let session = session();
    let web = Running::start(&session, "--memory 64m", "hold 20000000");
    until("it holds its memory", || web.printed().contains("holding"));
    let read = |controller: &str, version_1: &str, version_2: &str| {
        web.controls().read(controller, version_1, version_2)
    };
    let memory = || read("memory", "memory.limit_in_bytes", "memory.max");
    for size in [128, 48, 96] {
        works(&session, &format!("update --memory {size}m web"));
        assert_eq!(memory(), (size << 20).to_string());
    }
    fails(&session, "update --memory 8m web", "E-launch-memory-in-use");
    assert_eq!(memory(), (96 << 20).to_string());
    works(&session, "update --pids-limit 7 --cpus 0.5 --cpuset-cpus 0 web");
    assert_eq!(read("pids", "pids.max", "pids.max"), "7");
    assert!(read("cpu", "cpu.cfs_quota_us", "cpu.max").starts_with("50000"));
    assert_eq!(allowed(web.pid, "Cpus_allowed_list"), "0");
    works(&session, "update --cpu-quota -1 web");
    let unlimited = read("cpu", "cpu.cfs_quota_us", "cpu.max");
    assert!(unlimited == "-1" || unlimited.starts_with("max"), "{unlimited}");
    let kept: Value = serde_json::from_str(&works(&session, "inspect web")).unwrap();
    assert_eq!(number(&kept, "memory"), f64::from(96 << 20));
    assert_eq!((number(&kept, "pids"), number(&kept, "cpu_quota")), (7.0, -1.0));
    web.end();
}

#[test]
fn privileged_where_one_limit_cannot_be_none_is_changed() {
    let session = session();
    let web = Running::start(&session, "--memory 64m --pids-limit 9 --cpu-shares 512", "sleep 600");
    let before = works(&session, "inspect web");
    fails(&session, "update --memory 32m --cpu-shares 1024 --cpuset-cpus 4095 web", "E-launch-host");
    fails(&session, "update --memory 32m --cpu-shares 1 web", "E-policy-limit");
    let controls = web.controls();
    assert_eq!(controls.read("memory", "memory.limit_in_bytes", "memory.max"), (64 << 20).to_string());
    let shares = controls.read("cpu", "cpu.shares", "cpu.weight");
    assert!(shares == "512" || shares == "59", "{shares}");
    assert_eq!(works(&session, "inspect web"), before);
    let ledger = works(&session, "ledger show");
    assert!(ledger.contains("could not set the limit"), "the failure follows the decision: {ledger}");
    web.end();
}

#[test]
fn privileged_an_update_is_judged_as_a_start_is() {
    let company = Company::new(&["anna"], &["ONE"]);
    let (session, image) = (company.person("anna"), company.real("ONE/team/probe:1"));
    Rootfs::with_probe().import(session, &image);
    let pushed = company.works("anna", "push -q ONE/team/probe:1");
    let digest = pushed.trim_end().rsplit_once('@').unwrap().1;
    let fingerprint = company.publishes("anna", "", "ONE/team/probe:1");
    company.works("anna", &format!("trust pin ONE/team --root {fingerprint}"));
    let web = Running::of(session, &image, "", "sleep 600");
    // Its publisher takes back what runs.
    company.works("anna", &format!("trust revoke ONE/team/probe@{digest} --reason CVE-2026-12345"));
    company.works("anna", "trust refresh");
    fails(session, "update --pids-limit 12 web", "E-policy-refused");
    assert_eq!(web.controls().read("pids", "pids.max", "pids.max"), "1024");
    let refusals = works(session, "ledger show --filter kind=refusal --format json");
    assert!(refusals.contains("pinned-publisher") && refusals.contains("CVE-2026-12345"), "{refusals}");
    company.works("anna", &format!("trust revoke ONE/team/probe@{digest} --undo"));
    company.works("anna", "trust refresh");
    works(session, "update --pids-limit 12 web");
    let decisions = works(session, "ledger show --filter kind=update --format json");
    assert!(decisions.contains("\"pids-limit\": \"12\""), "{decisions}");
    web.end();
}

#[test]
fn privileged_memory_and_processor_time_are_bounded() {
    let session = session();
    let output = session.coffer(words("run --rm --memory 32m probe:1 /bin/probe hold 100000000"));
    assert_eq!(output.status.code(), Some(137), "{}", session.said(&output));
    assert!(session.said(&output).contains("it had used all its memory"));
    let web = Running::start(&session, "--cpus 0.2", "burn");
    let sample = web.sample();
    assert!(number(&sample, "throttled") > 0.0, "{sample}");
    assert!((1.0..50.0).contains(&number(&sample, "cpu_percent")), "{sample}");
    web.end();
}

#[test]
fn privileged_a_paused_container_makes_no_progress() {
    let session = session();
    let web = Running::start(&session, "", "tick");
    until("it counts", || web.printed().lines().count() > 3);
    assert_eq!(works(&session, "pause web"), "web\n");
    // What was printed before may still be on its way to the file.
    std::thread::sleep(Duration::from_millis(200));
    let paused = web.printed();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(web.printed(), paused);
    let listed = works(&session, "ps --filter status=paused");
    assert!(listed.contains("(paused)") && works(&session, "ps -q --filter status=running").is_empty());
    assert!(works(&session, "inspect web").contains("\"status\": \"paused\""));
    fails(&session, "pause web", "E-state-paused");
    assert_eq!(works(&session, "unpause web"), "web\n");
    until("it counts on", || web.printed().len() > paused.len());
    fails(&session, "unpause web", "E-state-not-paused");
    let kinds = works(&session, "ledger show");
    assert!(kinds.contains("  pause ") && kinds.contains("  unpause "), "{kinds}");
    web.end();
}

#[test]
fn privileged_all_of_a_container_is_held_still() {
    let session = session();
    let web = Running::start(&session, "", "spawn 10");
    until("its children", || web.controls().read("pids", "pids.current", "pids.current") == "11");
    works(&session, "pause web");
    let pids = works(&session, "top -q web");
    assert_eq!(pids.lines().count(), 11);
    for pid in pids.lines() {
        let state = Controls::of(pid.parse().unwrap()).read("freezer", "freezer.state", "cgroup.events");
        assert!(state == "FROZEN" || state.contains("frozen 1"), "{pid}: {state}");
    }
    web.end();
}

#[test]
fn privileged_a_paused_container_dies_when_it_is_killed() {
    let session = session();
    let mut child = start(&session, "run --rm --name web probe:1 /bin/probe sleep 600");
    let pid = pid_of(&session, "web");
    works(&session, "pause web");
    // The third request of the one who runs it is a SIGKILL to the container.
    for _ in 0..3 {
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(child.wait().unwrap().code(), Some(137));
    assert!(!PathBuf::from(format!("/proc/{pid}")).exists());
    Traces::of(&session).are_gone();
}

#[test]
fn privileged_a_paused_container_whose_keeper_was_killed_is_swept() {
    let session = session();
    let mut web = Running::start(&session, "", "spawn 5");
    works(&session, "pause web");
    web.child.kill().unwrap();
    web.child.wait().unwrap();
    until("it is found", || works(&session, "ps -a").contains("killed"));
    Traces::of(&session).are_gone();
    works(&session, "rm web");
}

#[test]
fn privileged_stats_show_what_is_used() {
    let session = session();
    let web = Running::start(&session, "--memory 200m", "hold 50000000");
    until("it holds its memory", || web.printed().contains("holding"));
    let sample = web.sample();
    assert!((50e6..60e6).contains(&number(&sample, "memory")), "{sample}");
    assert_eq!(number(&sample, "memory_limit"), f64::from(200 << 20));
    assert_eq!(number(&sample, "pids"), 1.0);
    assert!(find(&sample, "network").is_some_and(Value::is_null), "{sample}");
    let table = works(&session, "stats --no-stream");
    assert!(table.starts_with("CONTAINER ") && table.contains(" / 210 MB  "), "{table}");
    web.end();
    assert_eq!(works(&session, "stats --no-stream").lines().count(), 1, "nothing runs");
}

#[test]
fn privileged_load_shows_as_processor_time() {
    let session = session();
    let web = Running::start(&session, "", "burn");
    let cpu = |sample: Value| number(&sample, "cpu_percent");
    until("it uses a processor", || cpu(web.sample()) > 20.0);
    works(&session, "pause web");
    assert_eq!(cpu(web.sample()), 0.0);
    web.end();
}

#[test]
fn privileged_stats_are_redrawn_on_a_terminal_until_somebody_interrupts() {
    let session = session();
    let web = Running::start(&session, "", "burn");
    let terminal = Terminal::new(24, 160);
    let mut command = session.command(["stats"]);
    command.env("TERM", "xterm").env("LANG", "C.UTF-8");
    let mut child = terminal.start(&command);
    terminal.shows("\x1b[?25l");
    terminal.shows("LAST CPU");
    terminal.shows("\x1b[2A\r\x1b[J");
    until("bars", || terminal.screen().contains('█'));
    terminal.types(b"\x03");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    until("the cursor is back", || terminal.screen().ends_with("\x1b[?25h"));
    web.end();
}

#[test]
fn privileged_stats_go_on_line_by_line_where_nobody_watches() {
    let session = session();
    let web = Running::start(&session, "", "burn");
    let mut command = session.command(words("stats --format json web"));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    for line in lines.take(2) {
        let sample: Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert!(number(&sample, "cpu_percent") > 1.0, "{sample}");
    }
    assert!(child.wait().unwrap().success(), "nobody reads on: it ends");
    web.end();
}

#[test]
fn privileged_top_shows_what_runs() {
    let session = session();
    let web = Running::start(&session, "-u 1000:1000", "spawn 2");
    until("its children", || works(&session, "top -q web").lines().count() == 3);
    let table = works(&session, "top web");
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows.first().is_some_and(|row| row.starts_with("PID ")), "{table}");
    let first: Vec<&str> = rows.get(1).unwrap().split_whitespace().collect();
    assert_eq!((first.first(), first.get(1)), (Some(&web.pid.to_string().as_str()), Some(&"1000")));
    assert!(table.contains("/bin/probe spawn 2") && table.contains("sleep 3600"), "{table}");
    let data: Value = serde_json::from_str(&works(&session, "top web --format json")).unwrap();
    assert_eq!(number(data.get(0).unwrap(), "inside"), 1.0);
    web.end();
}

#[test]
fn privileged_what_does_not_run_has_nothing_to_hold_still_and_other_limits_later() {
    let session = session();
    works(&session, "run --name web probe:1 /bin/probe true");
    session.holds(
        "
$ coffer pause web
coffer: container `web` does not run [E-state-not-running]
  start it with `coffer start web`
exit 1
$ coffer top web
coffer: container `web` does not run [E-state-not-running]
  start it with `coffer start web`
exit 1
$ coffer top web -o pid
coffer: `coffer top` passes nothing on to ps, as with `-o` [E-cli-usage]
  leave it out: `--format json` has everything there is to know of a process
exit 2
$ coffer update web
coffer: there is nothing to change [E-cli-usage]
  name a limit: coffer update --help
exit 2
$ coffer update --memory 1k web
coffer: `--memory 1024` cannot be: less than 6 MB, with which nothing starts [E-policy-limit]
  give another value, or leave out `--memory`
exit 1
$ coffer update --restart sometimes web
coffer: `sometimes` does not work for `--restart`: it is no restart policy [E-cli-value]
  right would be: no, always, unless-stopped, on-failure or on-failure:N
exit 2
$ coffer update --memory 64m --restart on-failure:3 web
web
$ coffer stats --no-stream web
CONTAINER     NAME  CPU  MEMORY / LIMIT  MEM  NET IN / OUT  BLOCK IN / OUT  PIDS
ID  web   -    -               -    -             -               -
$ coffer stats --no-stream nobody
coffer: there is no container `nobody` [E-state-unknown]
  `coffer ps -a` lists the containers
exit 1
",
    );
    let kept = works(&session, "inspect web");
    assert!(kept.contains("\"memory\": 67108864") && kept.contains("\"policy\": \"on-failure\""), "{kept}");
}
