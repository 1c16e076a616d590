use model::digest::Digest;
use model::permit::Permit;
use model::request::{Access, ExecMode, MountRequest, MountSource};
use model::verdict::Level;
use proptest::prelude::*;

use super::*;
use crate::Question;
use crate::decide::decide;
use crate::fixtures::{image, question, request, signed, user_image};

fn placement() -> Placement {
    let map = vec![IdMapping { container_id: 0, host_id: 165_536, size: 65_536 }];
    Placement {
        container: "c1".to_owned(),
        hostname: "web".to_owned(),
        user: ResolvedUser { home: "/root".to_owned(), ..ResolvedUser::default() },
        uid_map: map.clone(),
        gid_map: map,
        lower: vec!["/store/b".to_owned(), "/store/a".to_owned()],
        upper: "/c/upper".to_owned(),
        work: "/c/work".to_owned(),
        cgroup: "coffer/c1".to_owned(),
        host_memory: 8 << 30,
        max_open_files: 1 << 20,
        files: vec![InjectedFile {
            path: "/etc/hosts".to_owned(),
            content: "127.0.0.1 localhost\n".to_owned(),
        }],
        ..Placement::default()
    }
}

fn permit(request: &RunRequest, image: &Image, level: Level) -> Permit {
    let question = Question { vouched: &signed(&["prod"], None), ..question(request, image, level) };
    decide(&question, "c1".to_owned(), 7).permit.unwrap()
}

fn spec(request: &RunRequest, image: &Image, level: Level) -> Spec {
    confine(&permit(request, image, level), request, image, &placement()).unwrap()
}

#[test]
fn the_default_has_every_wall() {
    let spec = spec(&request(), &image(), Level::Baseline);
    let kinds: Vec<_> = spec.linux.namespaces.iter().map(|namespace| namespace.kind).collect();
    assert_eq!(kinds, NamespaceKind::ALL);
    assert!(spec.process.no_new_privileges);
    assert_eq!(spec.process.capabilities.bounding.len(), 7);
    assert!(spec.linux.seccomp.is_some());
    assert_eq!(spec.linux.masked_paths.len(), 12);
    assert_eq!(spec.linux.sysctl["net.ipv4.ping_group_range"], "0 65535");
    assert_eq!(spec.linux.resources.memory.limit, Some(4 << 30));
    assert_eq!(spec.process.args, ["/bin/sh"]);
    let hardening = spec.hardening.unwrap();
    assert_eq!(hardening.landlock, Landlock::Required);
    assert_eq!(hardening.memfd_noexec, Some(2));
    assert_eq!(hardening.islands.len(), 2);
    assert_eq!(hardening.files.len(), 1);
}

#[test]
fn a_user_gets_no_capability() {
    let mut placement = placement();
    placement.user.uid = 1000;
    let (request, image) = (request(), user_image());
    let permit = permit(&request, &image, Level::Restricted);
    let spec = confine(&permit, &request, &image, &placement).unwrap();
    assert_eq!(spec.process.capabilities, model::spec::Capabilities::default());
    assert_eq!(spec.process.user.uid, 1000);
}

#[test]
fn privileged_has_no_wall_but_its_namespaces() {
    let request = RunRequest { privileged: true, ..request() };
    let spec = spec(&request, &image(), Level::Open);
    assert_eq!(spec.linux.namespaces.len(), 8);
    assert!(!spec.process.no_new_privileges);
    assert!(spec.linux.seccomp.is_none() && spec.linux.masked_paths.is_empty());
    assert_eq!(spec.process.capabilities.bounding.len(), 41);
    let hardening = spec.hardening.unwrap();
    assert!(hardening.islands.is_empty() && hardening.memfd_noexec.is_none());
    assert_eq!(hardening.landlock, Landlock::Off);
}

