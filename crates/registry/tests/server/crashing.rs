//! A server that is killed: what it has acknowledged is there, and what was half done goes on.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use coffer_registry::server::http::Limits;
use coffer_registry::server::journal::Silence;

use crate::http::{SOMEBODY, ask, connect};
use crate::running::{push_image, serve, sha256};

/// Which directory the server of its own serves.
const DIRECTORY: &str = "COFFER_TEST_REGISTRY";

/// A server in a process of its own, which dies with the test.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// The same test once more, in a process of its own.
    fn start(root: &Path) -> Self {
        let test = thread::current().name().unwrap().to_owned();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &test, "--nocapture"])
            .env(DIRECTORY, root)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| line.unwrap().split("listens on ").nth(1)?.parse().ok());
        Self { child, address: address.unwrap() }
    }

    /// As a power cut would, but for what the kernel has in memory.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether this is the process that serves for a test: then it does so until it is killed.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn served() -> bool {
    let Some(root) = std::env::var_os(DIRECTORY) else { return false };
    let tell = |address| println!("\nlistens on {address}");
    serve(Path::new(&root), Arc::new(Silence), Limits::default(), tell, std::future::pending());
    true
}

#[test]
fn an_upload_goes_on_where_a_killed_server_left_it() {
    if served() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("shelf");
    let bytes: Vec<u8> = (0..8_000_000_u32).map(|number| (number >> 7) as u8).collect();
    let server = Process::start(&root);
    let begun = ask(server.address, "POST", "/v2/a/blobs/uploads/", &[SOMEBODY], b"");
    let place = begun.header("location").unwrap().to_owned();
    let mut stream = connect(server.address);
    let head =
        format!("PATCH {place} HTTP/1.1\r\nHost: x\r\n{SOMEBODY}\r\nContent-Length: {}\r\n\r\n", bytes.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&bytes[..5_000_000]).unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    let has = |address: SocketAddr| -> usize {
        let range = ask(address, "GET", &place, &[SOMEBODY], b"").header("range").unwrap().to_owned();
        range.strip_prefix("0-").unwrap().parse().unwrap()
    };
    while has(server.address) == 0 && Instant::now() < until {
        thread::sleep(Duration::from_millis(10));
    }
    server.kill();

    let server = Process::start(&root);
    let offset = has(server.address) + 1;
    assert!((2..=5_000_000).contains(&offset), "{offset}");
    let range = format!("Content-Range: {offset}-{}", bytes.len() - 1);
    let rest = ask(server.address, "PATCH", &place, &[SOMEBODY, &range], &bytes[offset..]);
    assert_eq!(rest.status, 202, "{rest:?}");
    let digest = sha256(&bytes);
    let put = ask(server.address, "PUT", &format!("{place}?digest={digest}"), &[SOMEBODY], b"");
    assert_eq!(put.status, 201, "{put:?}");
    assert!(ask(server.address, "GET", &format!("/v2/a/blobs/{digest}"), &[], b"").body == bytes);
}

#[test]
fn no_acknowledged_push_is_lost() {
    if served() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("shelf");
    let mut pushed = Vec::new();
    for round in 0..6 {
        let server = Process::start(&root);
        for number in 0..3 {
            let (tag, layer) = (format!("r{round}-{number}"), format!("layer {round} {number}"));
            let digest = push_image(server.address, "a/b", &tag, layer.as_bytes());
            pushed.push((tag, digest, sha256(layer.as_bytes())));
        }
        server.kill();
    }
    let server = Process::start(&root);
    for (tag, digest, layer) in &pushed {
        let got = ask(server.address, "GET", &format!("/v2/a/b/manifests/{tag}"), &[], b"");
        assert_eq!(&sha256(&got.body), digest, "{tag}");
        let got = ask(server.address, "GET", &format!("/v2/a/b/blobs/{layer}"), &[], b"");
        assert_eq!(&sha256(&got.body), layer, "{tag}");
    }
    let tags = ask(server.address, "GET", "/v2/a/b/tags/list", &[], b"").json();
    assert_eq!(tags["tags"].as_array().unwrap().len(), pushed.len());
}

/// Killed at any moment, not only after an answer: everything that was answered is there, and whole.
#[test]
fn a_server_killed_while_it_works_has_lost_nothing() {
    if served() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("shelf");
    let mut acknowledged = Vec::new();
    for round in 0_u64..5 {
        let server = Process::start(&root);
        let address = server.address;
        let worker = thread::spawn(move || {
            let mut done = Vec::new();
            for number in 0.. {
                let layer = format!("{round} {number}");
                let push = || push_image(address, "a", &format!("t{round}-{number}"), layer.as_bytes());
                match std::panic::catch_unwind(push) {
                    Ok(digest) => done.push((format!("t{round}-{number}"), digest)),
                    Err(_) => break,
                }
            }
            done
        });
        thread::sleep(Duration::from_millis(300 + 70 * round));
        server.kill();
        acknowledged.extend(worker.join().unwrap());
    }
    let server = Process::start(&root);
    assert!(!acknowledged.is_empty());
    for (tag, digest) in &acknowledged {
        let got = ask(server.address, "GET", &format!("/v2/a/manifests/{tag}"), &[], b"");
        assert_eq!((got.status, &sha256(&got.body)), (200, digest), "{tag}");
        for layer in got.json()["layers"].as_array().unwrap() {
            let path = format!("/v2/a/blobs/{}", layer["digest"].as_str().unwrap());
            assert_eq!(ask(server.address, "GET", &path, &[], b"").status, 200, "{tag}");
        }
    }
}
