//! Mistakes in an image's configuration.

use model::finding::{Misconfiguration, Place};
use model::image::ImageConfig;
use model::upkeep::HealthCommand;

use super::catalogue as rules;
use super::judge::{Subject, mistake};

/// How old an image may be, in seconds: two years.
const OLD: i64 = 2 * 365 * 24 * 3600;

/// No image is older than Docker (2013-03-20); what says so was made reproducibly.
const FIRST: i64 = 1_363_737_600;

/// Ports that machines are managed by, and what answers there.
const MANAGEMENT: &[(u16, &str)] = &[
    (23, "telnet"),
    (111, "portmapper"),
    (135, "Windows RPC"),
    (139, "NetBIOS"),
    (445, "SMB"),
    (512, "rexec"),
    (513, "rlogin"),
    (514, "rsh"),
    (2375, "Docker, without encryption"),
    (2376, "Docker"),
    (2377, "Docker Swarm"),
    (2379, "etcd"),
    (2380, "etcd, between its members"),
    (3389, "remote desktop"),
    (4243, "Docker, without encryption"),
    (5005, "Java debugger"),
    (5900, "VNC"),
    (5901, "VNC"),
    (5985, "Windows remote management"),
    (5986, "Windows remote management"),
    (6443, "Kubernetes"),
    (8001, "Kubernetes proxy"),
    (9229, "Node debugger"),
    (9990, "WildFly management"),
    (10250, "kubelet"),
    (10255, "kubelet, without authentication"),
    (10257, "Kubernetes controller manager"),
    (10259, "Kubernetes scheduler"),
];

/// Variables that turn verification off, with the values that do.
const CHECKS: &[(&str, &[&str])] = &[
    ("GIT_SSL_NO_VERIFY", &["1", "true"]),
    ("NODE_TLS_REJECT_UNAUTHORIZED", &["0"]),
    ("NPM_CONFIG_STRICT_SSL", &["false"]),
    ("PYTHONHTTPSVERIFY", &["0"]),
    ("YARN_STRICT_SSL", &["false"]),
];

/// How the names of variables end that hold secrets.
const SECRET: &[&str] = &[
    "ACCESS_KEY",
    "API_KEY",
    "APIKEY",
    "API_SECRET",
    "AUTH_KEY",
    "CLIENT_SECRET",
    "CREDENTIALS",
    "ENCRYPTION_KEY",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "PRIVATE_KEY",
    "SECRET",
    "SECRET_KEY",
    "SIGNING_KEY",
    "TOKEN",
    "_PASS",
    "_PWD",
];

/// Directories that anybody may write to.
const SHARED: &[&str] = &["/tmp", "/var/tmp", "/dev/shm", "/run/lock"];

/// What the configuration has against it.
pub(super) fn mistakes(subject: &Subject<'_>) -> Vec<Misconfiguration> {
    let config = subject.config;
    let whole = [
        is_root(config).then_some(&rules::ROOT_USER),
        has_no_healthcheck(config).then_some(&rules::NO_HEALTHCHECK),
        is_shell(config).then_some(&rules::SHELL_FORM),
        is_only_latest(subject.names).then_some(&rules::LATEST_TAG),
        is_unpinned(subject).then_some(&rules::UNPINNED_BASE),
    ];
    let whole = whole.into_iter().flatten().map(|rule| mistake(rule, Place::Configuration, ""));
    whole
        .chain(age(subject))
        .chain(config.exposed_ports.iter().filter_map(|port| exposed(port)))
        .chain(config.volumes.iter().filter_map(|volume| socket(volume)))
        .chain(config.env.iter().filter_map(|variable| variable.split_once('=')).filter_map(variable))
        .collect()
}

fn is_root(config: &ImageConfig) -> bool {
    let user = config.user.split(':').next().unwrap_or_default();
    user.is_empty() || user == "root" || user.parse() == Ok(0_u32)
}

fn has_no_healthcheck(config: &ImageConfig) -> bool {
    matches!(config.health.command, None | Some(HealthCommand::Disabled))
}

