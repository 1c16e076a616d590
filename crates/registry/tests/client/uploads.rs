//! Blobs and manifests on their way out, over connections that break.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Arc, LazyLock, Mutex};

use coffer_registry::client::{Client, ClientError, Guard, Mount, Over};
use coffer_registry::config::{Config, Places};
use model::digest::Digest;
use model::oci::{Descriptor, Index, OCI_LAYER, OCI_MANIFEST};
use model::reference::Repository;

use crate::server::{Exchange, Server, client, patience};

fn descriptor(bytes: &[u8]) -> Descriptor {
    Descriptor::new(OCI_LAYER, Digest::of(bytes).into(), bytes.len() as u64)
}

/// Sends bytes that are claimed to be others; what was counted.
fn push(server: &Server, claimed: &[u8], bytes: &[u8]) -> Result<u64, ClientError> {
    let mut sum = 0;
    let open = |from: u64| -> io::Result<Box<dyn Read + Send + '_>> { Ok(Box::new(&bytes[from as usize..])) };
    client().push_blob(&server.repository(), &descriptor(claimed), &open, &mut |more| sum += more)?;
    Ok(sum)
}

/// Too large for one piece.
fn large() -> &'static [u8] {
    static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| b"some 19 bytes again".repeat(1 << 20));
    &BYTES
}

/// A registry that keeps one upload, and breaks the connection once after so many bytes of a PATCH.
#[derive(Default)]
struct Upload {
    bytes: Mutex<Vec<u8>>,
    done: Mutex<bool>,
    breaks: Mutex<Vec<usize>>,
}

impl Upload {
    fn serve(&self, exchange: &mut Exchange) {
        let here = format!("/upload/{}?_state=x", exchange.nth);
        match exchange.seen.method.as_str() {
            "POST" => exchange.reply(202, &[("Location", &here), ("OCI-Chunk-Min-Length", "1000")], b""),
            "HEAD" => exchange.reply(if *self.done.lock().unwrap() { 200 } else { 404 }, &[], b""),
            "GET" => {
                let range = format!("0-{}", self.bytes.lock().unwrap().len().saturating_sub(1));
                exchange.reply(204, &[("Location", &here), ("Range", &range)], b"");
            }
            "PATCH" => self.patch(exchange, &here),
            _ => {
                exchange.take_all();
                self.bytes.lock().unwrap().extend(&exchange.seen.body);
                *self.done.lock().unwrap() = true;
                exchange.reply(201, &[], b"");
            }
        }
    }

    fn patch(&self, exchange: &mut Exchange, here: &str) {
        let begin = exchange
            .seen
            .header("content-range")
            .map_or(0, |range| range.split('-').next().unwrap().parse::<usize>().unwrap());
        if begin != self.bytes.lock().unwrap().len() {
            return exchange.reply(416, &[], b"");
        }
        if let Some(most) = self.breaks.lock().unwrap().pop() {
            exchange.take(most);
            self.bytes.lock().unwrap().extend(&exchange.seen.body);
            return exchange.hang_up();
        }
        exchange.take_all();
        let mut bytes = self.bytes.lock().unwrap();
        bytes.extend(&exchange.seen.body);
        let range = format!("0-{}", bytes.len() - 1);
        drop(bytes);
        exchange.reply(202, &[("Location", here), ("Range", &range)], b"");
    }
}

fn registry(breaks: &[usize]) -> (Arc<Upload>, Server) {
    let upload = Arc::new(Upload { breaks: Mutex::new(breaks.to_vec()), ..Upload::default() });
    let served = Arc::clone(&upload);
    (upload, Server::start(move |exchange| served.serve(exchange)))
}

