//! What a request asks for beyond the default confinement, and from which level on it is refused.

mod scanned;
mod vouched;

use model::image::Image;
use model::request::{ExecMode, HostNamespace, MountSource, Network, RunRequest};
use model::usecase::Privileges;
use model::verdict::{Exception, Level};

use crate::assess::Question;
use crate::capabilities::{CapabilitySet, StartsAs};
use crate::catalogue::host_option;
use crate::confine::{pids_limit, sysctl};
use crate::hostpaths::{Reach, reach};

pub use scanned::KNOWN_EXPLOITED;
pub use vouched::UNVOUCHED;

/// One thing that can be asked for: the rule that judges it.
#[derive(Debug, PartialEq, Eq)]
pub struct AskRule {
    /// Stable name.
    pub id: &'static str,
    /// Who gets it.
    pub grant: Grant,
    /// The dimension of the use case that it raises.
    pub privileges: Privileges,
    /// Sections of NIST SP 800-190.
    pub nist: &'static [&'static str],
    /// Recommendations of the CIS Docker Benchmark 1.6.
    pub cis: &'static [&'static str],
}

/// Up to which level something is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    /// At `open` and `baseline`, as a matter of course; `restricted` refuses it.
    BelowRestricted,
    /// At `open` and `baseline`, as a recorded exception; `restricted` refuses every exception.
    AsException,
    /// At `open` only.
    AtOpen,
    /// Never: the ledger could not be believed any more, or the request is malformed.
    Never,
}

impl Grant {
    /// Whether the level grants it.
    #[must_use]
    pub fn at(self, level: Level) -> bool {
        match self {
            Self::BelowRestricted | Self::AsException => level <= Level::Baseline,
            Self::AtOpen => level == Level::Open,
            Self::Never => false,
        }
    }
}

macro_rules! rules {
    ($($name:ident = $id:literal, $grant:ident, $privileges:ident, $nist:expr, $cis:expr;)+) => {
        $(static $name: AskRule = AskRule {
            id: $id,
            grant: Grant::$grant,
            privileges: Privileges::$privileges,
            nist: &$nist,
            cis: &$cis,
        };)+
        /// Every rule about requests.
        pub static RULES: &[&AskRule] = &[$(&$name),+];
    };
}

rules! {
    OWN_STATE = "ledger-out-of-reach", Never, Unconfined, ["4.5.5"], ["5.6"];
    HOST_ROOT = "host-root-out-of-reach", Never, Unconfined, ["4.4.3", "4.5.4"], ["5.31"];
    MALFORMED_PATH = "host-path-is-plain", Never, Elevated, ["4.5.5"], ["5.6"];
    PRIVILEGED = "no-privileged", AtOpen, Unconfined, ["4.4.3"], ["5.5"];
    HOST_NAMESPACE = "no-host-namespace", AtOpen, Unconfined, ["4.4.3"], ["5.16", "5.17", "5.21", "5.31"];
    ENGINE_SOCKET = "no-engine-socket", AtOpen, Unconfined, ["4.4.3", "4.5.4"], ["5.32"];
    SYSTEM_PATH = "no-system-path", AtOpen, Elevated, ["4.4.3", "4.5.5"], ["5.6"];
    STRONG_CAPABILITY = "no-strong-capability", AtOpen, Elevated, ["4.4.3"], ["5.4"];
    SECCOMP_UNCONFINED = "no-unconfined-seccomp", AtOpen, Elevated, ["4.4.3"], ["5.22"];
    STRONG_DEVICE = "no-strong-device", AtOpen, Elevated, ["4.4.3"], ["5.18"];
    PINNED_PUBLISHER = "pinned-publisher", AtOpen, None, ["4.1.5"], ["4.2", "4.5"];
    UNSAFE_SYSCTL = "no-unsafe-sysctl", AtOpen, Elevated, ["4.4.3"], [];
    PUBLISHED_PORT = "published-port-is-an-exception", AsException, None, ["4.4.2"], ["5.9", "5.14"];
    HOST_NETWORK = "host-network-is-an-exception", AsException, Unconfined, ["4.4.2"], ["5.10"];
    OUTBOUND = "outbound-network-is-an-exception", AsException, None, ["4.4.2"], ["5.9"];
    CAPABILITY = "capability-is-an-exception", AsException, Elevated, ["4.4.3"], ["5.4"];
    HOST_PATH = "host-path-is-an-exception", AsException, Elevated, ["4.5.5"], ["5.6"];
    AGENT = "agent-is-an-exception", AsException, None, ["4.4.3"], [];
    DEVICE = "device-is-an-exception", AsException, Elevated, ["4.4.3"], ["5.18"];
    EXPLOITED = "no-known-exploited-vulnerability", AsException, None, ["4.1.1"], ["4.4"];
    MUTABLE = "mutable-is-an-exception", AsException, None, ["4.4.4"], ["5.13"];
    EXEC_MOUNT = "exec-mount-is-an-exception", AsException, None, ["4.4.4"], [];
    PIDS_UNLIMITED = "pids-unlimited-is-an-exception", AsException, None, ["4.4.3"], ["5.29"];
    ROOT_USER = "root-user", BelowRestricted, None, ["4.4.3"], ["4.1"];
}

