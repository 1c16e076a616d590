//! A registry that is served by the binary, asked as clients ask it, and looked after meanwhile.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod conversation;
mod served;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use conversation::Session;
use model::digest::Digest;
use serde_json::Value;
use served::Served;

/// How long anything may take on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came back.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Served {
    fn ask(&self, line: &str, headers: &[&str], body: &[u8]) -> Answer {
        ask(self.host(), line, headers, body)
    }

    /// A token for what is asked, as docker gets one.
    fn ticket(&self, credentials: &str, scope: &str) -> String {
        let line = format!("GET /token?service=coffer-registry&scope={scope}");
        let answer = self.ask(&line, &[credentials], b"");
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        format!("Authorization: Bearer {}", answer["token"].as_str().unwrap())
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Ends as it is asked to, and well.
    fn end(mut self) {
        self.signal(rustix::process::Signal::TERM);
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(self.child.wait().unwrap().success());
    }
}

fn ask(host: &str, line: &str, headers: &[&str], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    head += &format!("Content-Length: {}\r\n", body.len());
    headers.iter().for_each(|header| head += &format!("{header}\r\n"));
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_ascii_lowercase(), body: bytes[end + 4..].to_vec() }
}

fn basic(user: &str, password: &str) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Authorization: Basic {text}")
}

#[track_caller]
fn works(session: &Session, line: &str) -> String {
    let output = session.coffer(line.split(' '));
    assert!(output.status.success(), "{line}: {}", session.said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Pushes a manifest with one blob, as clients do; its digest.
fn push(served: &Served, authorization: &str, repository: &str, tag: &str) -> String {
    let blob = b"{}";
    let digest = Digest::of(blob);
    let line = format!("POST /v2/{repository}/blobs/uploads/?digest={digest}");
    assert_eq!(served.ask(&line, &[authorization], blob).status, 201);
    let media = "application/vnd.oci.image.manifest.v1+json";
    let part = serde_json::json!({ "mediaType": "application/vnd.oci.empty.v1+json", "digest": digest.to_string(), "size": 2 });
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": media, "artifactType": "application/x.test", "config": part, "layers": [part],
    });
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let kind = format!("Content-Type: {media}");
    let answer =
        served.ask(&format!("PUT /v2/{repository}/manifests/{tag}"), &[authorization, &kind], &manifest);
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    Digest::of(&manifest).to_string()
}

