//! What is found of what, and what is refused where.

use model::spec::{
    Capabilities, DeviceRule, Linux, Mount, Namespace, NamespaceKind, Process, Seccomp, Spec, Text,
};

use super::*;

fn mount(destination: &str, kind: &'static str, source: &'static str, options: &[&'static str]) -> Mount {
    Mount {
        destination: destination.into(),
        kind: kind.into(),
        source: source.into(),
        options: options.iter().map(|option| Text::from(*option)).collect(),
        ..Mount::default()
    }
}

fn allow(kind: &'static str, major: i64, minor: i64, access: &'static str) -> DeviceRule {
    DeviceRule {
        allow: true,
        kind: kind.into(),
        major: Some(major),
        minor: Some(minor),
        access: access.into(),
    }
}

fn texts(names: &[&'static str]) -> Vec<Text> {
    names.iter().map(|name| Text::from(*name)).collect()
}

/// As dockerd 26 writes it for `docker run alpine` on a host with version 1 of control groups.
fn docker() -> Spec {
    let names = [
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_FSETID",
        "CAP_FOWNER",
        "CAP_MKNOD",
        "CAP_NET_RAW",
        "CAP_SETGID",
        "CAP_SETUID",
        "CAP_SETFCAP",
        "CAP_SETPCAP",
        "CAP_NET_BIND_SERVICE",
        "CAP_SYS_CHROOT",
        "CAP_KILL",
        "CAP_AUDIT_WRITE",
    ];
    let kinds = [
        NamespaceKind::Mount,
        NamespaceKind::Network,
        NamespaceKind::Uts,
        NamespaceKind::Pid,
        NamespaceKind::Ipc,
    ];
    let mut rules = vec![DeviceRule { allow: false, access: "rwm".into(), ..DeviceRule::default() }];
    rules.extend([5, 3, 9, 8].map(|minor| allow("c", 1, minor, "rwm")));
    rules.extend([0, 1].map(|minor| allow("c", 5, minor, "rwm")));
    rules.push(DeviceRule { allow: false, ..allow("c", 10, 229, "rwm") });
    let mut spec = Spec {
        process: Process {
            capabilities: Capabilities {
                bounding: texts(&names),
                effective: texts(&names),
                permitted: texts(&names),
                ..Capabilities::default()
            },
            ..Process::default()
        },
        mounts: vec![
            mount("/proc", "proc", "proc", &["nosuid", "noexec", "nodev"]),
            mount("/dev", "tmpfs", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
            mount("/sys", "sysfs", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
            mount("/sys/fs/cgroup", "cgroup", "cgroup", &["ro", "nosuid", "noexec", "nodev"]),
            mount("/etc/hosts", "bind", "/var/lib/docker/containers/x/hosts", &["rbind", "rprivate"]),
        ],
        linux: Linux {
            namespaces: kinds.map(|kind| Namespace { kind, path: None }).to_vec(),
            seccomp: Some(Seccomp::default()),
            masked_paths: texts(&[
                "/proc/asound",
                "/proc/acpi",
                "/proc/kcore",
                "/proc/keys",
                "/proc/latency_stats",
                "/proc/timer_list",
                "/proc/timer_stats",
                "/proc/sched_debug",
                "/proc/scsi",
                "/sys/firmware",
            ]),
            readonly_paths: texts(&[
                "/proc/bus",
                "/proc/fs",
                "/proc/irq",
                "/proc/sys",
                "/proc/sysrq-trigger",
            ]),
            ..Linux::default()
        },
        ..Spec::default()
    };
    spec.root.path = "/var/lib/docker/overlay2/x/merged".into();
    spec.linux.resources.devices = rules;
    spec
}

fn found(spec: &Spec) -> Vec<String> {
    findings(Ask::plain(spec)).iter().map(ToString::to_string).collect()
}

/// What a change to Docker's own gives up.
#[track_caller]
fn gives_up(change: impl FnOnce(&mut Spec), expected: &[&str]) {
    let mut spec = docker();
    let before = found(&spec);
    change(&mut spec);
    let mut after = found(&spec);
    after.retain(|finding| !before.contains(finding));
    assert_eq!(after, expected);
}

fn refused(spec: &Spec, floor: Floor) -> Option<String> {
    match judge("c1", Ask::plain(spec), floor, &[], &Log::default()) {
        Ok(_) => None,
        Err(failure) => Some(failure.to_string()),
    }
}

#[test]
fn what_docker_runs_by_default_is_above_the_baseline() {
    let spec = docker();
    assert_eq!(refused(&spec, Floor::Baseline), None);
    let refusal = refused(&spec, Floor::Restricted).unwrap();
    for part in [
        "the floor `restricted` of this host refuses container `c1`: ",
        "it may gain privileges by executing a program [new-privileges: set `process.noNewPrivileges`]",
        "it has capabilities: CAP_CHOWN, CAP_DAC_OVERRIDE, ",
        "it runs as the host's root [root-user: run it as another user]",
    ] {
        assert!(refusal.contains(part), "{part}\n{refusal}");
    }
}

#[test]
fn what_is_privileged_is_not() {
    let mut spec = docker();
    spec.process.capabilities.bounding.extend(texts(&["CAP_SYS_ADMIN", "cap_bpf"]));
    spec.linux.seccomp = None;
    spec.linux.masked_paths.clear();
    spec.linux.readonly_paths.clear();
    spec.linux.resources.devices =
        vec![DeviceRule { allow: true, access: "rwm".into(), ..DeviceRule::default() }];
    let refusal = refused(&spec, Floor::Baseline).unwrap();
    for name in ["added-capability", "no-seccomp", "unmasked-path", "writable-kernel", "all-devices"] {
        assert!(refusal.contains(&format!("[{name}: ")), "{name}\n{refusal}");
    }
    assert!(refusal.contains("CAP_SYS_ADMIN, CAP_BPF"), "{refusal}");
    assert_eq!(refused(&spec, Floor::None), None);
}

#[test]
fn a_namespace_that_is_missing_or_leads_to_ours_is_the_host_s() {
    let at = |kind, path: &'static str| {
        move |spec: &mut Spec| {
            spec.linux.namespaces.retain(|space| space.kind != kind);
            spec.linux
                .namespaces
                .extend((!path.is_empty()).then(|| Namespace { kind, path: Some(path.into()) }));
        }
    };
    gives_up(at(NamespaceKind::Network, ""), &["host-network"]);
    gives_up(at(NamespaceKind::Pid, "/proc/self/ns/pid"), &["host-pid:/proc/self/ns/pid"]);
    gives_up(at(NamespaceKind::Ipc, "/proc/self/ns/net"), &[]);
}

#[test]
fn devices_are_what_the_last_rules_leave() {
    let all = || DeviceRule { allow: true, kind: "a".into(), ..DeviceRule::default() };
    gives_up(|spec| spec.linux.resources.devices.clear(), &["all-devices"]);
    gives_up(|spec| spec.linux.resources.devices.push(all()), &["all-devices"]);
    gives_up(|spec| spec.linux.resources.devices.insert(0, all()), &[]);
    gives_up(|spec| spec.linux.resources.devices.push(allow("b", 8, 0, "rw")), &["device:b 8:0"]);
    gives_up(|spec| spec.linux.resources.devices.push(allow("c", -1, -1, "r")), &["device:c *:*"]);
    gives_up(|spec| spec.linux.resources.devices.push(allow("c", -1, -1, "m")), &[]);
    let write_only = DeviceRule { access: "w".into(), ..all() };
    gives_up(|spec| spec.linux.resources.devices.push(write_only), &["all-devices"]);
}

#[test]
fn mounts_of_the_kernel_s_filesystems_are_read_only_wherever_they_are() {
    let push = |mount: Mount| move |spec: &mut Spec| spec.mounts.push(mount);
    gives_up(push(mount("/s", "sysfs", "sysfs", &["ro,nosuid"])), &["unmasked-path:/s/firmware"]);
    gives_up(
        push(mount("/s", "sysfs", "sysfs", &["ro", "rw"])),
        &["unmasked-path:/s/firmware", "writable-kernel:/s"],
    );
    gives_up(push(mount("/cg", "cgroup2", "cgroup", &[])), &["writable-cgroups:/cg"]);
    gives_up(push(mount("/v", "bind", "/srv", &["rbind", "rprivate,rshared"])), &["shared-propagation:/v"]);
    gives_up(|spec| spec.linux.masked_paths = texts(&["/proc", "/sys"]), &[]);
    gives_up(
        |spec| spec.linux.readonly_paths.retain(|path| path != "/proc/sys"),
        &["writable-kernel:/proc/sys"],
    );
}

#[test]
fn paths_of_the_host_are_known_by_where_they_lead() {
    let bind = |source: &'static str, options: &[&'static str]| {
        let mount = mount("/v", "bind", source, options);
        move |spec: &mut Spec| spec.mounts.push(mount)
    };
    gives_up(bind("/", &["rbind", "ro"]), &["host-path:/"]);
    gives_up(bind("/var/run/docker.sock", &["bind"]), &["host-path:/var/run/docker.sock"]);
    gives_up(bind("/srv/../etc/./shadow", &["bind"]), &["host-path:/srv/../etc/./shadow"]);
    gives_up(bind("/etc/hosts", &["bind", "ro"]), &[]);
    gives_up(bind("/etc/hosts", &["bind"]), &["host-path:/etc/hosts"]);
    gives_up(bind("/dev/null", &["bind"]), &[]);
    gives_up(bind("/dev/kmsg", &["bind"]), &["host-path:/dev/kmsg"]);
    gives_up(bind("/etcetera", &["bind"]), &[]);
    gives_up(bind("/proc/self/root", &["rbind"]), &["host-path:/proc/self/root"]);
    let home = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/", home.path().join("innocent")).unwrap();
    let source = home.path().join("innocent").display().to_string();
    let expected = format!("host-path:{source}");
    let hidden = Mount { source: source.into(), ..mount("/v", "", "", &["rbind"]) };
    gives_up(|spec| spec.mounts.push(hidden), &[&expected]);
}

#[test]
fn sysctls_are_the_container_s_where_their_namespace_is() {
    let set =
        |name: &'static str| move |spec: &mut Spec| drop(spec.linux.sysctl.insert(name.into(), "1".into()));
    gives_up(set("net/ipv4/ip_forward"), &[]);
    gives_up(set("kernel.shmmax"), &[]);
    gives_up(set("kernel.core_pattern"), &["host-sysctl:kernel.core_pattern"]);
    gives_up(set("kernel.sem_next_id"), &["host-sysctl:kernel.sem_next_id"]);
    gives_up(set("user.max_user_namespaces"), &["host-sysctl:user.max_user_namespaces"]);
}

#[test]
fn what_was_honoured_at_the_creation_is_not_asked_again() {
    let mut spec = docker();
    spec.linux.seccomp = None;
    let honoured = found(&spec);
    let again = judge("c1", Ask::plain(&spec), Floor::Restricted, &honoured, &Log::default());
    assert_eq!(again.unwrap(), [""; 0]);
    spec.process.capabilities.effective.push("CAP_SYS_PTRACE".into());
    let more = judge("c1", Ask::plain(&spec), Floor::None, &honoured, &Log::default());
    assert_eq!(more.unwrap(), ["added-capability:CAP_SYS_PTRACE"]);
    let refusal = judge("c1", Ask::plain(&spec), Floor::Baseline, &honoured, &Log::default());
    assert!(matches!(refusal, Err(Failure::Floor { .. })));
}

#[test]
fn options_weaken_too() {
    let spec = docker();
    let ask = Ask { spec: &spec, keyring: Keyring::Callers, root: RootChange::Chroot };
    let names: Vec<&str> = findings(ask).iter().map(|finding| finding.weakness.name).collect();
    assert!(names.ends_with(&["no-pivot", "callers-keyring"]), "{names:?}");
}

/// The papers list every weakness, with the floor that refuses it.
#[test]
fn the_papers_know_every_weakness() {
    let papers = include_str!("../../../../docs/runtime.md");
    for weakness in weakness::ALL {
        let line = format!("| `{}` | {} |", weakness.name, weakness.floor.as_str());
        assert!(papers.contains(&line), "docs/runtime.md lacks: {line} it {} |", weakness.about);
    }
    let rows = papers.lines().filter(|line| line.ends_with("|") && line.starts_with("| `")).count();
    assert_eq!(rows, weakness::ALL.len());
}