/// One thing that this request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The rule that judges it.
    pub rule: &'static AskRule,
    /// How it is recorded if it is granted.
    pub exception: Exception,
    /// What to do instead.
    pub instead: String,
}

impl Ask {
    fn new(
        rule: &'static AskRule,
        id: impl Into<String>,
        asked_by: impl Into<String>,
        detail: String,
    ) -> Self {
        let asked_by = asked_by.into();
        let instead = format!("leave out `{asked_by}`");
        Self { rule, exception: Exception { id: id.into(), detail, asked_by }, instead }
    }

    /// What was asked for and what it opens, for a refusal: options in backticks.
    pub(crate) fn sentence(&self) -> String {
        let Exception { asked_by, detail, .. } = &self.exception;
        if asked_by.starts_with('-') {
            format!("`{asked_by}` {detail}")
        } else {
            format!("{asked_by} {detail}")
        }
    }

    fn instead(mut self, instead: impl Into<String>) -> Self {
        self.instead = instead.into();
        self
    }
}

/// Everything that the request asks for, and that the image brings along, the gravest first.
pub(crate) fn all(question: &Question<'_>) -> Vec<Ask> {
    let mut asks = asks(question.request, question.image, question.own_state);
    scanned::vulnerabilities(question.scanned, &mut asks);
    vouched::doubts(question.vouched, &mut asks);
    sort(&mut asks);
    asks
}

/// Everything that the request asks for, the gravest first. `own_state` are the engine's directories;
/// `added` are the capabilities that were asked for by name.
pub(crate) fn asks(request: &RunRequest, image: &Image, own_state: &[String]) -> Vec<Ask> {
    let mut asks = Vec::new();
    walls(request, &mut asks);
    mounts(request, own_state, &mut asks);
    capabilities(request, image, &mut asks);
    ports(request, &mut asks);
    smaller(request, &mut asks);
    sort(&mut asks);
    asks
}

fn sort(asks: &mut [Ask]) {
    asks.sort_by_key(|ask| std::cmp::Reverse((ask.rule.grant, ask.rule.privileges)));
}

/// The greatest privilege of all asks.
pub(crate) fn privileges(asks: &[Ask]) -> Privileges {
    asks.iter().map(|ask| ask.rule.privileges).max().unwrap_or(Privileges::None)
}

/// What removes a whole wall.
fn walls(request: &RunRequest, asks: &mut Vec<Ask>) {
    if request.privileged {
        let detail = format!("removes every wall between {} and this host", request.image);
        let ask = match &request.step {
            None => Ask::new(&PRIVILEGED, "privileged", "--privileged", detail).instead(format!(
                "run it without, the default gives most images what they need: coffer run {}",
                request.image
            )),
            Some(_) => Ask::new(&PRIVILEGED, "privileged", "--security=insecure", detail),
        };
        asks.push(ask);
    }
    for kind in &request.host_namespaces {
        let (id, detail) = host_namespace(*kind);
        asks.push(Ask::new(&HOST_NAMESPACE, id, host_option(*kind), detail.to_owned()));
    }
    match request.network {
        Network::None => {}
        Network::Outbound => {
            let detail = "opens connections to everything that this host reaches but itself".to_owned();
            asks.push(Ask::new(&OUTBOUND, "network-outbound", "--network outbound", detail));
        }
        Network::Host => {
            let detail = "reaches every service of this host and of its networks".to_owned();
            asks.push(Ask::new(&HOST_NETWORK, "network-host", "--network host", detail));
        }
    }
    if let Some(with) = real_root(request) {
        let detail = "is root on this host, which can rewrite the ledger".to_owned();
        let asked_by = format!("--userns host {with}");
        asks.push(Ask::new(&HOST_ROOT, "host-root", asked_by, detail).instead("leave out `--userns host`"));
    }
    if request.seccomp_unconfined {
        let detail = "opens every system call of the kernel that all containers share".to_owned();
        let asked_by = "--security-opt seccomp=unconfined";
        asks.push(Ask::new(&SECCOMP_UNCONFINED, "seccomp-unconfined", asked_by, detail));
    }
}

