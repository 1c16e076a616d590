//! Pulling: manifests by tag and digest, blobs and parts of them.

use crate::running::{Running, sha256};

#[test]
fn a_manifest_comes_back_as_it_was_pushed() {
    let server = Running::new();
    let digest = server.image("team/app", "v1", b"layer");
    for reference in ["v1", &digest.to_string(), &digest.to_string().replace(':', "%3A")] {
        for method in ["GET", "HEAD"] {
            let path = format!("/v2/team/app/manifests/{reference}");
            let reply = server.ask(method, &path, &["Accept: application/json"], b"");
            assert_eq!(reply.status, 200, "{method} {reference}");
            assert_eq!(reply.header("docker-content-digest"), Some(&*digest.to_string()));
            assert_eq!(reply.header("content-type"), Some("application/vnd.oci.image.manifest.v1+json"));
            let length: usize = reply.header("content-length").unwrap().parse().unwrap();
            match method {
                "GET" => assert_eq!((sha256(&reply.body), reply.body.len()), (digest.clone(), length)),
                _ => assert!(reply.body.is_empty() && length > 0),
            }
        }
    }
    for path in ["/v2/team/app/manifests/v2", "/v2/team/manifests/v1", "/v2/team/app/manifests/.no"] {
        let reply = server.ask("GET", path, &[], b"");
        assert_eq!((reply.status, reply.code().as_str()), (404, "MANIFEST_UNKNOWN"), "{path}");
        assert_eq!(server.ask("HEAD", path, &[], b"").status, 404);
    }
}

#[test]
fn a_blob_comes_whole_or_in_part() {
    let server = Running::new();
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    let digest = server.blob("a", &bytes);
    let path = format!("/v2/a/blobs/{digest}");
    let head = server.ask("HEAD", &path, &[], b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some("3000000")));
    assert!(server.ask("GET", &path, &[], b"").body == bytes);
    for (range, part) in [("0-9", 0..10), ("2999990-", 2_999_990..3_000_000), ("-5", 2_999_995..3_000_000)] {
        let reply = server.ask("GET", &path, &[&format!("Range: bytes={range}")], b"");
        assert_eq!((reply.status, &reply.body[..]), (206, &bytes[part.clone()]), "{range}");
        let said = format!("bytes {}-{}/3000000", part.start, part.end - 1);
        assert_eq!(reply.header("content-range"), Some(&*said));
    }
    let beyond = server.ask("GET", &path, &["Range: bytes=3000000-"], b"");
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some("bytes */3000000")));
    let empty = server.blob("a", b"");
    let reply = server.ask("GET", &format!("/v2/a/blobs/{empty}"), &[], b"");
    assert_eq!((reply.status, reply.header("content-length")), (200, Some("0")));
}

#[test]
fn a_blob_of_another_repository_is_not_here() {
    let server = Running::new();
    let digest = server.blob("a", b"private");
    let reply = server.ask("GET", &format!("/v2/b/blobs/{digest}"), &[], b"");
    assert_eq!((reply.status, reply.code().as_str()), (404, "BLOB_UNKNOWN"));
}

#[test]
fn what_is_deleted_is_gone() {
    let server = Running::new();
    let digest = server.image("a", "v1", b"layer");
    let layer = format!("/v2/a/blobs/{}", sha256(b"layer"));
    assert_eq!(server.ask("DELETE", &layer, &[], b"").code(), "DENIED");
    server.ask("PUT", "/v2/a/manifests/v2", &[], &server.ask("GET", "/v2/a/manifests/v1", &[], b"").body);
    assert_eq!(server.ask("DELETE", "/v2/a/manifests/v2", &[], b"").status, 202);
    assert_eq!(server.ask("GET", "/v2/a/manifests/v2", &[], b"").status, 404);
    assert_eq!(server.ask("GET", "/v2/a/manifests/v1", &[], b"").status, 200);
    assert_eq!(server.ask("DELETE", &format!("/v2/a/manifests/{digest}"), &[], b"").status, 202);
    assert_eq!(server.ask("GET", "/v2/a/manifests/v1", &[], b"").status, 404);
    assert_eq!(server.ask("GET", "/v2/a/tags/list", &[], b"").json()["tags"], serde_json::json!([]));
    assert_eq!(server.ask("DELETE", &layer, &[], b"").status, 202);
    assert_eq!(server.ask("DELETE", &layer, &[], b"").code(), "BLOB_UNKNOWN");
    assert_eq!(server.ask("GET", &layer, &[], b"").status, 404);
}
