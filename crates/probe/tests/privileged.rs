//! The probe against itself: where nothing confines it, it must say so. These run as root.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::{Command, Output, Stdio};

    use serde_json::{Value, json};

    const PROBE: &str = env!("CARGO_BIN_EXE_coffer-probe");

    fn probe(arguments: &[&str]) -> Output {
        Command::new(PROBE).args(arguments).stdin(Stdio::null()).output().unwrap()
    }

    fn answer(output: &Output) -> Value {
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What needs no capability succeeds under a runc that confines nothing, and what needs one does
    /// where runc gives them all: attacks that cannot fail would prove nothing about a container.
    const SUCCEED_UNDER_RUNC: [&str; 40] = [
        "chroot",
        "pivot-root",
        "open-by-handle",
        "masked-paths",
        "read-only-paths",
        "core-pattern",
        "proc-sys-write",
        "drop-exec-tmp",
        "drop-exec-root",
        "drop-exec-anywhere",
        "memfd-exec",
        "memfd-execveat",
        "mmap-exec",
        "mprotect-exec",
        "overwrite-island",
        "add-to-island",
        "proc-self-exe-write",
        "mount-tmpfs",
        "fsopen-tmpfs",
        "mount-proc",
        "bind-over",
        "open-tree-clone",
        "mount-setattr",
        "remount-root-exec",
        "umount-mask",
        "unshare-user",
        "unshare-mount",
        "unshare-network",
        "clone-newuser",
        "clone3-newuser",
        "setns-init",
        "host-namespaces",
        "keyctl",
        "tcp-ulp",
        "ptrace",
        "process-vm-readv",
        "mknod-disk",
        "root-is-root",
        "dangerous-capabilities",
        "setuid-binary",
    ];

    #[test]
    fn every_listed_attack_has_a_name_a_class_and_a_purpose() {
        let output = probe(&["attack", "--list", "--json"]);
        assert!(output.status.success());
        let list = answer(&output);
        let attacks = list["attacks"].as_array().unwrap();
        assert!(attacks.len() > 80, "{}", attacks.len());
        for attack in attacks {
            for field in ["name", "class", "tries"] {
                assert!(!attack[field].as_str().unwrap().is_empty(), "{attack}");
            }
        }
    }

    #[test]
    fn wrong_use_is_told_from_a_stopped_attack() {
        assert_eq!(probe(&["attack", "nonesuch"]).status.code(), Some(2));
        assert_eq!(probe(&["attack"]).status.code(), Some(2));
        assert_eq!(probe(&["report", "--xml"]).status.code(), Some(2));
        assert_eq!(probe(&["attack", "host-files"]).status.code(), Some(3));
    }

    #[test]
    fn the_report_names_variables_and_keeps_their_values() {
        let mut command = Command::new(PROBE);
        command.args(["report", "--json"]).env_clear().env("SECRET", "hunter2").stdin(Stdio::null());
        let output = command.output().unwrap();
        assert_eq!(answer(&output)["surroundings"]["environment"], json!(["SECRET"]));
        assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter2"));
    }

    #[test]
    fn a_planted_variable_is_found_and_not_repeated() {
        let mut command = Command::new(PROBE);
        command.args(["attack", "host-env", "--json"]).env("COFFER_TEST_SECRET", "hunter2");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter2"));
    }

    #[test]
    fn privileged_on_a_bare_host_the_report_says_that_nothing_confines() {
        let report = answer(&probe(&["report", "--json"]));
        assert_eq!(report["identity"]["uid"], 0);
        assert_eq!(report["identity"]["no_new_privs"], false);
        assert!(report["namespaces"]["shared_with_host"].as_array().unwrap().contains(&json!("user")));
        assert_eq!(report["masks"]["read_only"]["/proc/sys"], "open");
        let descriptors = report["surroundings"]["descriptors"].as_array().unwrap();
        let numbers: Vec<_> = descriptors.iter().filter_map(|open| open["fd"].as_u64()).collect();
        assert!(numbers.starts_with(&[0, 1, 2]), "{numbers:?}");
    }

    #[test]
    fn privileged_a_plain_chroot_holds_nobody() {
        let root = tempfile::tempdir().unwrap();
        fs::copy(PROBE, root.path().join("probe")).unwrap();
        fs::create_dir(root.path().join("proc")).unwrap();
        let mut command = Command::new("chroot");
        command.arg(root.path()).args(["/probe", "attack", "chroot-escape", "--here"]);
        let output = command.output().unwrap();
        let line = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(line.starts_with("succeeded\tanother root"), "{line}");
    }

    #[test]
    fn privileged_under_a_runc_that_confines_nothing_the_attacks_succeed() {
        let bundle = tempfile::tempdir().unwrap();
        make_bundle(bundle.path(), &["attack", "all", "--json", "--bytes", "1000000", "--count", "64"]);
        let output = run_bundle(bundle.path(), "coffer-probe-all");
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        let results = answer(&output);
        let outcome = |name: &str| {
            let attacks = results["attacks"].as_array().unwrap();
            attacks.iter().find(|attack| attack["name"] == name).unwrap().clone()
        };
        for name in SUCCEED_UNDER_RUNC.into_iter().chain(["fork-bomb", "memory-hog"]) {
            let result = outcome(name);
            assert_eq!(result["outcome"], "succeeded", "{result}");
        }
        assert_eq!(outcome("leaked-fds")["outcome"], "stopped");
    }

    fn run_bundle(bundle: &Path, name: &str) -> Output {
        let name = format!("{name}-{}", std::process::id());
        let mut command = Command::new("runc");
        command.arg("--root").arg(bundle.join("state")).args(["run", "--bundle"]).arg(bundle).arg(name);
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// A root with the probe and nothing else; every capability that this host has to give, no filter, one
    /// mask to take away, every device.
    fn make_bundle(bundle: &Path, arguments: &[&str]) {
        let root = bundle.join("rootfs");
        for directory in ["bin", "tmp", "proc", "dev", "sys"] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        fs::copy(PROBE, root.join("bin/coffer-probe")).unwrap();
        let args: Vec<_> = std::iter::once(&"/bin/coffer-probe").chain(arguments).collect();
        let mount = |path: &str, kind: &str| json!({"destination": path, "type": kind, "source": kind});
        let namespaces = ["pid", "mount", "ipc", "uts", "network"].map(|kind| json!({"type": kind}));
        let all = capabilities();
        let capabilities = json!({"bounding": all, "effective": all, "permitted": all});
        let spec = json!({
            "ociVersion": "1.0.2",
            "process": {"user": {"uid": 0, "gid": 0}, "args": args, "cwd": "/", "capabilities": capabilities},
            "root": {"path": "rootfs"},
            "hostname": "runc",
            "mounts": [mount("/proc", "proc"), mount("/dev", "tmpfs"), mount("/sys", "sysfs")],
            "linux": {"namespaces": namespaces, "maskedPaths": ["/proc/keys"], "resources": {"devices": [{"allow": true, "access": "rwm"}]}},
        });
        fs::write(bundle.join("config.json"), spec.to_string()).unwrap();
    }

    /// Those that this process has: runc refuses to give what it lacks.
    fn capabilities() -> Vec<String> {
        let report = answer(&probe(&["report", "--json"]));
        let names = report["identity"]["permitted"].as_array().unwrap();
        let known = names.iter().filter_map(Value::as_str);
        known.map(|name| format!("CAP_{}", name.to_uppercase())).collect()
    }
}
