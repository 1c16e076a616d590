//! What a process is beside its identity, as the kernel tells it of a container that waits for its start, and
//! what is refused by its name.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// A container of one program; it is gone with this.
struct Bundle {
    directory: tempfile::TempDir,
    id: String,
}

impl Bundle {
    /// With `change` made to its specification.
    fn new(change: impl FnOnce(&mut Value)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("rootfs/bin")).unwrap();
        // A static program that is certainly there.
        std::fs::copy(env!("CARGO_BIN_EXE_coffer-runtime"), directory.path().join("rootfs/bin/program"))
            .unwrap();
        let kinds = ["pid", "mount", "uts", "ipc", "network", "time"];
        let namespaces: Vec<_> = kinds.iter().map(|kind| json!({ "type": kind })).collect();
        let mut spec = json!({
            "ociVersion": "1.3.0",
            "process": { "user": { "uid": 0, "gid": 0 }, "args": ["/bin/program", "--version"], "cwd": "/" },
            "root": { "path": "rootfs" },
            "linux": { "namespaces": namespaces },
        });
        change(&mut spec);
        std::fs::write(directory.path().join("config.json"), spec.to_string()).unwrap();
        let id =
            format!("process-{}", directory.path().file_name().unwrap().to_str().unwrap().replace('.', ""));
        Self { directory, id }
    }

    /// What it says goes to files: the container inherits them, and holds a pipe open as long as it lives.
    fn runtime(&self, arguments: &[&str]) -> Output {
        let file = |name| std::fs::File::create(self.directory.path().join(name)).unwrap();
        let read = |name| std::fs::read(self.directory.path().join(name)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_coffer-runtime"));
        command.arg("--root").arg(self.directory.path().join("state")).args(arguments);
        command.arg(&self.id).current_dir(self.directory.path()).stdin(Stdio::null());
        let status = command.stdout(file("stdout")).stderr(file("stderr")).status().unwrap();
        Output { status, stdout: read("stdout"), stderr: read("stderr") }
    }

    #[track_caller]
    fn works(&self, arguments: &[&str]) -> String {
        let output = self.runtime(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A file below /proc/PID of the process that waits.
    fn proc(&self, name: &str) -> PathBuf {
        let state: Value = serde_json::from_str(&self.works(&["state"])).unwrap();
        PathBuf::from(format!("/proc/{}/{name}", state["pid"]))
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.proc(name)).unwrap()
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        self.runtime(&["delete", "--force"]);
    }
}

#[test]
fn privileged_a_container_has_the_attributes_that_it_asks_for() {
    let bundle = Bundle::new(|spec| {
        let process = &mut spec["process"];
        process["scheduler"] = json!({ "policy": "SCHED_BATCH", "nice": 5 });
        process["ioPriority"] = json!({ "class": "IOPRIO_CLASS_BE", "priority": 6 });
        process["oomScoreAdj"] = json!(321);
        process["user"]["umask"] = json!(0o027);
        process["rlimits"] = json!([{ "type": "RLIMIT_NOFILE", "soft": 100, "hard": 200 }]);
        let linux = &mut spec["linux"];
        linux["personality"] = json!({ "domain": "LINUX32" });
        linux["memoryPolicy"] = json!({ "mode": "MPOL_BIND", "nodes": "0" });
        linux["timeOffsets"] = json!({ "boottime": { "secs": 1_000_000, "nanosecs": 5 } });
    });
    bundle.works(&["create"]);
    assert_eq!(bundle.read("personality"), "00000008\n");
    assert_eq!(bundle.read("oom_score_adj"), "321\n");
    assert!(bundle.read("numa_maps").contains(" bind:0 "));
    assert!(bundle.read("status").contains("\nUmask:\t0027\n"));
    let limits = bundle.read("limits");
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert!(files.split_whitespace().skip(3).take(2).eq(["100", "200"]), "{files}");
    let clocks = bundle.read("timens_offsets");
    let boottime = clocks.lines().find(|line| line.starts_with("boottime")).unwrap();
    assert!(boottime.split_whitespace().skip(1).eq(["1000000", "5"]), "{boottime}");
    // Fields of proc_pid_stat(5) behind the name: priority, nice, ..., policy.
    let stat = bundle.read("stat");
    let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split_whitespace().collect();
    assert_eq!((fields[16], fields[38]), ("5", "3"), "{stat}");
    bundle.works(&["start"]);
}

#[test]
fn privileged_names_and_settings_are_the_container_s_own() {
    let outside = ["hostname", "domainname"].map(|name| format!("/proc/sys/kernel/{name}"));
    let before = outside.clone().map(|path| std::fs::read_to_string(path).unwrap());
    let bundle = Bundle::new(|spec| {
        (spec["hostname"], spec["domainname"]) = (json!("box"), json!("example"));
        spec["linux"]["sysctl"] = json!({ "net/ipv4/conf/lo/forwarding": "1", "kernel.shmmni": "77" });
    });
    bundle.works(&["create"]);
    let inside = |path: &str| {
        let path = format!("/proc/sys/{path}");
        let mut command = Command::new("nsenter");
        command.arg("--target").arg(bundle.proc("").file_name().unwrap());
        let output = command.args(["--uts", "--ipc", "--net", "cat", &path]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(inside("kernel/hostname"), "box\n");
    assert_eq!(inside("kernel/domainname"), "example\n");
    assert_eq!(inside("net/ipv4/conf/lo/forwarding"), "1\n");
    assert_eq!(inside("kernel/shmmni"), "77\n");
    assert_eq!(outside.map(|path| std::fs::read_to_string(path).unwrap()), before);
}

/// What is asked for and cannot be done, by the name that it has in the specification or for the kernel.
#[test]
fn privileged_nothing_that_is_asked_for_is_left_out_in_silence() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 14] = [
        ("SCHED_NORMAL", |spec| spec["process"]["scheduler"] = json!({ "policy": "SCHED_NORMAL" })),
        ("SCHED_ISO", |spec| spec["process"]["scheduler"] = json!({ "policy": "SCHED_ISO" })),
        ("IOPRIO_CLASS_X", |spec| {
            spec["process"]["ioPriority"] = json!({ "class": "IOPRIO_CLASS_X", "priority": 0 });
        }),
        ("CAP_ROOT", |spec| spec["process"]["capabilities"] = json!({ "bounding": ["CAP_ROOT"] })),
        ("RLIMIT_CORE", |spec| {
            let limit = json!({ "type": "RLIMIT_CORE", "soft": 0, "hard": 0 });
            spec["process"]["rlimits"] = json!([limit, limit]);
        }),
        ("coffer-no-such-profile", |spec| {
            spec["process"]["apparmorProfile"] = json!("coffer-no-such-profile")
        }),
        ("no:such:label", |spec| spec["process"]["selinuxLabel"] = json!("no:such:label")),
        ("memory policy", |spec| {
            spec["linux"]["memoryPolicy"] = json!({ "mode": "MPOL_BIND", "nodes": "1023" })
        }),
        ("linux.intelRdt", |spec| spec["linux"]["intelRdt"] = json!({ "closID": "fast" })),
        ("coffer-none", |spec| spec["linux"]["netDevices"] = json!({ "coffer-none": {} })),
        ("kernel.core_pattern", |spec| spec["linux"]["sysctl"] = json!({ "kernel.core_pattern": "|/x" })),
        ("realtime", |spec| spec["linux"]["timeOffsets"] = json!({ "realtime": { "secs": 1 } })),
        ("user namespace", |spec| {
            let map = json!([{ "containerID": 0, "hostID": 100_000, "size": 10 }]);
            spec["linux"]["uidMappings"] = map;
        }),
        ("uts namespace", |spec| {
            spec["hostname"] = json!("box");
            spec["linux"]["namespaces"] = json!([{ "type": "mount" }, { "type": "pid" }]);
        }),
    ];
    for (name, change) in cases {
        let bundle = Bundle::new(change);
        let output = bundle.runtime(&["create"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(name), "{name}: {said}");
        assert!(!bundle.runtime(&["state"]).status.success(), "{name}: nothing is left");
    }
}

/// The affinity of a later process is nothing to the first.
#[test]
fn privileged_the_affinity_is_for_those_that_come_later() {
    let affinity = json!({ "initial": "0", "final": "0" });
    let bundle = Bundle::new(|spec| spec["process"]["execCPUAffinity"] = affinity.clone());
    bundle.works(&["create"]);
    let allowed = |status: &str| {
        let line = status.lines().find(|line| line.starts_with("Cpus_allowed_list:")).unwrap();
        line.to_owned()
    };
    let own = std::fs::read_to_string("/proc/self/status").unwrap();
    assert_eq!(allowed(&bundle.read("status")), allowed(&own));
    let nowhere = json!({ "args": ["/bin/program"], "cwd": "/", "execCPUAffinity": { "final": "1023" } });
    let process = bundle.directory.path().join("process.json");
    std::fs::write(&process, nowhere.to_string()).unwrap();
    let output = bundle.runtime(&["exec", "--process", process.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("processors"), "{said}");
}
