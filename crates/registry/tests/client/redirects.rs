//! Where answers may send us, and what goes along.

use std::io::Read as _;

use coffer_registry::client::Which;
use model::digest::Digest;
use model::oci::{Descriptor, OCI_LAYER};

use crate::server::{Server, client, client_with};

const BLOB: &[u8] = b"some bytes of a layer";

fn blob() -> Descriptor {
    Descriptor::new(OCI_LAYER, Digest::of(BLOB).into(), BLOB.len() as u64)
}

fn code(server: &Server) -> Option<&'static str> {
    client().blob(&server.repository(), &blob(), 0).err().map(|error| error.code())
}

/// Asks for a password, and sends everybody with it elsewhere.
fn sends_to(to: String, status: u16) -> Server {
    Server::start(move |exchange| match exchange.seen.header("authorization") {
        None => exchange.reply(401, &[("WWW-Authenticate", "Basic realm=\"x\"")], b""),
        Some(_) => exchange.reply(status, &[("Location", &to)], b"moved"),
    })
}

#[test]
fn a_blob_is_fetched_from_elsewhere_and_the_password_stays() {
    for status in [301, 302, 303, 307, 308] {
        let cdn = Server::start(|exchange| exchange.reply(200, &[], BLOB));
        let server = sends_to(format!("http://{}/signed?key=s3cret", cdn.address), status);
        let dir = tempfile::tempdir().unwrap();
        // Even where we have a password for the other host.
        let login = serde_json::json!({ "auth": "bWU6cHc=" });
        let auths = serde_json::json!({ server.address.to_string(): login, cdn.address.to_string(): login });
        let client = client_with(dir.path(), &auths);
        let mut bytes = Vec::new();
        client.blob(&server.repository(), &blob(), 0).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, BLOB);
        assert_eq!(server.seen()[1].header("authorization"), Some("Basic bWU6cHc="));
        let seen = cdn.seen();
        assert!(seen[0].is("GET", "/signed?key=s3cret") && seen.len() == 1);
        assert_eq!(seen[0].header("authorization"), None);
    }
}

#[test]
fn within_one_host_the_password_goes_along_and_does_not_come_back_from_another() {
    let server = Server::start(|exchange| {
        let shown = exchange.seen.header("authorization").is_some();
        match exchange.seen.target.as_str() {
            "/elsewhere" if shown => exchange.reply(200, &[], BLOB),
            _ if shown => exchange.reply(307, &[("Location", "/elsewhere")], b""),
            _ => exchange.reply(401, &[("WWW-Authenticate", "Basic")], b""),
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let auths = serde_json::json!({ server.address.to_string(): { "auth": "bWU6cHc=" } });
    client_with(dir.path(), &auths).blob(&server.repository(), &blob(), 0).unwrap();

    let back = Server::start(|exchange| {
        if exchange.seen.target == "/back" {
            return exchange.reply(200, &[], BLOB);
        }
        let port = exchange.seen.header("x").unwrap_or("").to_owned();
        exchange.reply(404, &[], port.as_bytes());
    });
    let there = format!("http://{}/back", back.address);
    let middle = Server::start(move |exchange| exchange.reply(302, &[("Location", &there)], b""));
    let first = sends_to(format!("http://{}/middle", middle.address), 302);
    let auths = serde_json::json!({
        first.address.to_string(): { "auth": "bWU6cHc=" },
        back.address.to_string(): { "auth": "bWU6cHc=" },
    });
    client_with(dir.path(), &auths).blob(&first.repository(), &blob(), 0).unwrap();
    for server in [&middle, &back] {
        assert!(server.seen().iter().all(|seen| seen.header("authorization").is_none()));
    }
}

#[test]
fn redirects_end() {
    let server = Server::start(|exchange| {
        let next = format!("/r{}", exchange.nth);
        exchange.reply(302, &[("Location", &next)], b"");
    });
    assert_eq!((code(&server), server.count()), (Some("E-registry-redirect"), 6));
}

#[test]
fn redirects_to_nowhere_are_errors() {
    for location in ["ftp://example.org/x", "http://user:pw@127.0.0.1/x", "http://", ""] {
        let server = Server::start(move |exchange| exchange.reply(302, &[("Location", location)], b""));
        assert_eq!(code(&server), Some("E-registry-protocol"), "{location}");
    }
    let server = Server::start(|exchange| exchange.reply(302, &[], b""));
    assert_eq!(code(&server), Some("E-registry-protocol"));
}

#[test]
fn only_reading_is_redirected() {
    let other = Server::start(|exchange| exchange.reply(201, &[], b""));
    let to = format!("http://{}/", other.address);
    let server = Server::start(move |exchange| exchange.reply(307, &[("Location", &to)], b""));
    let error = client().push_manifest(&server.repository(), Some("1"), "x", b"{}").unwrap_err();
    assert_eq!((error.code(), other.count()), ("E-registry-redirect", 0));
    let error = client().delete_manifest(&server.repository(), &Which::Tag("1".into())).unwrap_err();
    assert_eq!((error.code(), other.count()), ("E-registry-redirect", 0));
}

#[test]
fn a_range_is_asked_for_after_a_redirect_too() {
    let cdn = Server::start(|exchange| {
        let range = format!("bytes 5-{}/{}", BLOB.len() - 1, BLOB.len());
        exchange.reply(206, &[("Content-Range", &range)], &BLOB[5..]);
    });
    let to = format!("http://{}/x", cdn.address);
    let server = Server::start(move |exchange| exchange.reply(307, &[("Location", &to)], b""));
    let mut bytes = Vec::new();
    client().blob(&server.repository(), &blob(), 5).unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, &BLOB[5..]);
    assert_eq!(cdn.seen()[0].header("range"), Some("bytes=5-"));
}

#[test]
fn a_host_that_was_only_redirected_to_can_be_a_registry_as_well() {
    let other = Server::start(|exchange| exchange.reply(200, &[], BLOB));
    let to = format!("http://{}/x", other.address);
    let server = Server::start(move |exchange| exchange.reply(307, &[("Location", &to)], b""));
    let client = client();
    for repository in [server.repository(), other.repository(), server.repository()] {
        client.blob(&repository, &blob(), 0).unwrap();
    }
    assert_eq!(other.count(), 3);
}