#[test]
fn mutable_opens_the_islands_and_nothing_else() {
    let request = RunRequest { mutable: true, remove: true, ..request() };
    let spec = spec(&request, &image(), Level::Baseline);
    assert!(spec.process.no_new_privileges && spec.linux.seccomp.is_some());
    let hardening = spec.hardening.unwrap();
    assert!(hardening.islands.is_empty() && hardening.memfd_noexec.is_none());
    assert_eq!(hardening.landlock, Landlock::Required);
    assert_eq!(hardening.overlay.unwrap().durability, OverlayDurability::Volatile);
}

/// The sysctl is left alone, and the filter wants memory files sealed against execution.
#[track_caller]
fn assert_filter_guards_memory_files(spec: Spec) {
    assert_eq!(spec.hardening.unwrap().memfd_noexec, None);
    let rules = spec.linux.seccomp.unwrap().syscalls;
    let refusals = rules.iter().filter(|rule| rule.names == ["memfd_create"]);
    let refused = refusals.flat_map(|rule| &rule.args).map(|arg| (arg.value, arg.value_two));
    assert_eq!(refused.collect::<Vec<_>>(), [(0x8, 0), (0x10, 0x10)]);
}

#[test]
fn where_the_sysctl_cannot_be_set_the_filter_guards_memory_files() {
    let mut placement = placement();
    placement.memfd = MemfdGuard::Filter;
    let (request, image) = (request(), image());
    let permit = permit(&request, &image, Level::Baseline);
    assert_filter_guards_memory_files(confine(&permit, &request, &image, &placement).unwrap());
}

#[test]
fn where_the_sysctl_would_be_the_host_s_the_filter_guards_memory_files() {
    let request = RunRequest { host_namespaces: vec![HostNamespace::Pid], ..request() };
    assert_filter_guards_memory_files(spec(&request, &image(), Level::Open));
}

#[test]
fn who_may_mount_is_not_held_by_landlock() {
    let request = RunRequest { cap_add: vec!["SYS_ADMIN".into()], ..request() };
    let spec = spec(&request, &image(), Level::Open);
    assert_eq!(spec.hardening.unwrap().landlock, Landlock::Off);
}

#[test]
fn the_host_s_network_takes_the_network_settings_away() {
    let request = RunRequest { network: Network::Host, ..request() };
    let spec = spec(&request, &image(), Level::Baseline);
    assert!(spec.linux.namespaces.iter().all(|namespace| namespace.kind != NamespaceKind::Network));
    assert!(spec.linux.sysctl.is_empty());
}

#[test]
fn a_way_out_leaves_the_container_its_own_network() {
    let [out, none] = [Network::Outbound, Network::None].map(|network| {
        let request = RunRequest { network, ..request() };
        spec(&request, &image(), Level::Baseline)
    });
    assert_eq!((out.linux.namespaces, out.linux.sysctl), (none.linux.namespaces, none.linux.sysctl));
}

#[test]
fn a_permit_is_for_one_request_of_one_image_in_one_container() {
    let (request, image) = (request(), image());
    let permit = permit(&request, &image, Level::Baseline);
    let check = |request: &RunRequest, image: &Image, placement: &Placement| {
        let error = confine(&permit, request, image, placement).unwrap_err();
        assert!(matches!(error, ConfineError::OtherPermit { .. }), "{error}");
    };
    check(&RunRequest { mutable: true, ..request.clone() }, &image, &placement());
    check(&request, &Image { digest: Digest::of(b"other"), ..image.clone() }, &placement());
    check(&request, &image, &Placement { container: "c2".to_owned(), ..placement() });
}

#[test]
fn restricted_notices_a_user_name_that_is_root() {
    let (request, mut image) = (request(), image());
    image.config.user = "toor".to_owned();
    let permit = permit(&request, &image, Level::Restricted);
    assert_eq!(confine(&permit, &request, &image, &placement()), Err(ConfineError::RootAtRestricted));
}