/// `["/bin/sh", "-c", "program"]`: with `exec` the shell gives way.
fn is_shell(config: &ImageConfig) -> bool {
    let first = if config.entrypoint.is_empty() { &config.cmd } else { &config.entrypoint };
    let [shell, option, line] = first.as_slice() else { return false };
    let name = shell.rsplit('/').next().unwrap_or_default();
    matches!(name, "sh" | "bash" | "ash" | "dash")
        && option == "-c"
        && !line.trim_start().starts_with("exec ")
}

/// Whether nothing says which version it is.
fn is_only_latest(names: &[String]) -> bool {
    !names.is_empty() && names.iter().all(|name| name.ends_with(":latest"))
}

/// By the labels of the OCI image specification (annotations.md) where they are, by Buildah's remarks otherwise.
fn is_unpinned(subject: &Subject<'_>) -> bool {
    let labels = &subject.config.labels;
    let label = |name: &str| labels.get(name).is_some_and(|value| !value.is_empty());
    let pinned = |name: &str| name.contains("@sha256:") || name == "scratch";
    let named_loosely = labels
        .get("org.opencontainers.image.base.name")
        .is_some_and(|name| !name.is_empty() && !pinned(name));
    let mut bases = subject.history.iter().filter_map(|entry| entry.comment.strip_prefix("FROM "));
    (named_loosely || bases.any(|base| !pinned(base.trim())))
        && !label("org.opencontainers.image.base.digest")
}

fn age(subject: &Subject<'_>) -> Option<Misconfiguration> {
    let newest = subject.history.iter().filter_map(|entry| entry.created).max();
    let created = subject.created.or(newest).filter(|created| *created >= FIRST)?;
    let age = subject.now.checked_sub(created)?;
    let months = age / (30 * 24 * 3600);
    (age > OLD).then(|| mistake(&rules::OLD_IMAGE, Place::Configuration, &format!("{months} months")))
}

/// `22/tcp`, `8000-8010/tcp`.
fn exposed(port: &str) -> Option<Misconfiguration> {
    let numbers = port.split('/').next()?;
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let range = first.parse::<u16>().ok()?..=last.parse::<u16>().ok()?;
    if range.contains(&22) {
        return Some(mistake(&rules::SSH_PORT, Place::Configuration, port));
    }
    let (_, service) = MANAGEMENT.iter().find(|(number, _)| range.contains(number))?;
    Some(mistake(&rules::MANAGEMENT_PORT, Place::Configuration, &format!("{port}, {service}")))
}

fn socket(volume: &str) -> Option<Misconfiguration> {
    const SOCKETS: &[&str] = &["docker.sock", "containerd.sock", "crio.sock", "podman.sock"];
    let is = SOCKETS.iter().any(|socket| volume.ends_with(socket));
    is.then(|| mistake(&rules::RUNTIME_SOCKET, Place::Configuration, volume))
}

fn variable((name, value): (&str, &str)) -> Option<Misconfiguration> {
    let rule = if is_secret(name, value) {
        &rules::SECRET_NAME
    } else if CHECKS.iter().any(|(variable, off)| name == *variable && off.contains(&value)) {
        &rules::CHECKS_OFF
    } else if name == "PATH" && value.split(':').any(is_shared) {
        &rules::SEARCH_PATH
    } else {
        return None;
    };
    Some(mistake(rule, Place::Environment(name.to_owned()), ""))
}

/// Names of files, references and switches are no secrets.
fn is_secret(name: &str, value: &str) -> bool {
    const SWITCHES: &[&str] = &["", "0", "1", "false", "no", "none", "null", "true", "yes"];
    let name = name.to_ascii_uppercase();
    let named = SECRET.iter().any(|end| name.ends_with(end)) && name != "PWD" && name != "OLDPWD";
    let refers = value.starts_with(['/', '$', '<', '{']);
    named && !refers && !SWITCHES.contains(&value.to_ascii_lowercase().as_str())
}

fn is_shared(directory: &str) -> bool {
    !directory.starts_with('/')
        || SHARED.iter().any(|shared| directory == *shared || directory.starts_with(&format!("{shared}/")))
}