fn host_namespace(kind: HostNamespace) -> (&'static str, &'static str) {
    match kind {
        HostNamespace::Pid => ("pid-host", "sees and signals the processes of this host"),
        HostNamespace::Ipc => ("ipc-host", "reads and writes the shared memory of this host"),
        HostNamespace::Uts => ("uts-host", "shares the name of this host"),
        HostNamespace::User => ("userns-host", "makes root in the container root on this host"),
        HostNamespace::Cgroup => ("cgroupns-host", "sees the control groups of this host"),
    }
}

/// With `--userns host` capabilities are the host's: what besides it makes a root of this host.
fn real_root(request: &RunRequest) -> Option<&str> {
    if !request.host_namespaces.contains(&HostNamespace::User) {
        return None;
    }
    if request.privileged {
        return Some("--privileged");
    }
    if request.host_namespaces.contains(&HostNamespace::Pid) {
        return Some("--pid host");
    }
    (!request.cap_add.is_empty()).then_some("--cap-add")
}

fn mounts(request: &RunRequest, own_state: &[String], asks: &mut Vec<Ask>) {
    for mount in &request.mounts {
        if let MountSource::Bind { path } = &mount.source {
            asks.push(bind(path, reach(path, mount.access, own_state), &mount.asked_by));
        }
        if let MountSource::Agent { id, .. } = &mount.source {
            let detail = format!("lets it sign with the keys of the agent `{id}`");
            asks.push(Ask::new(&AGENT, "agent", &mount.asked_by, detail));
        }
        if mount.exec == ExecMode::Allowed {
            let detail = format!("lets programs that were written to {} run", mount.target);
            asks.push(
                Ask::new(&EXEC_MOUNT, "exec-mount", &mount.asked_by, detail).instead("leave out `exec`"),
            );
        }
    }
}

fn bind(path: &str, reach: Reach, asked_by: &str) -> Ask {
    let (rule, id, detail) = match reach {
        Reach::OwnState => (
            &OWN_STATE,
            "own-state",
            format!("opens {path}, which holds Cofferdam's own ledger, keys or images"),
        ),
        Reach::EngineSocket => (
            &ENGINE_SOCKET,
            "engine-socket",
            format!("hands over {path}: who can write to it is root on this host"),
        ),
        Reach::System(why) => (&SYSTEM_PATH, "system-path", format!("opens {path}, which {why}")),
        Reach::Files => (&HOST_PATH, "host-path", format!("shows {path} of this host")),
        Reach::Malformed => {
            (&MALFORMED_PATH, "host-path", format!("names `{path}`, which is no absolute path without `..`"))
        }
    };
    Ask::new(rule, id, asked_by, detail)
        .instead("mount only the directory that the container needs, below /srv or a home directory")
}

fn capabilities(request: &RunRequest, image: &Image, asks: &mut Vec<Ask>) {
    let starts_as = starts_as(request, image);
    for name in &request.cap_add {
        let Ok(set) = CapabilitySet::named(name) else { continue };
        if starts_as == StartsAs::Root && CapabilitySet::ROOT_START.contains(set) {
            continue;
        }
        let rule = if CapabilitySet::ADDABLE.contains(set) { &CAPABILITY } else { &STRONG_CAPABILITY };
        let bare = name.strip_prefix("CAP_").unwrap_or(name);
        let id = format!("cap-{}", bare.to_ascii_lowercase().replace('_', "-"));
        let ask = Ask::new(rule, id, format!("--cap-add {name}"), capability_detail(bare));
        asks.push(if bare == "NET_RAW" { ask.instead("leave it out: ping works without it") } else { ask });
    }
    if starts_as == StartsAs::Root {
        let detail = "starts it as root of its user namespace".to_owned();
        let asked_by = if request.user.is_some() { "--user" } else { "the image's configuration" };
        asks.push(
            Ask::new(&ROOT_USER, "root-user", asked_by, detail)
                .instead("run it as another user: --user 1000:1000"),
        );
    }
}

