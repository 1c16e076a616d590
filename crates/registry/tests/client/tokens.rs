//! How we are let in: passwords, tokens, and who asks for them.

use std::sync::Arc;
use std::thread;

use coffer_registry::client::{Checked, Client, ClientError};
use model::digest::Digest;
use serde_json::json;

use crate::server::{Exchange, Seen, Server, client, client_with};

/// A registry with its own token server at `/token`; `grant` says what that answers.
fn registry(grant: impl Fn(&mut Exchange) + Send + Sync + 'static) -> Server {
    Server::start(move |exchange| {
        if exchange.seen.target.starts_with("/token") {
            return grant(exchange);
        }
        match exchange.seen.header("authorization") {
            Some("Bearer good") => exchange.reply(200, &[], b""),
            _ => {
                let challenge = format!(
                    "Bearer realm=\"http://{}/token?x=1\",service=\"a b\",scope=\"repository:other:pull\"",
                    exchange.host
                );
                exchange.reply(401, &[("WWW-Authenticate", &challenge)], b"{}");
            }
        }
    })
}

fn has(client: &Client, server: &Server) -> Result<bool, ClientError> {
    client.has_blob(&server.repository(), &Digest::of(b"x").into())
}

fn tokens(server: &Server) -> Vec<Seen> {
    server.seen().into_iter().filter(|seen| seen.target.starts_with("/token")).collect()
}

#[test]
fn a_token_is_asked_for_once_whoever_needs_it() {
    let server = registry(|exchange| {
        thread::sleep(std::time::Duration::from_millis(50));
        exchange.reply(200, &[], br#"{"token":"good","expires_in":300}"#);
    });
    let client = Arc::new(client());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(has(&client, &server).unwrap()));
        }
    });
    assert!(has(&client, &server).unwrap());
    let tokens = tokens(&server);
    assert_eq!(tokens.len(), 1);
    assert!(tokens[0].is("GET", "/token?x=1&service=a%20b&scope=repository%3Ateam%2Fapp%3Apull"));
    assert_eq!(tokens[0].header("authorization"), None);
}

