//! Manifests: what they are, what they hash to, and what their status means.

use std::time::{Duration, Instant};

use coffer_registry::client::{Client, ClientError, Patience, Which};
use model::digest::Digest;
use model::oci::{DOCKER_MANIFEST, OCI_MANIFEST};

use crate::server::{Exchange, Server, client, client_with, patience, patient};

const MANIFEST: &[u8] = br#"{"schemaVersion":2,"config":{},"layers":[]}"#;

fn tag() -> Which {
    Which::Tag("1".into())
}

fn fetch(client: &Client, server: &Server) -> Result<(), ClientError> {
    client.manifest(&server.repository(), &tag()).map(|_| ())
}

fn good(exchange: &mut Exchange) {
    exchange.reply(200, &[("Content-Type", OCI_MANIFEST)], MANIFEST);
}

#[test]
fn a_manifest_comes_as_it_is() {
    let server = Server::start(|exchange| {
        let digest = Digest::of(MANIFEST).to_string();
        let headers = [("Content-Type", OCI_MANIFEST), ("Docker-Content-Digest", &digest)];
        exchange.reply(200, &headers, MANIFEST);
    });
    let fetched = client().manifest(&server.repository(), &tag()).unwrap();
    assert_eq!((fetched.bytes.as_slice(), fetched.media_type.as_str()), (MANIFEST, OCI_MANIFEST));
    assert_eq!(fetched.digest, Digest::of(MANIFEST));
    let seen = server.seen();
    assert!(seen[0].is("GET", "/v2/team/app/manifests/1"));
    assert!(seen[0].header("accept").unwrap().contains(DOCKER_MANIFEST));
    assert_eq!(seen[0].header("accept-encoding"), Some("identity"));
    assert_eq!(seen[0].header("authorization"), None);
}

#[test]
fn every_status_has_its_error_and_only_passing_ones_are_tried_again() {
    for (status, code, tries) in [
        (400, "E-registry-refused", 1),
        (401, "E-registry-login", 1),
        (403, "E-registry-denied", 1),
        (404, "E-registry-missing", 1),
        (405, "E-registry-refused", 1),
        (408, "E-registry-failed", 3),
        (416, "E-registry-refused", 1),
        (429, "E-registry-rate", 3),
        (500, "E-registry-failed", 3),
        (501, "E-registry-refused", 1),
        (502, "E-registry-failed", 3),
        (503, "E-registry-failed", 3),
        (204, "E-registry-protocol", 1),
        (304, "E-registry-protocol", 1),
    ] {
        let body = br#"{"errors":[{"code":"X","message":"because\u001b[31m"}]}"#;
        let server = Server::start(move |exchange| {
            exchange.reply(status, &[], if status == 304 { b"" } else { body })
        });
        let error = fetch(&client(), &server).unwrap_err();
        assert_eq!((error.code(), server.count()), (code, tries), "{status}: {error}");
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
        assert!(status < 400 || error.to_string().contains("because"), "{error}");
    }
}

#[test]
fn a_passing_failure_passes() {
    let server = Server::start(|exchange| match exchange.nth {
        0 => exchange.reply(503, &[], b""),
        1 => exchange.hang_up(),
        _ => good(exchange),
    });
    fetch(&client(), &server).unwrap();
    assert_eq!(server.count(), 3);
}

#[test]
fn a_wait_that_a_registry_asks_for_is_kept_unless_it_is_too_long() {
    let server = Server::start(|exchange| match exchange.nth {
        0 => exchange.reply(429, &[("Retry-After", "1")], b""),
        _ => good(exchange),
    });
    let began = Instant::now();
    fetch(&client(), &server).unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
    let server = Server::start(|exchange| exchange.reply(429, &[("Retry-After", "86400")], b""));
    let error = fetch(&client(), &server).unwrap_err();
    assert!(matches!(error, ClientError::RateLimit { wait: Some(_), .. }), "{error}");
    assert!(error.remedy().contains("86400"), "{}", error.remedy());
    assert_eq!(server.count(), 1);
}

#[test]
fn bytes_that_hash_to_something_else_are_an_attack_and_are_kept_as_evidence() {
    let dir = tempfile::tempdir().unwrap();
    let wanted = Which::Digest(Digest::of(b"something else").into());
    let server = Server::start(good);
    let client = client_with(dir.path(), &serde_json::json!({}));
    let error = client.manifest(&server.repository(), &wanted).unwrap_err();
    let ClientError::Digest { evidence: Some(path), .. } = &error else { panic!("{error}") };
    assert_eq!(std::fs::read(path).unwrap(), MANIFEST);
    assert_eq!((error.code(), server.count()), ("E-registry-digest", 1));
    // What the registry says of its own bytes has to hold as well.
    let lying = Server::start(|exchange| {
        let digest = Digest::of(b"other").to_string();
        exchange.reply(200, &[("Content-Type", OCI_MANIFEST), ("Docker-Content-Digest", &digest)], MANIFEST);
    });
    assert_eq!(fetch(&client, &lying).unwrap_err().code(), "E-registry-digest");
}