fn methods(server: &Server) -> String {
    server.seen().iter().map(|seen| seen.method.clone()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_small_blob_is_sent_in_one_piece() {
    let (upload, server) = registry(&[]);
    assert_eq!(push(&server, b"small", b"small").unwrap(), 5);
    assert_eq!(*upload.bytes.lock().unwrap(), b"small");
    assert_eq!(methods(&server), "POST PUT");
    let put = &server.seen()[1];
    let digest = Digest::of(b"small").hex();
    assert_eq!(put.target, format!("/upload/0?_state=x&digest=sha256%3A{digest}"));
    assert_eq!(push(&server, b"", b"").unwrap(), 0);
}

#[test]
fn a_large_blob_is_streamed_and_taken_up_where_it_broke() {
    for (breaks, expected) in [
        (&[][..], "POST PATCH PUT"),
        (&[5 << 20], "POST PATCH GET PATCH PUT"),
        (&[0], "POST PATCH GET PATCH PATCH PUT"),
        (&[3 << 20, 4 << 20], "POST PATCH GET PATCH GET PATCH PUT"),
    ] {
        let (upload, server) = registry(breaks);
        assert_eq!(push(&server, large(), large()).unwrap(), 19 << 20, "{breaks:?}");
        assert!(*upload.bytes.lock().unwrap() == large(), "{breaks:?}");
        assert_eq!(methods(&server), expected, "{breaks:?}");
    }
}

#[test]
fn an_answer_that_was_lost_is_looked_for() {
    let (upload, _) = registry(&[]);
    let served = Arc::clone(&upload);
    let server = Server::start(move |exchange| {
        if exchange.seen.method == "PUT" {
            *served.done.lock().unwrap() = true;
            return exchange.hang_up();
        }
        served.serve(exchange);
    });
    push(&server, large(), large()).unwrap();
    assert_eq!(methods(&server), "POST PATCH PUT HEAD");
}

#[test]
fn an_upload_that_the_registry_has_lost_begins_anew() {
    let server = Server::start(|exchange| match (exchange.seen.method.as_str(), exchange.nth) {
        ("POST", _) => exchange.reply(202, &[("Location", "/u")], b""),
        ("PUT", 1) => exchange.reply(404, &[], br#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#),
        _ => exchange.reply(201, &[], b""),
    });
    assert_eq!(push(&server, b"x", b"x").unwrap(), 1);
    assert_eq!(methods(&server), "POST PUT POST PUT");
}

#[test]
fn what_is_not_the_blob_never_arrives() {
    for bytes in [&b"forged"[..], b"origina", b"originals"] {
        let (upload, server) = registry(&[]);
        let error = push(&server, b"original", bytes).unwrap_err();
        assert!(["E-registry-digest", "E-registry-size"].contains(&error.code()), "{error}");
        assert!(!*upload.done.lock().unwrap());
    }
}

#[test]
fn a_source_that_cannot_be_read_is_named() {
    let (_, server) = registry(&[]);
    let open = |_: u64| -> io::Result<Box<dyn Read + Send>> { Err(io::Error::other("gone")) };
    let pushed = client().push_blob(&server.repository(), &descriptor(b"x"), &open, &mut |_| ());
    assert_eq!(pushed.unwrap_err().code(), "E-registry-source");
}

#[test]
fn an_upload_may_be_somewhere_else_and_a_token_does_not_go_there() {
    let other = Server::start(|exchange| exchange.reply(201, &[], b""));
    let there = format!("http://{}/u", other.address);
    let server = Server::start(move |exchange| match exchange.seen.header("authorization") {
        None => exchange.reply(401, &[("WWW-Authenticate", "Basic")], b""),
        Some(_) => exchange.reply(202, &[("Location", &there)], b""),
    });
    let dir = tempfile::tempdir().unwrap();
    let auths = serde_json::json!({ server.address.to_string(): { "auth": "bWU6cHc=" } });
    let client = crate::server::client_with(dir.path(), &auths);
    let open = |_: u64| -> io::Result<Box<dyn Read + Send>> { Ok(Box::new(&b"x"[..])) };
    client.push_blob(&server.repository(), &descriptor(b"x"), &open, &mut |_| ()).unwrap();
    assert!(other.count() == 1 && other.seen()[0].header("authorization").is_none());
}

#[test]
fn a_registry_that_says_no_is_not_asked_again() {
    for (status, code) in
        [(400, "E-registry-refused"), (403, "E-registry-denied"), (413, "E-registry-refused")]
    {
        let server = Server::start(move |exchange| match exchange.seen.method.as_str() {
            "POST" => exchange.reply(202, &[("Location", "/u")], b""),
            _ => exchange.reply(status, &[], b""),
        });
        assert_eq!(push(&server, b"x", b"x").unwrap_err().code(), code);
        assert_eq!(methods(&server), "POST PUT");
    }
}

#[test]
fn a_mount_is_made_or_refused_and_the_upload_given_back() {
    let digest = Digest::of(b"x").into();
    let mounted = Server::start(|exchange| exchange.reply(201, &[("Location", "/b")], b""));
    assert_eq!(client().mount(&mounted.repository(), &digest, "team/base").unwrap(), Mount::Mounted);
    let target = format!("/v2/team/app/blobs/uploads/?mount=sha256%3A{}&from=team%2Fbase", digest.hex());
    assert!(mounted.seen()[0].is("POST", &target));
    let refused = Server::start(|exchange| exchange.reply(202, &[("Location", "/u")], b""));
    assert_eq!(client().mount(&refused.repository(), &digest, "team/base").unwrap(), Mount::Refused);
    assert!(refused.seen()[1].is("DELETE", "/u"));
    let denied = Server::start(|exchange| exchange.reply(403, &[], b""));
    assert_eq!(client().mount(&denied.repository(), &digest, "team/base").unwrap(), Mount::Refused);
}

#[test]
fn a_mount_is_asked_for_by_the_names_that_the_place_knows() {
    let registry = Server::start(|exchange| exchange.reply(201, &[("Location", "/b")], b""));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("registries.conf");
    let moved = |prefix: &str, location: &str| {
        format!("[[registry]]\nprefix = \"reg.invalid/{prefix}\"\nlocation = \"{location}\"\n")
    };
    let (here, blocked) = (format!("{}/moved", registry.address), "blocked = true\n");
    let text = [moved("team", &here), moved("far", "elsewhere.invalid/far"), moved("not", &here)].concat();
    std::fs::write(&file, text + blocked).unwrap();
    let places = Places { registries: vec![file], ..Places::default() };
    let client = Client::with_patience(Config::load(places).unwrap(), patience());
    let repository = Repository { registry: "reg.invalid".into(), path: "team/app".into() };
    let mount = |from: &str| client.mount(&repository, &Digest::of(b"x").into(), from).unwrap();
    assert_eq!(mount("team/base"), Mount::Mounted);
    for elsewhere in ["far/base", "not/this", "other"] {
        assert_eq!(mount(elsewhere), Mount::Refused, "{elsewhere}");
    }
    let seen = registry.seen();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].target.starts_with("/v2/moved/app/blobs/uploads/?mount="), "{}", seen[0].target);
    assert!(seen[0].target.ends_with("&from=moved%2Fbase"), "{}", seen[0].target);
}

/// Manifests by name; `OCI-Subject` is not among what it says.
fn shelf() -> Server {
    shelf_with(Guard::Nobody)
}

/// The same, which keeps to conditions or passes them over.
fn shelf_with(guard: Guard) -> Server {
    let kept = Mutex::new(BTreeMap::<String, Vec<u8>>::new());
    Server::start(move |exchange| {
        let name = exchange.seen.target.clone();
        match exchange.seen.method.as_str() {
            "PUT" => {
                let bytes = exchange.take_all().to_vec();
                let etag = format!("\"{}\"", Digest::of(&bytes));
                if guard == Guard::Nobody {
                    kept.lock().unwrap().insert(name, bytes);
                    return exchange.reply(201, &[], b"");
                }
                let mut kept = kept.lock().unwrap();
                let there = kept.get(&name).map(|bytes| format!("\"{}\"", Digest::of(bytes)));
                let wanted = exchange.seen.header("if-match").map(str::to_owned);
                let fits = match exchange.seen.header("if-none-match") {
                    Some(_) => there.is_none(),
                    None => wanted.is_none() || there == wanted,
                };
                if !fits {
                    return exchange.reply(412, &[], b"");
                }
                kept.insert(name, bytes);
                exchange.reply(201, &[("ETag", &etag)], b"");
            }
            "DELETE" => {
                let gone = kept.lock().unwrap().remove(&name);
                exchange.reply(if gone.is_some() { 202 } else { 404 }, &[], b"");
            }
            _ => match kept.lock().unwrap().get(&name).cloned() {
                Some(bytes) => exchange.reply(200, &[], &bytes),
                None => exchange.reply(404, &[], b""),
            },
        }
    })
}

#[test]
fn referrers_are_kept_under_a_tag_where_the_registry_does_not() {
    let server = shelf();
    let (client, repository) = (client(), server.repository());
    let subject = descriptor(b"the image");
    let attach = |kind: &str| {
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": kind,
            "config": descriptor(b"{}"), "layers": [], "subject": subject, "annotations": { "a": "b" },
        });
        client.push_manifest(&repository, None, OCI_MANIFEST, manifest.to_string().as_bytes()).unwrap()
    };
    let (one, two) = (attach("kind/one"), attach("kind/two"));
    attach("kind/one");
    let all = client.referrers(&repository, &subject.digest, None).unwrap();
    assert_eq!(all.iter().map(|entry| entry.digest).collect::<Vec<_>>(), [one.into(), two.into()]);
    assert_eq!(all[0].annotation("a"), Some("b"));
    let some = client.referrers(&repository, &subject.digest, Some("kind/two")).unwrap();
    assert_eq!(some.iter().map(|entry| entry.digest).collect::<Vec<_>>(), [two.into()]);
    client.delete_manifest(&repository, &coffer_registry::client::Which::Digest(one.into())).unwrap();
    let left = client.referrers(&repository, &subject.digest, None).unwrap();
    assert_eq!(left.iter().map(|entry| entry.digest).collect::<Vec<_>>(), [two.into()]);
}