#[test]
fn the_password_goes_to_the_token_server_and_not_to_the_registry() {
    let server = registry(|exchange| match exchange.seen.header("authorization") {
        Some("Basic bWU6cHc=") => exchange.reply(200, &[], br#"{"access_token":"good"}"#),
        _ => exchange.reply(401, &[], br#"{"details":"who are you"}"#),
    });
    let dir = tempfile::tempdir().unwrap();
    let good = client_with(dir.path(), &json!({ server.address.to_string(): { "auth": "bWU6cHc=" } }));
    assert!(has(&good, &server).unwrap());
    assert!(tokens(&server)[0].target.contains("&account=me"));
    let others = server.seen().into_iter().filter(|seen| !seen.target.starts_with("/token"));
    assert!(
        others
            .filter_map(|seen| seen.header("authorization").map(str::to_owned))
            .all(|it| it == "Bearer good")
    );
    let error = has(&client(), &server).unwrap_err();
    assert!(matches!(&error, ClientError::Login { said, .. } if said == "who are you"), "{error}");
}

#[test]
fn an_identity_token_is_posted() {
    let server = registry(|exchange| {
        let form = String::from_utf8_lossy(exchange.take_all()).into_owned();
        assert!(form.starts_with("grant_type=refresh_token&"), "{form}");
        assert!(form.contains("&refresh_token=re%26fresh"), "{form}");
        exchange.reply(200, &[], br#"{"access_token":"good","expires_in":60,"scope":"x"}"#);
    });
    let dir = tempfile::tempdir().unwrap();
    let auths = json!({ server.address.to_string(): { "auth": "bWU6", "identitytoken": "re&fresh" } });
    assert!(has(&client_with(dir.path(), &auths), &server).unwrap());
    assert_eq!(tokens(&server)[0].method, "POST");
    assert_eq!(tokens(&server)[0].header("content-type"), Some("application/x-www-form-urlencoded"));
}

#[test]
fn a_token_that_is_not_taken_any_more_is_replaced_once() {
    let server = Server::start(|exchange| {
        if exchange.seen.target.starts_with("/token") {
            let body = format!(r#"{{"token":"t{}","expires_in":300}}"#, exchange.nth);
            return exchange.reply(200, &[], body.as_bytes());
        }
        // The first token is good until the fifth request.
        let shown = exchange.seen.header("authorization").unwrap_or_default().to_owned();
        if (shown == "Bearer t1" && exchange.nth < 4) || shown == "Bearer t5" {
            return exchange.reply(200, &[], b"");
        }
        let challenge = format!("Bearer realm=\"http://{}/token\"", exchange.host);
        exchange.reply(401, &[("WWW-Authenticate", &challenge)], b"");
    });
    let client = client();
    for _ in 0..3 {
        assert!(has(&client, &server).unwrap());
    }
    assert_eq!((tokens(&server).len(), server.count()), (2, 7));
}

#[test]
fn a_registry_that_takes_no_token_is_not_asked_for_ever() {
    let server = Server::start(|exchange| {
        if exchange.seen.target.starts_with("/token") {
            return exchange.reply(200, &[], br#"{"token":"bad"}"#);
        }
        let challenge = format!("Bearer realm=\"http://{}/token\"", exchange.host);
        exchange.reply(401, &[("WWW-Authenticate", &challenge)], b"");
    });
    assert_eq!(has(&client(), &server).unwrap_err().code(), "E-registry-login");
    assert_eq!(server.count(), 3);
}

#[test]
fn what_is_no_token_is_an_error_and_shows_none() {
    for (body, code) in [
        (&br#"{"token":"s3cret\u0007"}"#[..], "E-registry-document"),
        (b"{}", "E-registry-document"),
        (b"<html>", "E-registry-document"),
        (&[b' '; 70_000], "E-registry-limit"),
    ] {
        let server = registry(move |exchange| exchange.reply(200, &[], body));
        let error = has(&client(), &server).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(!format!("{error:?}{error}").contains("s3cret"));
    }
}

#[test]
fn a_password_is_not_sent_in_the_clear_to_somebody_else() {
    for realm in ["http://registry.invalid/token", "not an address", "ftp://127.0.0.1/"] {
        let challenge = format!("Bearer realm=\"{realm}\"");
        let server =
            Server::start(move |exchange| exchange.reply(401, &[("WWW-Authenticate", &challenge)], b""));
        let error = has(&client(), &server).unwrap_err();
        assert!(["E-registry-redirect", "E-registry-protocol"].contains(&error.code()), "{error}");
    }
}

#[test]
fn a_login_is_tried_without_what_is_kept() {
    let basic = Server::start(|exchange| match exchange.seen.header("authorization") {
        Some("Basic bWU6cHc=") => exchange.reply(200, &[], b"{}"),
        _ => exchange.reply(401, &[("WWW-Authenticate", "Basic realm=\"x\"")], b""),
    });
    let dir = tempfile::tempdir().unwrap();
    let kept = client_with(dir.path(), &json!({ basic.address.to_string(): { "auth": "bWU6cHc=" } }));
    let registry = basic.address.to_string();
    assert_eq!(kept.check_login(&registry, "me", "other").unwrap_err().code(), "E-registry-login");
    assert_eq!(client().check_login(&registry, "me", "pw").unwrap(), Checked::Accepted);
    let open = Server::start(|exchange| exchange.reply(200, &[], b"{}"));
    let checked = kept.check_login(&open.address.to_string(), "me", "pw").unwrap();
    assert_eq!(checked, Checked::NotAsked);
    assert_eq!(has(&client(), &basic).unwrap_err().code(), "E-registry-login");
    assert!(has(&kept, &basic).unwrap());
}
