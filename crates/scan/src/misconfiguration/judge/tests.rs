//! Each mistake, once so that it is reported and once so that it is not.

use std::collections::BTreeSet;

use model::upkeep::{Health, HealthCommand};

use super::*;

const NOW: i64 = 1_800_000_000;
const YEAR: i64 = 365 * 24 * 3600;

/// An image that nothing can be said against.
fn flawless() -> ImageConfig {
    let command = Some(HealthCommand::Program(vec!["/app".to_owned(), "health".to_owned()]));
    let health = Health { command, ..Health::default() };
    let entrypoint = vec!["/app".to_owned()];
    ImageConfig { user: "1000".to_owned(), entrypoint, health, ..ImageConfig::default() }
}

fn subject(config: &ImageConfig) -> Subject<'_> {
    Subject { config, history: &[], names: &[], created: Some(NOW - YEAR), now: NOW }
}

fn rules(subject: &Subject<'_>) -> Vec<String> {
    judge(subject, &[]).into_iter().map(|mistake| mistake.rule).collect()
}

#[track_caller]
fn check_config(change: impl FnOnce(&mut ImageConfig), expected: &[&str]) {
    let mut config = flawless();
    change(&mut config);
    assert_eq!(rules(&subject(&config)), expected);
}

#[track_caller]
fn check_command(command: &str, expected: &[&str]) {
    let entry = HistoryEntry { created_by: command.to_owned(), ..HistoryEntry::default() };
    let config = flawless();
    let subject = Subject { history: &[entry], ..subject(&config) };
    assert_eq!(rules(&subject), expected, "{command}");
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn nothing_is_said_against_a_flawless_image() {
    check_config(|_| {}, &[]);
}

#[test]
fn users() {
    for user in ["", "root", "0", "0:1000", "root:app"] {
        check_config(|config| config.user = user.to_owned(), &["root-user"]);
    }
    check_config(|config| config.user = "app:0".to_owned(), &[]);
}

#[test]
fn health_checks() {
    check_config(|config| config.health.command = None, &["no-healthcheck"]);
    check_config(|config| config.health.command = Some(HealthCommand::Disabled), &["no-healthcheck"]);
}

#[test]
fn ports() {
    check_config(|config| config.exposed_ports = words(&["22/tcp"]), &["ssh-port"]);
    check_config(|config| config.exposed_ports = words(&["2375/tcp"]), &["management-port"]);
    check_config(|config| config.exposed_ports = words(&["5900-5910/tcp"]), &["management-port"]);
    check_config(|config| config.exposed_ports = words(&["80/tcp", "8443", "x/tcp", "99999/tcp"]), &[]);
}

#[test]
fn variables() {
    for name in ["DB_PASSWORD", "API_TOKEN", "APP_SECRET_KEY", "db_pass"] {
        check_config(|config| config.env = vec![format!("{name}=q8Zk3v")], &["secret-name"]);
    }
    let harmless = [
        "DB_PASSWORD_FILE=/run/secrets/db",
        "DB_PASSWORD=/run/secrets/db",
        "DB_PASSWORD=",
        "REQUIRE_TOKEN=true",
        "PWD=home",
        "GPG_KEY=A035C8C1",
    ];
    check_config(|config| config.env = words(&harmless), &[]);
    check_config(|config| config.env = words(&["NODE_TLS_REJECT_UNAUTHORIZED=0"]), &["checks-off"]);
    check_config(|config| config.env = words(&["NODE_TLS_REJECT_UNAUTHORIZED=1"]), &[]);
    for path in ["PATH=/usr/bin:.", "PATH=:/usr/bin", "PATH=/tmp/bin:/usr/bin"] {
        check_config(|config| config.env = words(&[path]), &["search-path"]);
    }
    check_config(|config| config.env = words(&["PATH=/usr/bin:/bin:/tmpfiles"]), &[]);
}

#[test]
fn volumes() {
    check_config(|config| config.volumes = words(&["/var/run/docker.sock"]), &["runtime-socket"]);
    check_config(|config| config.volumes = words(&["/data"]), &[]);
}

#[test]
fn shells_as_the_first_process() {
    check_config(|config| config.entrypoint = words(&["/bin/sh", "-c", "app --port 80"]), &["shell-form"]);
    check_config(|config| config.entrypoint = words(&["/bin/sh", "-c", "exec app"]), &[]);
    check_config(|config| config.cmd = words(&["/bin/sh", "-c", "app"]), &[]);
}

#[test]
fn names() {
    let config = flawless();
    let with = |names: &[String]| rules(&Subject { names, ..subject(&config) });
    assert_eq!(with(&words(&["app:latest"])), ["latest-tag"]);
    assert_eq!(with(&words(&["app:latest", "app:1.2"])), [""; 0]);
}

#[test]
fn ages() {
    let config = flawless();
    let made = |created| rules(&Subject { created: Some(created), ..subject(&config) });
    assert_eq!(made(NOW - 3 * YEAR), ["old-image"]);
    assert_eq!(made(0), [""; 0], "made reproducibly, at a time that means nothing");
}

#[test]
fn bases() {
    let name = "org.opencontainers.image.base.name".to_owned();
    let digest = "org.opencontainers.image.base.digest".to_owned();
    let label = |name: &String, value: &str| (name.clone(), value.to_owned());
    check_config(|config| config.labels.extend([label(&name, "debian:12")]), &["unpinned-base"]);
    check_config(
        |config| config.labels.extend([label(&name, "debian:12"), label(&digest, "sha256:ab")]),
        &[],
    );
    check_config(|config| config.labels.extend([label(&name, "debian@sha256:ab")]), &[]);
    let config = flawless();
    let entry =
        HistoryEntry { comment: "FROM docker.io/library/alpine:3".to_owned(), ..HistoryEntry::default() };
    assert_eq!(rules(&Subject { history: &[entry], ..subject(&config) }), ["unpinned-base"]);
}

#[test]
fn programs_from_the_network() {
    for command in [
        "/bin/sh -c curl -fsSL https://a.b/c | sh",
        "RUN /bin/sh -c apk add curl && curl https://a.b/c | sudo -E bash - # buildkit",
        "|1 V=1 /bin/sh -c wget -qO- https://a.b/c|python3 -",
        "/bin/sh -c bash <(curl -s https://a.b/c)",
        "/bin/sh -c sh -c \"$(curl -fsSL https://a.b/c)\"",
    ] {
        check_command(command, &["pipe-to-shell"]);
    }
    for command in [
        "/bin/sh -c curl https://a.b/c | python3 -c 'import json'",
        "/bin/sh -c curl https://a.b/c | tar xz",
        "/bin/sh -c curl https://a.b/c || sh fallback.sh",
        "/bin/sh -c echo curl; cat x | sh",
    ] {
        check_command(command, &[]);
    }
}

#[test]
fn files_from_the_network() {
    check_command("ADD https://a.b/c /c # buildkit", &["add-from-url"]);
    check_command("/bin/sh -c #(nop) ADD https://a.b/c in /c", &["add-from-url"]);
    check_command("ADD --checksum=sha256:ab https://a.b/c /c # buildkit", &[]);
    check_command("ADD file:ab in /", &[]);
}

#[test]
fn other_commands() {
    check_command("/bin/sh -c apt-get update", &["update-alone"]);
    check_command("/bin/sh -c apt-get update && apt-get install -y curl", &[]);
    check_command("/bin/sh -c chmod -R 777 /app", &["chmod-777"]);
    check_command("/bin/sh -c chmod -R 755 /777", &[]);
    check_command("/bin/sh -c curl -fsSLk https://a.b/c -o c", &["unverified-download"]);
    check_command("/bin/sh -c wget --no-check-certificate https://a.b/c", &["unverified-download"]);
    check_command("/bin/sh -c pip install --trusted-host=a.b c", &["unverified-download"]);
    check_command("/bin/sh -c curl -o -k-file https://a.b/c", &[]);
}

fn placed(rule: &Rule, path: &str, removed: bool) -> Placed {
    let oddity = Oddity { line: 0, detail: String::new(), ..Oddity::new(rule, path) };
    Placed { oddity, layer: 1, removed }
}

fn titles(oddities: &[Placed]) -> Vec<String> {
    judge(&subject(&flawless()), oddities).into_iter().map(|mistake| mistake.title).collect()
}

#[test]
fn tools_are_reported_once_with_their_names() {
    let tools = ["usr/bin/pip", "usr/bin/apt", "usr/bin/dpkg"];
    let tools = tools.map(|path| placed(&catalogue::PACKAGE_MANAGER, path, false));
    assert_eq!(titles(&tools), ["package managers let an attacker bring what is missing: apt, dpkg, pip"]);
}

#[test]
fn files_beyond_the_limit_are_counted() {
    let files: Vec<_> =
        (0..60).map(|number| placed(&catalogue::WRITABLE_FILE, &format!("f{number:02}"), false)).collect();
    let titles = titles(&files);
    assert_eq!(titles.len(), MOST_OF_A_RULE);
    assert_eq!(titles.last().unwrap(), "anybody may write the file, and 10 files more");
}

#[test]
fn removal_mends_some_and_hides_others() {
    assert_eq!(titles(&[placed(&catalogue::SETUID_FILE, "a", true)]), [""; 0]);
    assert_eq!(titles(&[placed(&catalogue::ENV_FILE, ".env", true)]).len(), 1);
}

#[test]
fn rules_that_are_not_known_any_more_are_passed_over() {
    let mut old = placed(&catalogue::SETUID_FILE, "a", false);
    old.oddity.rule = "gone".to_owned();
    assert_eq!(titles(&[old]), [""; 0]);
}

#[test]
fn the_catalogue_names_each_rule_once_and_whole() {
    let ids: BTreeSet<_> = catalogue::ALL.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), catalogue::ALL.len());
    for rule in catalogue::ALL {
        assert!(
            !rule.title.is_empty() && !rule.advice.is_empty() && rule.reference.contains(' '),
            "{}",
            rule.id
        );
    }
}

/// Where a rule has its pair of cases: here, among the oddities, or among the contents.
#[test]
fn each_rule_has_a_test_that_names_it() {
    let tests =
        [include_str!("tests.rs"), include_str!("../oddity/tests.rs"), include_str!("../contents.rs")];
    for rule in catalogue::ALL {
        let quoted = format!("\"{}\"", rule.id);
        assert!(tests.iter().any(|test| test.contains(&quoted)), "{}", rule.id);
    }
}