#[test]
fn a_document_that_is_not_what_it_is_called_is_refused() {
    for (kind, body) in [
        (
            DOCKER_MANIFEST,
            r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{}}"#,
        ),
        (OCI_MANIFEST, r#"{"schemaVersion":2,"manifests":[]}"#),
        (OCI_MANIFEST, r#"{"schemaVersion":2,"manifests":[],"layers":[],"config":{}}"#),
    ] {
        let server =
            Server::start(move |exchange| exchange.reply(200, &[("Content-Type", kind)], body.as_bytes()));
        assert_eq!(fetch(&client(), &server).unwrap_err().code(), "E-registry-media-type", "{body}");
    }
    let page = Server::start(|exchange| exchange.reply(200, &[("Content-Type", "text/html")], b"<html>"));
    assert_eq!(fetch(&client(), &page).unwrap_err().code(), "E-registry-document");
}

#[test]
fn no_answer_is_endless() {
    let limit = |script: fn(&mut Exchange)| {
        let server = Server::start(script);
        let error = fetch(&client(), &server).unwrap_err();
        assert_eq!(error.code(), "E-registry-limit", "{error}");
    };
    // By its length, by its bytes, in chunks, and in its head.
    limit(|exchange| exchange.reply(200, &[("Content-Length", "999999999999")], b""));
    limit(|exchange| {
        exchange.raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        exchange.raw(&vec![b' '; 5 << 20]);
        exchange.hang_up();
    });
    limit(|exchange| {
        exchange.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for _ in 0..80 {
            exchange.raw(b"10000\r\n");
            exchange.raw(&[b' '; 0x10000]);
            exchange.raw(b"\r\n");
        }
        exchange.hang_up();
    });
    limit(|exchange| {
        exchange.raw(b"HTTP/1.1 200 OK\r\nX: ");
        exchange.raw(&vec![b'x'; 1 << 20]);
        exchange.hang_up();
    });
}

#[test]
fn silence_and_creeping_end() {
    let brief = Patience { tries: 1, answer: Duration::from_millis(400), ..patience() };
    let silent = Server::start(|exchange| {
        std::thread::sleep(Duration::from_secs(3));
        exchange.hang_up();
    });
    assert_eq!(fetch(&patient(brief), &silent).unwrap_err().code(), "E-registry-silent");
    let head = Server::start(|exchange| {
        exchange.drip(&[b'x'; 3000], Duration::from_millis(1));
        exchange.hang_up();
    });
    let error = fetch(&patient(brief), &head).unwrap_err();
    assert!(["E-registry-silent", "E-registry-protocol"].contains(&error.code()), "{error}");
    let brief = Patience { tries: 1, over: Duration::from_millis(300), least: 100_000, ..patience() };
    let body = Server::start(|exchange| {
        exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n");
        exchange.drip(&[b' '; 4000], Duration::from_millis(2));
    });
    assert_eq!(fetch(&patient(brief), &body).unwrap_err().code(), "E-registry-slow");
}

#[test]
fn what_is_no_http_is_an_error_of_the_protocol() {
    for head in [
        "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    ] {
        let server = Server::start(move |exchange| {
            exchange.raw(head.as_bytes());
            exchange.hang_up();
        });
        let error = fetch(&client(), &server).unwrap_err();
        assert_eq!(error.code(), "E-registry-protocol", "{head}: {error}");
    }
}

#[test]
fn a_tag_is_resolved_without_its_bytes_where_the_registry_tells() {
    let told = Server::start(|exchange| {
        let digest = Digest::of(MANIFEST).to_string();
        exchange.reply(200, &[("Content-Type", OCI_MANIFEST), ("Docker-Content-Digest", &digest)], MANIFEST);
    });
    let found = client().resolve(&told.repository(), &tag()).unwrap();
    assert_eq!((found.digest, found.size), (Digest::of(MANIFEST).into(), MANIFEST.len() as u64));
    assert_eq!(told.seen().iter().map(|seen| seen.method.as_str()).collect::<Vec<_>>(), ["HEAD"]);
    let silent = Server::start(good);
    assert_eq!(client().resolve(&silent.repository(), &tag()).unwrap().digest, Digest::of(MANIFEST).into());
    assert_eq!(silent.seen()[1].method, "GET");
}

#[test]
fn a_mirror_is_asked_first_and_its_forgeries_are_not_passed_over() {
    let check = |script: fn(&mut Exchange), expected: Result<(), &str>, asked: usize| {
        let (mirror, registry) = (Server::start(script), Server::start(good));
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("registries.conf");
        let (from, to) = (registry.address, mirror.address);
        let text =
            format!("[[registry]]\nlocation = \"{from}\"\n[[registry.mirror]]\nlocation = \"{to}/copies\"\n");
        std::fs::write(&file, text).unwrap();
        let places = coffer_registry::config::Places { registries: vec![file], ..Default::default() };
        let config = coffer_registry::config::Config::load(places).unwrap();
        let client = Client::with_patience(config, patience());
        let found = fetch(&client, &registry).map_err(|error| error.code());
        assert_eq!((found, registry.count()), (expected, asked));
        assert!(mirror.seen()[0].is("GET", "/v2/copies/team/app/manifests/1"));
    };
    check(good, Ok(()), 0);
    check(|exchange| exchange.reply(404, &[], b""), Ok(()), 1);
    check(|exchange| exchange.hang_up(), Ok(()), 1);
    check(
        |exchange| exchange.reply(200, &[("Docker-Content-Digest", &Digest::of(b"").to_string())], MANIFEST),
        Err("E-registry-digest"),
        0,
    );
}
