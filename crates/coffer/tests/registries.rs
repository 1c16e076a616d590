//! Logging in and out, tags, and settings about registries, beside a registry that answers as it is told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use conversation::Session;
use harness::{Terminal, until};
use serde_json::{Value, json};

/// base64 of `user:hunter2`.
const AUTH: &str = "dXNlcjpodW50ZXIy";

/// A registry that lets `user` in with `hunter2`, and has one repository; its host and port.
fn registry() -> String {
    served(answer)
}

/// A registry that lets everybody in.
fn open_registry() -> String {
    served(|stream| {
        let lines = BufReader::new(stream.try_clone()?).lines().map_while(Result::ok);
        lines.take_while(|line| !line.is_empty()).for_each(drop);
        write!(&stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}")
    })
}

fn served(answer: fn(TcpStream) -> std::io::Result<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream).unwrap_or(())));
    host
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let Some(Ok(request)) = lines.next() else { return Ok(()) };
    let headers: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let basic = format!("authorization: basic {AUTH}").to_lowercase();
    let (status, extra, body) = if !headers.iter().any(|line| line.to_lowercase() == basic) {
        ("401 Unauthorized", "WWW-Authenticate: Basic realm=\"test\"\r\n", "{}")
    } else if request.starts_with("GET /v2/team/app/tags/list") {
        ("200 OK", "", r#"{"name":"team/app","tags":["1.10","latest","1.9","1.10-rc1","2-alpine"]}"#)
    } else {
        ("200 OK", "", "{}")
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{extra}Content-Length: {length}\r\nConnection: close\r\n");
    write!(&stream, "{head}Content-Type: application/json\r\n\r\n{body}")
}

fn home(session: &Session) -> PathBuf {
    session.work().parent().unwrap().to_owned()
}

fn auth_file(session: &Session) -> PathBuf {
    home(session).join(".config/containers/auth.json")
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn settings(session: &Session, text: &str) {
    write(&home(session).join(".config/coffer/registries.conf"), text);
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Logs in with a password on standard input.
fn login(session: &Session, host: &str, password: &str) -> (bool, String) {
    let mut command = session.command(["login", "-u", "user", "--password-stdin", host]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), session.said(&output))
}

#[test]
fn a_login_is_kept_once_the_registry_has_taken_it() {
    let (session, host) = (Session::new(), registry());
    let (kept, said) = login(&session, &host, "hunter2");
    assert!(kept, "{said}");
    let file = "`HOME/.config/containers/auth.json`";
    assert_eq!(said, format!("user is logged in to {host}; {file} keeps the password\n"));
    assert_eq!(json_of(&auth_file(&session)), json!({ "auths": { &host: { "auth": AUTH } } }));
    assert_eq!(auth_file(&session).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    session.holds(&format!(
        "
$ coffer login --get {host}
user
$ coffer logout {host}
{host}, from {file}
$ coffer logout {host}
coffer: nobody was logged in to {host}
$ coffer login --get {host}
coffer: nobody is logged in to `{host}` [E-registry-no-login]
  coffer login {host}
exit 1
"
    ));
}

#[test]
fn a_registry_that_asks_for_nothing_has_checked_nothing() {
    let (session, host) = (Session::new(), open_registry());
    let (kept, said) = login(&session, &host, "whatever");
    assert!(kept, "{said}");
    assert!(said.contains(&format!("coffer: {host} asks for no password")), "{said}");
    assert!(auth_file(&session).exists());
}

#[test]
fn what_the_registry_does_not_take_is_not_kept() {
    let (session, host) = (Session::new(), registry());
    let (kept, said) = login(&session, &host, "wrong");
    assert!(!kept && said.contains("[E-registry-login]") && !said.contains("wrong"), "{said}");
    assert!(!auth_file(&session).exists());
    let (kept, said) = login(&session, &host, "");
    assert!(!kept && said.contains("the password is empty"), "{said}");
}

#[test]
fn a_password_on_the_command_line_is_taken_with_a_warning() {
    let (session, host) = (Session::new(), registry());
    let said = session.said(&session.coffer(["login", "-u", "user", "-p", "hunter2", &host]));
    assert!(said.contains("use --password-stdin") && !said.contains("hunter2"), "{said}");
    assert!(auth_file(&session).exists());
}

#[test]
fn somebody_at_a_terminal_is_asked_and_the_password_is_not_shown() {
    let (session, host, terminal) = (Session::new(), registry(), Terminal::new(24, 80));
    let mut child = terminal.start(&session.command(["login", &host]));
    terminal.shows(&format!("user at {host}: "));
    terminal.types(b"usex\x7fr\r");
    terminal.shows("password: ");
    terminal.types(b"hunter2\r");
    until("the login's end", || child.try_wait().unwrap().is_some());
    assert!(child.wait().unwrap().success(), "{}", terminal.screen());
    assert!(!terminal.screen().contains("hunter2") && terminal.is_cooked(), "{}", terminal.screen());
    assert_eq!(json_of(&auth_file(&session)), json!({ "auths": { &host: { "auth": AUTH } } }));
}

#[test]
fn an_interrupt_at_a_question_leaves_the_terminal_as_it_was() {
    let (session, host, terminal) = (Session::new(), registry(), Terminal::new(24, 80));
    let mut child = terminal.start(&session.command(["login", "-u", "user", &host]));
    terminal.shows("password: ");
    assert!(!terminal.is_cooked());
    terminal.types(b"hun\x03");
    until("the login's end", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(terminal.is_cooked() && !auth_file(&session).exists());
}

#[test]
fn tags_are_in_the_order_of_their_versions() {
    let (session, host) = (Session::new(), registry());
    assert!(login(&session, &host, "hunter2").0);
    session.holds(&format!(
        "
$ coffer search-tags -q {host}/team/app
latest
1.9
1.10-rc1
1.10
2-alpine
$ coffer search-tags -q --limit 2 {host}/team/app
1.10
2-alpine
$ coffer search-tags --filter name=rc --format json {host}/team/app
{{
  \"repository\": \"{host}/team/app\",
  \"tags\": [
    \"1.10-rc1\"
  ]
}}
"
    ));
}

#[test]
fn settings_decide_where_a_name_leads_and_where_nobody_goes() {
    let (session, host) = (Session::new(), registry());
    assert!(login(&session, &host, "hunter2").0);
    settings(&session, &format!("[aliases]\n\"app\" = \"{host}/team/app\"\n"));
    let tags = session.coffer(["search-tags", "-q", "--limit", "1", "app"]);
    assert_eq!(session.said(&tags), "2-alpine\n");
    settings(&session, &format!("[[registry]]\nlocation = \"{host}\"\nblocked = true\n"));
    session.holds(&format!(
        "
$ coffer search-tags {host}/team/app
coffer: `{host}/team/app` is blocked: `HOME/.config/coffer/registries.conf`, line 1, blocks `{host}` [E-registry-blocked]
  take another registry, or change `HOME/.config/coffer/registries.conf`
exit 1
"
    ));
}

#[test]
fn settings_that_cannot_be_followed_stop_a_command_and_odd_ones_do_not() {
    let session = Session::new();
    settings(&session, "unqualified-search-registries = [\"a.example\", \"b.example\"]\nodd = 1\n");
    session.holds(
        "
$ coffer search-tags nginx
coffer: `HOME/.config/coffer/registries.conf`, line 2: `odd` has no effect here
coffer: `nginx` could be any of `a.example/nginx`, `b.example/nginx`: `HOME/.config/coffer/registries.conf` lists several registries [E-registry-short-name]
  type the whole name, such as `a.example/nginx`, or give it an alias: coffer help registries
exit 1
",
    );
    settings(&session, "[[registry]]\nlocation = \"a.example\"\ninsecure = \"yes\"\n");
    session.holds(
        "
$ coffer logout
coffer: `HOME/.config/coffer/registries.conf`, line 3: `insecure` takes true or false [E-registry-settings]
  mend `HOME/.config/coffer/registries.conf`; `coffer help registries` says what it may hold
exit 1
",
    );
}

#[test]
fn the_examples_of_the_page_about_registries_are_understood() {
    let page = include_str!("../../../docs/registries.md");
    let block =
        |language: &str| page.split(&format!("```{language}\n")).nth(1).unwrap().split("```").next().unwrap();
    let session = Session::new();
    settings(&session, block("toml"));
    write(&auth_file(&session), block("json"));
    std::fs::set_permissions(auth_file(&session), std::fs::Permissions::from_mode(0o600)).unwrap();
    session.holds(
        "
$ coffer search-tags a.untrusted.example/app
coffer: `a.untrusted.example/app` is blocked: `HOME/.config/coffer/registries.conf`, line 22, blocks `*.untrusted.example` [E-registry-blocked]
  take another registry, or change `HOME/.config/coffer/registries.conf`
exit 1
$ coffer login --get registry.example:5000
coffer: the credential helper `docker-credential-pass` is in no directory of PATH [E-registry-helper]
  install or repair it, or take it out of `credHelpers` and `credsStore` of your credentials
exit 1
",
    );
}