#[test]
fn a_file_of_the_engine_gives_way_to_a_mount() {
    let mount = MountRequest {
        source: MountSource::Bind { path: "/srv/hosts".to_owned() },
        target: "/etc/hosts".to_owned(),
        access: Access::ReadOnly,
        exec: ExecMode::Refused,
        asked_by: "-v".to_owned(),
    };
    let request = RunRequest { mounts: vec![mount], ..request() };
    assert!(spec(&request, &image(), Level::Baseline).hardening.unwrap().files.is_empty());
}

#[test]
fn a_file_of_the_engine_needs_no_island() {
    let mut image = image();
    image.facts.exec_dirs.push(crate::fixtures::exec_dir("/etc", &["hosts", "rc.local"], 9));
    let islands = spec(&request(), &image, Level::Baseline).hardening.unwrap().islands;
    let paths: Vec<_> = islands.iter().map(|island| island.path.as_str()).collect();
    assert_eq!(paths, ["/bin", "/etc/rc.local", "/lib"]);
}

#[test]
fn every_error_has_a_code_and_a_remedy() {
    let errors = [
        ConfineError::OtherPermit { what: "image" },
        ConfineError::NoCommand { image: "x".into() },
        ConfineError::Sysctl { name: "vm.x".into() },
        ConfineError::Device { device: "x".into() },
        ConfineError::Unmapped { kind: "user", id: 1, size: 1 },
    ];
    for error in errors {
        assert!(error.code().starts_with("E-policy-") && !error.remedy().is_empty(), "{error}");
    }
}

/// Mostly something that is right in one of the places where it is used, sometimes anything.
fn text(right: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        9 => prop::sample::select(right).prop_map(str::to_owned),
        1 => "[a-z/.:=\\PC]{0,12}",
    ]
}

fn mount_request() -> impl Strategy<Value = MountRequest> {
    let source = prop_oneof![
        text(&["/etc", "/srv/data", "/home/me", "/", "/run/docker.sock"])
            .prop_map(|path| MountSource::Bind { path }),
        (any::<Option<u64>>(), any::<Option<u32>>())
            .prop_map(|(size, mode)| MountSource::Tmpfs { size, mode }),
        text(&["", "db"]).prop_map(|name| MountSource::Volume { name }),
    ];
    (source, text(&["/data", "/x/y", "/dev/shm", "/etc/hosts", "/proc"]), any::<[bool; 2]>()).prop_map(
        |(source, target, [readonly, exec])| MountRequest {
            source,
            target,
            access: if readonly { Access::ReadOnly } else { Access::ReadWrite },
            exec: if exec { ExecMode::Allowed } else { ExecMode::Refused },
            asked_by: "--mount".to_owned(),
        },
    )
}

fn namespaces_of_the_host() -> impl Strategy<Value = Vec<HostNamespace>> {
    use HostNamespace::{Cgroup, Ipc, Pid, User, Uts};
    let kinds = prop_oneof![Just(Pid), Just(Ipc), Just(Uts), Just(User), Just(Cgroup)];
    prop_oneof![3 => Just(Vec::new()), 1 => kinds.prop_map(|kind| vec![kind])]
}

fn network() -> impl Strategy<Value = Network> {
    prop_oneof![Just(Network::None), Just(Network::Outbound), Just(Network::Host)]
}

