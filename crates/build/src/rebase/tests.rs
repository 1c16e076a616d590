//! Whether an application may move: a yes with all that it changes, and each no with its reason.

use model::digest::Digest;
use model::upkeep::Health;
use proptest::prelude::*;

use super::*;

fn layer(name: &str) -> Layer {
    let digest = Digest::of(name.as_bytes());
    Layer { blob: Digest::of(format!("{name}.gz").as_bytes()), diff_id: digest, size: 1 }
}

fn layers(names: &[&str]) -> Vec<Layer> {
    names.iter().map(|name| layer(name)).collect()
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn family() -> Family {
    Family {
        distribution: Some(("debian".into(), "12".into())),
        libc: Some(Libc { kind: "glibc".into(), version: vec![2, 36] }),
        runtimes: [("python".to_owned(), "3.11".to_owned())].into(),
        libraries: ["libssl.so.3".to_owned(), "libc.so.6".to_owned()].into(),
    }
}

fn start() -> ImageConfig {
    ImageConfig {
        os: "linux".into(),
        architecture: "amd64".into(),
        env: strings(&["PATH=/bin", "VERSION=1"]),
        cmd: strings(&["bash"]),
        ..ImageConfig::default()
    }
}

/// An image of two layers on a base of two, and a new base.
struct Case {
    image: ImageConfig,
    layers: Vec<Layer>,
    old: Side,
    new: Side,
    above: Vec<Above>,
    differences: BTreeMap<String, Difference>,
}

fn case() -> Case {
    let old = Side { config: start(), layers: layers(&["base", "tools"]), family: family() };
    let new = Side { config: start(), layers: layers(&["base.1", "tools.1", "fix"]), family: family() };
    let image = ImageConfig { cmd: strings(&["/app/run"]), ..start() };
    Case {
        image,
        layers: layers(&["base", "tools", "app", "conf"]),
        old,
        new,
        above: Vec::new(),
        differences: BTreeMap::new(),
    }
}

const FILE: Option<Kind> = Some(Kind::Other);
const DIRECTORY: Option<Kind> = Some(Kind::Directory);

impl Case {
    fn touches(mut self, path: &str, touch: Touch) -> Self {
        self.above.push(Above { path: path.to_owned(), touch });
        self
    }

    fn differs(mut self, path: &str, old: Option<Kind>, new: Option<Kind>) -> Self {
        self.differences.insert(path.to_owned(), Difference { old, new });
        self
    }

    fn judge(&self) -> Result<Rebased, Vec<Reason>> {
        let old = Old { config: &self.image, layers: &self.layers, base: &self.old, above: &self.above };
        judge(&old, &New { base: &self.new, differences: &self.differences })
    }

    #[track_caller]
    fn reasons(&self) -> Vec<String> {
        self.judge().unwrap_err().iter().map(Reason::to_string).collect()
    }

    #[track_caller]
    fn reason(&self) -> String {
        let reasons = self.reasons();
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        reasons[0].clone()
    }
}

#[test]
fn an_application_moves_with_its_layers() {
    let rebased = case().judge().unwrap();
    assert_eq!(rebased.layers, layers(&["base.1", "tools.1", "fix", "app", "conf"]));
    assert_eq!((rebased.base, rebased.config.cmd), (3, strings(&["/app/run"])));
    assert_eq!(rebased.remarks, Vec::<String>::new());
}

#[test]
fn what_is_packed_otherwise_is_the_same_layer() {
    let mut case = case();
    case.layers[0].blob = Digest::of(b"zstd");
    assert!(case.judge().is_ok());
}

#[test]
fn an_image_of_another_base_stays() {
    let mut other = case();
    other.old.layers = layers(&["base", "other"]);
    assert_eq!(
        other.reason(),
        "layer 2 of the image is not that of the base: it was built on another one; name that with --from"
    );
    other.old.layers = layers(&["base", "tools", "app", "conf", "more"]);
    assert!(other.reason().starts_with("the image has 4 layers, and the base 5"));
    other.old.layers = layers(&["base", "tools", "app", "conf"]);
    assert!(other.reason().starts_with("the image has no layers of its own"));
}

#[test]
fn another_platform_is_another_image() {
    let mut case = case();
    case.new.config.architecture = "arm64".into();
    assert_eq!(case.reason(), "the image is for linux/amd64, and the new base for linux/arm64");
}

#[test]
fn a_release_is_not_left() {
    let mut case = case();
    case.new.family.distribution = Some(("debian".into(), "13".into()));
    assert!(case.reason().starts_with("the old base is debian 12, and the new one debian 13"));
    case.new.family.distribution = Some(("ubuntu".into(), "12".into()));
    assert!(case.reason().starts_with("the old base is debian 12, and the new one ubuntu 12"));
    case.new.family.distribution = None;
    assert!(case.reason().starts_with("/etc/os-release of both bases"));
    case.old.family.distribution = None;
    assert!(case.reason().starts_with("/etc/os-release of both bases"), "what is not known is a no");
}

#[test]
fn the_c_library_gets_no_older_and_no_other() {
    let libc = |kind: &str, version: &[u32]| Some(Libc { kind: kind.into(), version: version.to_vec() });
    let mut case = case();
    for fine in
        [libc("glibc", &[2, 36]), libc("glibc", &[2, 36, 1]), libc("glibc", &[2, 100]), libc("glibc", &[3])]
    {
        case.new.family.libc = fine;
        assert!(case.judge().is_ok());
    }
    for (other, now) in [
        (libc("glibc", &[2, 31]), "glibc 2.31"),
        (libc("glibc", &[2, 4]), "glibc 2.4"),
        (libc("musl", &[9]), "musl 9"),
        (None, "none"),
    ] {
        case.new.family.libc = other;
        assert_eq!(
            case.reason(),
            format!(
                "the old base has glibc 2.36, and the new one {now}: programs run on the same or a newer one alone"
            )
        );
    }
    case.old.family.libc = None;
    assert!(case.judge().is_ok(), "nothing was linked against what was not there");
}

#[test]
fn interpreters_stay_the_same() {
    let mut case = case();
    case.new.family.runtimes.insert("python".into(), "3.12".into());
    assert!(case.reason().starts_with("the old base has python 3.11, and the new one 3.12"));
    case.new.family.runtimes.clear();
    assert!(case.reason().starts_with("the old base has python 3.11, and the new one none"));
    case.old.family.runtimes.clear();
    case.new.family.runtimes.insert("node".into(), "22".into());
    assert!(case.judge().is_ok(), "a further one harms nobody");
}

#[test]
fn libraries_stay_there() {
    let mut case = case();
    case.new.family.libraries = ["libc.so.6".to_owned(), "libssl.so.4".to_owned()].into();
    assert!(case.reason().starts_with("`libssl.so.3` of the old base is not in the new one"));
}

#[test]
fn files_that_nobody_else_has_move() {
    let case = case()
        .touches("/app", Touch::Directory)
        .touches("/app/run", Touch::File)
        .touches("/usr", Touch::Directory)
        .touches("/usr/lib", Touch::Directory)
        .touches("/usr/lib/libapp.so", Touch::File)
        .touches("/usr/lib/old", Touch::Removed)
        .differs("/usr/lib/libssl.so.3", FILE, FILE)
        .differs("/usr/lib/older", FILE, None)
        .differs("/usr/lib-new", None, DIRECTORY)
        .differs("/usr/lib-new/x", None, FILE);
    assert!(case.judge().is_ok());
}

#[test]
fn a_file_that_the_fix_changes_may_not_be_hidden() {
    let replaced =
        |old, new| case().touches("/etc/ssl.cnf", Touch::File).differs("/etc/ssl.cnf", old, new).reason();
    for (old, new) in [(FILE, FILE), (None, FILE), (FILE, None), (FILE, Some(Kind::Link))] {
        assert_eq!(
            replaced(old, new),
            "the application's layers replace `/etc/ssl.cnf`, which the bases have differently: the new one's would be hidden"
        );
    }
    let directory = case().touches("/etc", Touch::Directory).differs("/etc", DIRECTORY, DIRECTORY);
    assert!(directory.reason().starts_with("the application's layers replace `/etc`"), "its owner and mode");
}

#[test]
fn what_was_removed_is_the_same_in_both() {
    let gone = case().touches("/usr/share/doc", Touch::Removed).differs("/usr/share/doc/ssl", FILE, FILE);
    assert!(gone.reason().starts_with(
        "the application's layers remove `/usr/share/doc`, and the bases have `/usr/share/doc/ssl`"
    ));
    let itself = case().touches("/etc/motd", Touch::Removed).differs("/etc/motd", FILE, FILE);
    assert!(itself.reason().contains("remove `/etc/motd`, and the bases have `/etc/motd`"));
    let hidden = case().touches("/usr/games", Touch::File).differs("/usr/games/new", None, FILE);
    assert!(hidden.reason().contains("remove `/usr/games`"), "a file where a directory was");
    let beside = case().touches("/usr/share/doc", Touch::Removed).differs("/usr/share/docs/x", FILE, FILE);
    assert!(beside.judge().is_ok());
}

#[test]
fn directories_on_the_way_stay_directories() {
    let moved = |new| {
        let case = case().touches("/srv/data/app/x", Touch::File);
        case.differs("/srv/data", DIRECTORY, new).reasons().join(" ")
    };
    assert!(moved(Some(Kind::Link)).ends_with(
        "lies in `/srv/data`, which is a directory in the old base and a symbolic link in the new one"
    ));
    assert!(moved(FILE).ends_with("a file in the new one"));
    assert!(moved(None).ends_with("nothing in the new one"));
    let modes = case().touches("/srv/data/x", Touch::File).differs("/srv/data", DIRECTORY, DIRECTORY);
    assert!(modes.judge().is_ok(), "the layer has no entry of its own for it");
}

#[test]
fn a_database_of_packages_is_one_file_for_all() {
    for database in [
        "/var/lib/dpkg/status",
        "/lib/apk/db/installed",
        "/usr/lib/apk/db/installed",
        "/var/lib/rpm/rpmdb.sqlite",
        "/usr/lib/sysimage/rpm/Packages.db",
        "/var/lib/pacman/local/bash-5/desc",
    ] {
        let reason = case().touches(database, Touch::File).reason();
        assert!(reason.starts_with(&format!("the application's layers changed `{database}`")), "{reason}");
        assert!(reason.contains("make an image of base and packages"), "and what to do: {reason}");
    }
    let apart = case()
        .touches("/var/lib/dpkg/status.d/app", Touch::File)
        .touches("/var/lib/dpkg/status-old", Touch::File);
    assert!(apart.judge().is_ok(), "a file for each package can be told apart");
    let both =
        case().touches("/var/lib/dpkg/status", Touch::File).differs("/var/lib/dpkg/status", FILE, FILE);
    assert!(both.reason().contains("cannot be told apart"), "said once");
}

#[test]
fn a_thousand_reasons_are_a_few_and_a_number() {
    let many = (0..1000).fold(case(), |case, n| {
        case.touches(&format!("/f{n:04}"), Touch::File).differs(&format!("/f{n:04}"), FILE, FILE)
    });
    let reasons = many.reasons();
    assert_eq!((reasons.len(), reasons[20].as_str()), (21, "and 980 more paths of that kind"));
}

#[test]
fn all_reasons_are_said_at_once() {
    let mut case = case().touches("/a", Touch::File).differs("/a", FILE, FILE);
    case.new.config.os = "windows".into();
    case.new.family = Family::default();
    assert_eq!(case.reasons().len(), 7);
}

#[test]
fn what_came_from_the_old_base_comes_from_the_new_one() {
    let mut case = case();
    let base = |user: &str, label: &str, port: &str| ImageConfig {
        user: user.into(),
        working_dir: format!("/{user}"),
        entrypoint: strings(&["/entry", user]),
        cmd: strings(&[user]),
        stop_signal: user.into(),
        shell: strings(&[user]),
        labels: [("version".to_owned(), label.to_owned()), ("vendor".to_owned(), "us".to_owned())].into(),
        exposed_ports: strings(&[port]),
        volumes: strings(&[user]),
        health: Health { interval: Some(user.len() as u64), ..Health::default() },
        ..start()
    };
    case.old.config = base("old", "1", "80/tcp");
    case.new.config = base("newer", "2", "81/tcp");
    case.image = case.old.config.clone();
    assert_eq!(case.judge().unwrap().config, case.new.config, "an image that says nothing is the new base");
    case.image.exposed_ports.push("9/tcp".into());
    case.image.labels.insert("app".into(), "mine".into());
    case.image.labels.insert("vendor".into(), "them".into());
    case.image.user = "app".into();
    case.image.on_build = strings(&["RUN x"]);
    let config = case.judge().unwrap().config;
    assert_eq!((config.user.as_str(), config.working_dir.as_str()), ("app", "/newer"));
    assert_eq!((config.exposed_ports, config.on_build), (strings(&["81/tcp", "9/tcp"]), strings(&["RUN x"])));
    let labels: Vec<String> =
        config.labels.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(labels, ["app=mine", "vendor=them", "version=2"]);
}

#[test]
fn an_entry_point_keeps_its_command() {
    let mut case = case();
    case.old.config.entrypoint = strings(&["/old"]);
    case.new.config.entrypoint = strings(&["/new"]);
    case.new.config.cmd = strings(&["zsh"]);
    let mut start = |entrypoint: &str, cmd: &str| {
        case.image.entrypoint = strings(&[entrypoint]);
        case.image.cmd = strings(&[cmd]);
        let config = case.judge().unwrap().config;
        (config.entrypoint.concat(), config.cmd.concat())
    };
    assert_eq!(start("/old", "bash"), ("/new".into(), "zsh".into()));
    assert_eq!(start("/old", "mine"), ("/new".into(), "mine".into()));
    assert_eq!(start("/app", "bash"), ("/app".into(), "bash".into()), "a command for its own entry point");
}

#[test]
fn variables_keep_their_order_and_their_owner() {
    let mut case = case();
    case.old.config.env = strings(&["PATH=/bin", "VERSION=1", "GONE=1", "KEPT=1"]);
    case.new.config.env = strings(&["VERSION=2", "PATH=/bin", "FRESH=1", "KEPT=2"]);
    case.image.env = strings(&["PATH=/bin", "VERSION=1", "GONE=1", "KEPT=mine", "APP=1"]);
    let rebased = case.judge().unwrap();
    assert_eq!(rebased.config.env, ["VERSION=2", "PATH=/bin", "FRESH=1", "KEPT=mine", "APP=1"]);
    assert_eq!(rebased.remarks, Vec::<String>::new());
    case.image.env = strings(&["PATH=/app/bin:/bin", "VERSION=1"]);
    assert_eq!(case.judge().unwrap().remarks, Vec::<String>::new(), "it holds what both bases have");
    case.new.config.env = strings(&["PATH=/usr/bin"]);
    let rebased = case.judge().unwrap();
    assert_eq!(rebased.config.env, ["PATH=/app/bin:/bin"]);
    assert_eq!(
        rebased.remarks,
        ["`PATH` was put together from the old base's, and the new one has another; it stays as it is"]
    );
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec("[a-c]", 1..4).prop_map(|parts| format!("/{}", parts.join("/")))
}

fn touch() -> impl Strategy<Value = Touch> {
    prop_oneof![Just(Touch::File), Just(Touch::Directory), Just(Touch::Removed)]
}

proptest! {
    /// A no is for something, and a yes hides nothing that differs.
    #[test]
    fn what_differs_is_seen_after_a_yes(
        above in prop::collection::vec((path(), touch()), 0..6),
        differences in prop::collection::vec(path(), 0..6),
    ) {
        let case = above.iter().fold(case(), |case, (path, touch)| case.touches(path, *touch));
        let case = differences.iter().fold(case, |case, path| case.differs(path, FILE, FILE));
        let hides = |(path, touch): &(String, Touch)| {
            differences.iter().any(|differs| {
                let is_within = differs.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
                differs == path || (*touch != Touch::Directory && is_within)
            })
        };
        let is_below = |(path, _): &(String, Touch)| {
            differences.iter().any(|d| path.strip_prefix(d.as_str()).is_some_and(|rest| rest.starts_with('/')))
        };
        let is_wrong = above.iter().any(|above| hides(above) || is_below(above));
        prop_assert_eq!(case.judge().is_err(), is_wrong);
    }

    /// Nothing of the old base is left where the image had nothing of its own.
    #[test]
    fn an_image_that_adds_nothing_starts_as_the_new_base(
        old in prop::collection::vec("[A-C]=[0-2]", 0..4),
        new in prop::collection::vec("[A-C]=[0-2]", 0..4),
    ) {
        let unique = |lines: Vec<String>| -> Vec<String> {
            let map: BTreeMap<String, String> = lines.into_iter().map(|line| (line[..1].to_owned(), line)).collect();
            map.into_values().collect()
        };
        let mut case = case();
        case.old.config.env = unique(old);
        case.new.config.env = unique(new);
        case.image = case.old.config.clone();
        prop_assert_eq!(case.judge().unwrap().config, case.new.config);
    }
}
