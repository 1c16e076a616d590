//! What is not allowed, and what is not there.

use crate::http::{SOMEBODY, ask};
use crate::running::{Running, sha256};

#[test]
fn nobody_in_particular_may_pull_and_no_more() {
    let server = Running::new();
    let digest = server.image("a", "v1", b"layer");
    let anonymous = |method: &str, path: &str| ask(server.address, method, path, &[], b"");
    assert_eq!(anonymous("GET", "/v2/a/manifests/v1").status, 200);
    let base = anonymous("GET", "/v2/");
    assert_eq!((base.status, base.code().as_str()), (401, "UNAUTHORIZED"));
    assert!(base.header("www-authenticate").unwrap().starts_with("Bearer realm=\"http://127.0.0.1:"));
    for (method, path) in [
        ("POST", "/v2/a/blobs/uploads/".to_owned()),
        ("PUT", "/v2/a/manifests/v1".to_owned()),
        ("DELETE", format!("/v2/a/manifests/{digest}")),
        ("DELETE", format!("/v2/a/blobs/{}", sha256(b"layer"))),
    ] {
        assert_eq!(anonymous(method, &path).status, 401, "{method} {path}");
    }
    assert_eq!(server.ask("GET", "/v2/", &[], b"").status, 200);
    let wrong = ask(server.address, "GET", "/v2/", &["Authorization: Basic dGVzdDpubw=="], b"");
    assert_eq!(wrong.status, 401);
}

#[test]
fn a_mount_says_for_what_a_token_is_needed() {
    let server = Running::new();
    let digest = server.blob("from", b"x");
    let path = format!("/v2/to/blobs/uploads/?mount={digest}&from=from");
    let reply = ask(server.address, "POST", &path, &[], b"");
    let challenge = reply.header("www-authenticate").unwrap();
    assert!(challenge.contains("scope=\"repository:to:push repository:from:pull\""), "{challenge}");
}

#[test]
fn a_token_allows_what_it_was_asked_for() {
    let server = Running::new();
    server.image("a", "v1", b"layer");
    let path = "/token?service=coffer-registry&scope=repository:a:pull,delete&scope=repository:b:push";
    let token = server.ask("GET", path, &[], b"").json()["token"].as_str().unwrap().to_owned();
    let bearer = format!("Authorization: Bearer {token}");
    let with = |method: &str, path: &str| ask(server.address, method, path, &[&bearer], b"");
    assert_eq!(with("GET", "/v2/a/tags/list").status, 200);
    assert_eq!(with("POST", "/v2/b/blobs/uploads/").status, 202);
    let more = with("POST", "/v2/a/blobs/uploads/");
    assert_eq!(more.status, 401);
    assert!(more.header("www-authenticate").unwrap().contains("insufficient_scope"));
    // Pushing to `b` is no right to read `a` into it ... unless it is also there.
    let mount = format!("/v2/b/blobs/uploads/?mount={}&from=c", sha256(b"layer"));
    assert_eq!(with("POST", &mount).status, 202);
}

#[test]
fn what_is_not_there_or_not_done_says_so() {
    let server = Running::new();
    let digest = sha256(b"x");
    for path in ["/", "/v1/", "/v2/a", "/v2/a/tags", "/v2/a/tags/other", "/favicon.ico"] {
        assert_eq!(server.ask("GET", path, &[], b"").status, 404, "{path}");
    }
    for (method, path, allowed) in [
        ("POST", "/v2/".to_owned(), "GET, HEAD"),
        ("PUT", "/v2/_catalog".to_owned(), "GET, HEAD"),
        ("PUT", format!("/v2/a/blobs/{digest}"), "GET, HEAD, DELETE"),
        ("GET", "/v2/a/blobs/uploads/".to_owned(), "POST"),
        ("PATCH", "/v2/a/manifests/v1".to_owned(), "GET, HEAD, PUT, DELETE"),
        ("DELETE", "/v2/a/tags/list".to_owned(), "GET, HEAD"),
        ("OPTIONS", format!("/v2/a/referrers/{digest}"), "GET, HEAD"),
    ] {
        let reply = server.ask(method, &path, &[], b"");
        assert_eq!((reply.status, reply.header("allow")), (405, Some(allowed)), "{method} {path}");
        assert_eq!(reply.code(), "UNSUPPORTED");
    }
    for path in ["/v2/A/tags/list", "/v2/a/../b/tags/list", "/v2/a%2f..%2fb/tags/list", "/v2/%ff/tags/list"] {
        assert_eq!(server.ask("GET", path, &[], b"").code(), "NAME_INVALID", "{path}");
    }
    let upload = "/v2/a/blobs/uploads/../../../etc";
    assert!(matches!(server.ask("PATCH", upload, &[], b"x").status, 400 | 404));
    assert_eq!(ask(server.address, "GET", "/v2/", &[SOMEBODY, SOMEBODY], b"").status, 400);
}