#[test]
fn of_many_who_attach_at_once_nobody_s_is_lost() {
    for guard in [Guard::Registry, Guard::Nobody] {
        let server = shelf_with(guard);
        let (repository, subject) = (server.repository(), descriptor(b"the image"));
        let attach = |kind: String| {
            let manifest = serde_json::json!({
                "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": kind,
                "config": descriptor(b"{}"), "layers": [], "subject": subject,
            });
            let bytes = manifest.to_string().into_bytes();
            client().push_manifest(&repository, None, OCI_MANIFEST, &bytes).unwrap()
        };
        std::thread::scope(|scope| {
            let attach = &attach;
            (0..4).for_each(|number| drop(scope.spawn(move || attach(format!("kind/{number}")))));
        });
        let mut kinds: Vec<_> = client()
            .referrers(&repository, &subject.digest, None)
            .unwrap()
            .into_iter()
            .map(|entry| entry.artifact_type.unwrap())
            .collect();
        kinds.sort();
        assert_eq!(kinds, ["kind/0", "kind/1", "kind/2", "kind/3"], "{guard:?}");
    }
}

#[test]
fn a_push_says_what_it_replaces_and_hears_who_sees_to_that() {
    for guard in [Guard::Registry, Guard::Nobody] {
        let server = shelf_with(guard);
        let (client, repository) = (client(), server.repository());
        let put = |text: &str, over: Over| {
            let manifest =
                serde_json::json!({ "schemaVersion": 2, "config": {}, "annotations": { "is": text } });
            let bytes = manifest.to_string().into_bytes();
            (Digest::of(&bytes), client.push_manifest_over(&repository, "1", OCI_MANIFEST, &bytes, over))
        };
        let (first, done) = put("one", Over::Nothing);
        assert_eq!(done.unwrap(), guard);
        assert_eq!(put("two", Over::This(first.into())).1.unwrap(), guard);
        for wrong in [Over::Nothing, Over::This(first.into())] {
            let outcome = put("three", wrong).1;
            match guard {
                Guard::Registry => {
                    assert!(matches!(outcome, Err(ClientError::Refused { status: 412, .. })), "{outcome:?}");
                }
                Guard::Nobody => assert_eq!(outcome.unwrap(), guard),
            }
        }
        assert_eq!(put("four", Over::Anything).1.unwrap(), guard);
        let conditions: Vec<_> = server
            .seen()
            .iter()
            .map(|seen| {
                [seen.header("if-none-match"), seen.header("if-match")].map(|one| one.map(str::to_owned))
            })
            .collect();
        let over = Some(format!("\"{first}\""));
        assert_eq!(conditions.first().unwrap(), &[Some("*".to_owned()), None]);
        assert_eq!(conditions.get(1).unwrap(), &[None, over]);
        assert_eq!(conditions.last().unwrap(), &[None, None]);
    }
}