fn any_request() -> impl Strategy<Value = RunRequest> {
    let texts = |right| prop::collection::vec(text(right), 0..2);
    let capabilities = || texts(&["ALL", "NET_ADMIN", "SYS_CHROOT", "CHOWN", "MKNOD", "KILL"]);
    let devices = texts(&["/dev/fuse", "/dev/sda", "/dev/kvm:/dev/k"]);
    let words = (texts(&["sh", "id"]), texts(&["A=1", "PATH=/"]), capabilities(), capabilities(), devices);
    let memory = prop_oneof![Just(None), (1_u64 << 20..1 << 40).prop_map(Some)];
    let pids = prop_oneof![Just(None), (-1_i64..100).prop_map(Some)];
    let user = prop::option::of(text(&["0", "1000", "nginx"]));
    let options = (memory, pids, user, any::<[bool; 5]>(), network());
    let mounts = prop::collection::vec(mount_request(), 0..2);
    (words, options, mounts, namespaces_of_the_host(), text(&["", "net.core.somaxconn", "kernel.shmmax"]))
        .prop_map(
            |(
                (command, env, cap_add, cap_drop, devices),
                (memory, pids, user, flags, network),
                mounts,
                spaces,
                sysctl,
            )| {
                let [privileged, unconfined, mutable, remove, tty] = flags;
                let mut request = request();
                request.command = command;
                request.env = env;
                request.cap_add = cap_add;
                request.cap_drop = cap_drop;
                request.devices = devices;
                request.limits.memory = memory;
                request.limits.pids = pids;
                request.user = user;
                request.privileged = privileged && unconfined && mutable;
                request.seccomp_unconfined = unconfined && tty;
                request.mutable = mutable;
                request.remove = remove;
                request.tty = tty;
                request.network = network;
                request.mounts = mounts;
                request.host_namespaces = spaces;
                request.sysctls.extend((!sysctl.is_empty()).then(|| (sysctl, "1".to_owned())));
                request
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn nothing_that_baseline_permits_lacks_a_wall(request in any_request()) {
        let image = image();
        let Ok(permit) = decide(&question(&request, &image, Level::Baseline), "c1".to_owned(), 7).permit else {
            return Ok(());
        };
        let Ok(spec) = confine(&permit, &request, &image, &placement()) else { return Ok(()) };
        prop_assert!(spec.process.no_new_privileges);
        prop_assert!(spec.linux.seccomp.is_some());
        prop_assert_eq!(spec.linux.masked_paths.len(), 12);
        let private = 8 - usize::from(request.network == Network::Host);
        prop_assert_eq!(spec.linux.namespaces.len(), private);
        let hardening = spec.hardening.unwrap_or_default();
        prop_assert_eq!(hardening.landlock, Landlock::Required);
        prop_assert_eq!(hardening.islands.is_empty(), request.mutable);
        for mount in spec.mounts.iter().filter(|mount| mount.kind == "bind") {
            prop_assert!(mount.options.iter().any(|option| option == "rnosuid"));
            prop_assert!(!mount.source.starts_with("/etc"));
        }
    }

    #[test]
    fn what_was_permitted_is_well_formed(request in any_request()) {
        let image = image();
        for level in Level::ALL {
            let decision = decide(&question(&request, &image, level), "c1".to_owned(), 7);
            if decision.permit.is_ok() {
                prop_assert_eq!(validate(&request, &image), Ok(()));
            }
        }
    }
}

#[test]
fn files_without_a_container_are_its_root_its_islands_and_what_is_bound() {
    let request = RunRequest {
        mounts: vec![
            MountRequest {
                source: MountSource::Bind { path: "/srv/x".into() },
                target: "/data".into(),
                access: Access::ReadOnly,
                exec: ExecMode::Refused,
                asked_by: "-v /srv/x:/data".into(),
            },
            MountRequest {
                source: MountSource::Tmpfs { size: None, mode: None },
                target: "/scratch".into(),
                access: Access::ReadWrite,
                exec: ExecMode::Refused,
                asked_by: "--tmpfs /scratch".into(),
            },
        ],
        remove: true,
        ..request()
    };
    let spec = furnish(&request, &image(), &placement()).unwrap();
    let kinds: Vec<_> = spec.linux.namespaces.iter().map(|namespace| namespace.kind).collect();
    assert!(kinds.contains(&NamespaceKind::User) && kinds.len() == 2, "{kinds:?}");
    let targets: Vec<_> = spec.mounts.iter().map(|mount| mount.destination.as_str()).collect();
    assert_eq!(targets, ["/data"]);
    assert!(spec.process.args.is_empty() && spec.linux.cgroups_path.is_empty());
    let hardening = spec.hardening.unwrap();
    assert_eq!(hardening.islands.len(), 2);
    assert_eq!(hardening.overlay.unwrap().durability, OverlayDurability::Synced);
}