/// What a capability opens, where one clause can say it.
fn capability_detail(bare: &str) -> String {
    match bare {
        "ALL" => "gives every capability",
        "NET_ADMIN" => "opens the part of the kernel with most of the public exploits",
        "SYS_ADMIN" => "opens mounts, namespaces and much of the rest of the kernel",
        "SYS_PTRACE" => "reads and writes the memory of other processes",
        "SYS_MODULE" => "loads code into the kernel",
        "SYS_RAWIO" => "reaches the hardware past the kernel",
        "DAC_READ_SEARCH" => "opens files by handle, past every directory",
        "NET_RAW" => "forges packets",
        "BPF" | "PERFMON" => "loads programs into the kernel",
        _ => return format!("gives {bare} in its user namespace"),
    }
    .to_owned()
}

/// What only this machine's own processes reach is nothing to ask for.
fn ports(request: &RunRequest, asks: &mut Vec<Ask>) {
    for port in request.publish.iter().filter(|port| !port.address.is_loopback()) {
        let detail = format!("is published beyond loopback, at {}", port.host());
        let instead = format!("publish it on loopback: -p {}:{}", port.host_port, port.port);
        asks.push(Ask::new(&PUBLISHED_PORT, "published-port", port.option(), detail).instead(instead));
    }
}

fn smaller(request: &RunRequest, asks: &mut Vec<Ask>) {
    for device in &request.devices {
        let path = device.split(':').next().unwrap_or_default();
        let (rule, detail) = if ordinary_device(path) {
            (&DEVICE, format!("reaches the driver behind {path}"))
        } else {
            (&STRONG_DEVICE, format!("reaches {path} past every file permission"))
        };
        asks.push(Ask::new(rule, "device", format!("--device {device}"), detail));
    }
    for name in request.sysctls.keys().filter(|name| !sysctl::is_safe(name)) {
        let detail = format!("changes {name}, which is not on the list of settings without effect outside");
        asks.push(Ask::new(&UNSAFE_SYSCTL, "sysctl", format!("--sysctl {name}"), detail));
    }
    if request.mutable {
        let detail = "lets programs that were not in the image run".to_owned();
        asks.push(match &request.step {
            None => Ask::new(&MUTABLE, "mutable", "--mutable", detail),
            // That is what it is for.
            Some(_) => Ask::new(&MUTABLE, "mutable", "a step of a build", detail)
                .instead("build at a level that allows it: --policy baseline"),
        });
    }
    if pids_limit(request) < 0 {
        let detail = "lets a fork bomb stop this host".to_owned();
        asks.push(Ask::new(&PIDS_UNLIMITED, "pids-unlimited", "--pids-limit -1", detail));
    }
}

/// Devices that are made to be given to ordinary users.
fn ordinary_device(path: &str) -> bool {
    const WHOLE: [&str; 12] = [
        "/dev/fuse",
        "/dev/kvm",
        "/dev/net/tun",
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/random",
        "/dev/urandom",
        "/dev/tty",
        "/dev/dri",
        "/dev/snd",
        "/dev/kfd",
    ];
    const STARTS: [&str; 7] =
        ["/dev/dri/", "/dev/snd/", "/dev/nvidia", "/dev/video", "/dev/ttyUSB", "/dev/ttyACM", "/dev/hidraw"];
    let plain = !path.split('/').any(|name| name == ".." || name == ".");
    plain && (WHOLE.contains(&path) || STARTS.iter().any(|start| path.starts_with(start)))
}

/// As whom the first process will start, as far as the texts say.
pub(crate) fn starts_as(request: &RunRequest, image: &Image) -> StartsAs {
    StartsAs::from_text(request.user.as_deref().unwrap_or(&image.config.user))
}