#[test]
fn a_registry_that_keeps_referrers_is_left_to_it() {
    let server = Server::start(|exchange| exchange.reply(201, &[("OCI-Subject", "sha256:x")], b""));
    let manifest = serde_json::json!({ "schemaVersion": 2, "config": {}, "subject": descriptor(b"x") });
    client()
        .push_manifest(&server.repository(), Some("1"), OCI_MANIFEST, manifest.to_string().as_bytes())
        .unwrap();
    assert_eq!(methods(&server), "PUT");
    let server = Server::start(|exchange| {
        let index = serde_json::to_vec(&Index::of(vec![descriptor(b"y")])).unwrap();
        exchange.reply(200, &[("OCI-Filters-Applied", "artifactType")], &index);
    });
    let subject = Digest::of(b"x").into();
    assert_eq!(client().referrers(&server.repository(), &subject, None).unwrap(), [descriptor(b"y")]);
    assert_eq!(client().referrers(&server.repository(), &subject, Some("a/b c")).unwrap(), []);
    assert!(server.seen()[1].target.ends_with("?artifactType=a%2Fb%20c"));
}

#[test]
fn a_manifest_that_arrives_as_another_is_an_error() {
    let server = Server::start(|exchange| {
        exchange.reply(201, &[("Docker-Content-Digest", &Digest::of(b"other").to_string())], b"");
    });
    let pushed = client().push_manifest(&server.repository(), Some("1"), OCI_MANIFEST, b"{}");
    assert_eq!(pushed.unwrap_err().code(), "E-registry-digest");
}