#[test]
fn accounts_are_made_listed_and_taken_away() {
    let session = Session::new();
    let password = works(&session, "registry user add --generate --admin anna");
    assert_eq!(password.trim_end().len(), 24);
    let users = works(&session, "registry user ls");
    assert!(users.starts_with("NAME  ROLE   CREATED") && users.contains("\nanna  admin  "), "{users}");
    session.holds(
        "
$ coffer registry team add web --grant web/*=pull,push
web
$ coffer registry user add --generate --team nothing ben
coffer: there is no team `nothing` [E-serve-missing]
  list them: coffer registry team ls
exit 1
$ coffer registry team join web anna
anna
$ coffer registry team ls
TEAM  MEMBERS  MAY
web   anna     web/*=pull,push
$ coffer registry user add --generate anna
coffer: there is a user `anna` already [E-serve-exists]
  take another name, or give it a password: coffer registry user passwd
exit 1
$ coffer registry user add anna
coffer: there is a user `anna` already [E-serve-exists]
  take another name, or give it a password: coffer registry user passwd
exit 1
$ coffer registry user passwd carla
coffer: there is no user `carla` [E-serve-missing]
  list them: coffer registry user ls
exit 1
$ coffer registry user add --generate Anna
coffer: `Anna` is no name for a user or a team: 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`, a letter or digit first [E-serve-name]
  take another name
exit 1
$ coffer registry token create --repository web/app
coffer: the token would allow nothing [E-serve-token]
  say what it may do: --pull, --push or --delete
exit 1
$ coffer registry token ls
ID  NAME  EXPIRES  USED  MAY
$ coffer registry user rm anna
anna
$ coffer registry team rm web
web
$ coffer registry token revoke 000000000000
coffer: there is no token `ID` [E-serve-missing]
  list them: coffer registry token ls
exit 1
$ coffer registry stats
repositories:     0
tags:             0
manifests:        0
blobs:            0
bytes:            0 B
in repositories:  0 B
perhaps garbage:  0 blobs
$ coffer registry gc --dry-run
would collect 0 blobs, 0 B
$ coffer registry verify
0 manifests and 0 blobs are what they were, 0 B
",
    );
    let history = works(&session, "ledger show --format json");
    let history: Value = serde_json::from_str(&history).unwrap();
    let changes: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["attributes"]["change"].as_str())
        .collect();
    assert_eq!(changes, ["user-add", "team-add", "team-join", "user-rm", "team-rm"]);
    assert!(!serde_json::to_string(&history).unwrap().contains(password.trim_end()));
}

#[test]
fn nothing_listens_beyond_this_host_in_the_clear_unless_that_is_said() {
    let session = Session::new();
    session.holds(
        "
$ coffer registry serve --listen 0.0.0.0:0 --tls off
coffer: nobody has an account here yet: coffer registry user add --admin NAME
coffer: without TLS, `0.0.0.0:0` would send passwords in the clear [E-serve-clear]
  let it make a certificate, --tls auto, or accept that everybody on the way reads them: --insecure-http
exit 1
",
    );
}

#[test]
fn a_client_logs_in_pushes_and_pulls_and_everybody_else_stays_outside() {
    let session = Session::new();
    let password = works(&session, "registry user add --generate --grant team/*=pull,push,delete anna");
    let anna = basic("anna", password.trim_end());
    let served = Served::new(&session, &[]);

    let stranger = served.ask("GET /v2/", &[], b"");
    assert_eq!(stranger.status, 401);
    let realm =
        format!("www-authenticate: bearer realm=\"{}/token\",service=\"coffer-registry\"", served.url());
    assert!(stranger.head.contains(&realm), "{}", stranger.head);
    assert_eq!(served.ask("GET /token", &[&basic("anna", "wrong password")], b"").status, 401);

    let ticket = served.ticket(&anna, "repository:team/app:pull,push");
    assert_eq!(served.ask("GET /v2/", &[&ticket], b"").status, 200);
    let digest = push(&served, &ticket, "team/app", "v1");
    let pulled = served.ask("GET /v2/team/app/manifests/v1", &[&ticket], b"");
    assert_eq!((pulled.status, Digest::of(&pulled.body).to_string()), (200, digest.clone()));
    let outside = served.ticket(&anna, "repository:other/app:pull,push");
    assert_eq!(served.ask("GET /v2/other/app/tags/list", &[&outside], b"").status, 401);
    let narrow = served.ticket(&anna, "repository:team/app:pull");
    assert_eq!(served.ask("DELETE /v2/team/app/manifests/v1", &[&narrow], b"").status, 401);

    let token = works(&session, "registry token create --repository team/app --pull --expires 1h --name CI");
    let machine = basic("token", token.trim_end());
    assert_eq!(served.ask("GET /v2/team/app/manifests/v1", &[&machine], b"").status, 200);
    assert_eq!(served.ask("DELETE /v2/team/app/manifests/v1", &[&machine], b"").status, 403);
    let id = token.split('_').nth(1).unwrap();
    works(&session, &format!("registry token revoke {id}"));
    std::thread::sleep(Duration::from_millis(2100));
    assert_eq!(served.ask("GET /v2/team/app/manifests/v1", &[&machine], b"").status, 401);

    assert_eq!(works(&session, "registry verify"), "1 manifest and 2 blobs are what they were, 418 B\n");
    assert_eq!(served.ask("DELETE /v2/team/app/manifests/v1", &[&anna], b"").status, 202);
    served.end();
    let history: Value = serde_json::from_str(&works(&session, "ledger show --format json")).unwrap();
    let told: Vec<String> = history
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["kind"].as_str().unwrap().starts_with("registry-p"))
        .map(|entry| {
            format!("{} {}", entry["kind"].as_str().unwrap(), entry["attributes"]["who"].as_str().unwrap())
        })
        .collect();
    let machine = format!("registry-pull token:{id}");
    assert_eq!(told, ["registry-push user:anna", "registry-pull user:anna", machine.as_str()]);
}

#[test]
fn whoever_watches_sees_health_and_counts() {
    let session = Session::new();
    let served = Served::new(&session, &["--anonymous", "pull"]);
    assert_eq!(served.ask("GET /healthz", &[], b"").status, 200);
    assert_eq!(served.ask("GET /readyz", &[], b"").status, 200);
    assert_eq!(served.ask("GET /v2/none/manifests/v1", &[], b"").status, 404);
    let page = String::from_utf8(served.ask("GET /metrics", &[], b"").body).unwrap();
    let line = "coffer_registry_requests_total{route=\"manifest\",method=\"GET\",status=\"404\"} 1";
    assert!(page.lines().any(|found| found == line), "{page}");
    served.end();

    let served = Served::new(&session, &["--metrics-listen", "127.0.0.1:0"]);
    assert_eq!(served.ask("GET /metrics", &[], b"").status, 404);
    let apart = served.told["metrics"].as_str().unwrap();
    let host = apart.strip_prefix("http://").unwrap().strip_suffix("/metrics").unwrap();
    assert_eq!(ask(host, "GET /metrics", &[], b"").status, 200);
}

#[test]
fn a_certificate_is_made_and_readiness_is_told() {
    let session = Session::new();
    let path = session.work().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = Served::command(&session, &["--tls", "auto"]);
    let served = Served::started(command.env("NOTIFY_SOCKET", &path));
    let mut said = [0; 16];
    let length = socket.recv(&mut said).unwrap();
    assert_eq!(&said[..length], b"READY=1");
    assert!(served.url().starts_with("https://127.0.0.1:"), "{}", served.url());
    let authority = served.told["authority"]["path"].as_str().unwrap();
    assert!(std::fs::read_to_string(authority).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    // It survives being asked to read its certificate again.
    served.signal(rustix::process::Signal::HUP);
    served.end();
}

#[test]
fn a_file_has_the_settings_and_options_go_before_it() {
    let session = Session::new();
    let file = session.work().join("registry.toml");
    std::fs::write(&file, "listen = \"0.0.0.0:1\"\n[access]\nanonymous = \"pull\"\n").unwrap();
    let served = Served::new(&session, &["--config", "registry.toml"]);
    assert_eq!(served.ask("GET /v2/none/tags/list", &[], b"").status, 404);
    served.end();
    std::fs::write(&file, "[acess]\n").unwrap();
    let output = session.coffer(["registry", "stats", "--config", "registry.toml"]);
    let said = session.said(&output);
    assert!(
        said.contains("acess") && said.contains("[E-serve-settings]") && said.ends_with("exit 1\n"),
        "{said}"
    );
}
