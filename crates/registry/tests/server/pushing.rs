//! Pushing: whole, in chunks, by mount; manifests with all they need.

use std::sync::atomic::Ordering;

use coffer_registry::server::journal::Deed;
use coffer_registry::server::shelf::{Algorithm, ContentDigest};

use crate::running::{LARGEST, MANIFEST, Running, manifest, sha256};

#[test]
fn a_blob_comes_whole_or_in_chunks() {
    let server = Running::new();
    let whole = server.blob("a", b"whole");
    assert_eq!(server.ask("GET", &format!("/v2/a/blobs/{whole}"), &[], b"").body, b"whole");

    let begun = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"");
    assert_eq!((begun.status, begun.header("range")), (202, Some("0-0")));
    let place = begun.header("location").unwrap().to_owned();
    let first = server.ask("PATCH", &place, &["Content-Range: 0-3"], b"abcd");
    assert_eq!((first.status, first.header("range")), (202, Some("0-3")));
    let status = server.ask("GET", &place, &[], b"");
    assert_eq!((status.status, status.header("range")), (204, Some("0-3")));
    assert_eq!(server.ask("PATCH", &place, &[], b"ef").header("range"), Some("0-5"));
    let digest = sha256(b"abcdefgh");
    let path = format!("{place}?digest={digest}");
    let put = server.ask("PUT", &path, &["Content-Range: 6-7"], b"gh");
    assert_eq!((put.status, put.header("docker-content-digest")), (201, Some(digest.to_string().as_str())));
    assert_eq!(put.header("location").unwrap(), format!("/v2/a/blobs/{digest}"));
    assert_eq!(server.ask("GET", &place, &[], b"").code(), "BLOB_UPLOAD_UNKNOWN");
}

#[test]
fn a_chunk_out_of_order_is_refused_and_says_where_to_go_on() {
    let server = Running::new();
    let place = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    server.ask("PATCH", &place, &["Content-Range: 0-3"], b"abcd");
    for (method, path) in [("PATCH", place.clone()), ("PUT", format!("{place}?digest={}", sha256(b"x")))] {
        for range in ["Content-Range: 5-8", "Content-Range: 0-3"] {
            let reply = server.ask(method, &path, &[range], b"efgh");
            assert_eq!((reply.status, reply.header("range")), (416, Some("0-3")), "{method} {range}");
            assert_eq!(reply.header("location"), Some(place.as_str()));
        }
    }
    assert_eq!(server.ask("PATCH", &place, &["Content-Range: 4-9"], b"efgh").code(), "SIZE_INVALID");
    assert_eq!(server.ask("PATCH", &place, &["Content-Range: nonsense"], b"efgh").status, 400);
    assert_eq!(server.ask("GET", &place, &[], b"").header("range"), Some("0-3"));
    assert_eq!(server.ask("DELETE", &place, &[], b"").status, 204);
    assert_eq!(server.ask("DELETE", &place, &[], b"").code(), "BLOB_UPLOAD_UNKNOWN");
}

#[test]
fn bytes_that_are_not_what_they_claim_are_refused() {
    let server = Running::new();
    let wrong = sha256(b"right");
    let reply = server.ask("POST", &format!("/v2/a/blobs/uploads/?digest={wrong}"), &[], b"wrong");
    assert_eq!((reply.status, reply.code().as_str()), (400, "DIGEST_INVALID"));
    let place = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    assert_eq!(server.ask("PUT", &place, &[], b"wrong").code(), "DIGEST_INVALID");
    assert_eq!(server.ask("PUT", &format!("{place}?digest={wrong}"), &[], b"wrong").code(), "DIGEST_INVALID");
    assert_eq!(server.ask("PUT", &format!("{place}?digest=md5:00"), &[], b"").code(), "DIGEST_INVALID");
    assert_eq!(server.ask("HEAD", &format!("/v2/a/blobs/{wrong}"), &[], b"").status, 404);
    let reply = server.ask("POST", "/v2/a/blobs/uploads/?digest-algorithm=md5", &[], b"");
    assert_eq!(reply.code(), "DIGEST_INVALID");
}

#[test]
fn a_blob_has_a_limit_and_what_passes_it_is_not_kept() {
    let server = Running::new();
    let bytes = vec![7; usize::try_from(LARGEST).unwrap() + 1];
    let path = format!("/v2/a/blobs/uploads/?digest={}", sha256(&bytes));
    let reply = server.ask("POST", &path, &[], &bytes);
    assert_eq!((reply.status, reply.code().as_str()), (413, "SIZE_INVALID"));
}

#[test]
fn a_blob_is_mounted_from_where_it_is() {
    let server = Running::new();
    let digest = server.blob("from", b"shared");
    let mount = |from: &str| {
        let path = format!("/v2/to/blobs/uploads/?mount={digest}&from={from}");
        server.ask("POST", &path, &[], b"")
    };
    assert_eq!(mount("elsewhere").status, 202);
    assert_eq!(mount("../from").status, 202);
    assert_eq!(server.ask("HEAD", &format!("/v2/to/blobs/{digest}"), &[], b"").status, 404);
    let mounted = mount("from");
    assert_eq!(
        (mounted.status, mounted.header("location").unwrap()),
        (201, &*format!("/v2/to/blobs/{digest}"))
    );
    assert_eq!(server.ask("GET", &format!("/v2/to/blobs/{digest}"), &[], b"").body, b"shared");
}

#[test]
fn a_manifest_is_stored_when_all_it_needs_is_there() {
    let server = Running::new();
    let (config, layer) = (sha256(b"{}"), sha256(b"layer"));
    let text = manifest(&config, &layer, 5, None);
    let put = || server.ask("PUT", "/v2/a/manifests/v1", &[MANIFEST], text.as_bytes());
    assert_eq!(put().code(), "MANIFEST_BLOB_UNKNOWN");
    server.blob("a", b"{}");
    server.blob("elsewhere", b"layer");
    assert_eq!(put().code(), "MANIFEST_BLOB_UNKNOWN");
    server.blob("a", b"layer");
    let reply = put();
    let digest = sha256(text.as_bytes());
    assert_eq!((reply.status, reply.header("docker-content-digest")), (201, Some(&*digest.to_string())));
    assert_eq!(reply.header("location").unwrap(), format!("/v2/a/manifests/{digest}"));
}

#[test]
fn an_index_needs_its_manifests() {
    let server = Running::new();
    let child = server.image("a", "", b"layer");
    let index = |child: &ContentDigest| {
        let list = serde_json::json!({ "schemaVersion": 2, "manifests": [
            { "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": child.to_string(), "size": 1 },
        ]});
        let header = "Content-Type: application/vnd.oci.image.index.v1+json";
        server.ask("PUT", "/v2/a/manifests/all", &[header], list.to_string().as_bytes())
    };
    assert_eq!(index(&sha256(b"nothing")).code(), "MANIFEST_BLOB_UNKNOWN");
    assert_eq!(index(&child).status, 201);
}

#[test]
fn a_manifest_by_digest_takes_tags_along() {
    let server = Running::new();
    let first = server.image("a", "v1", b"layer");
    let bytes = server.ask("GET", "/v2/a/manifests/v1", &[], b"").body;
    let sha512 = ContentDigest::of(Algorithm::Sha512, &bytes);
    let path = format!("/v2/a/manifests/{sha512}?tag=one&tag=two");
    let reply = server.ask("PUT", &path, &[MANIFEST], &bytes);
    assert_eq!((reply.status, reply.headers("oci-tag")), (201, vec!["one", "two"]));
    let got = server.ask("GET", "/v2/a/manifests/two", &[], b"");
    assert_eq!(got.header("docker-content-digest"), Some(&*sha512.to_string()));
    assert_eq!(
        server.ask("PUT", &format!("/v2/a/manifests/{first}"), &[MANIFEST], b"{}").code(),
        "MANIFEST_INVALID"
    );
    let many: String = (0..101).map(|number| format!("&tag=t{number}")).collect();
    let path = format!("/v2/a/manifests/{first}?{}", &many[1..]);
    assert_eq!(server.ask("PUT", &path, &[MANIFEST], &bytes).status, 414);
}

#[test]
fn what_is_no_manifest_is_refused() {
    let server = Running::new();
    server.image("a", "v1", b"layer");
    let good = String::from_utf8(server.ask("GET", "/v2/a/manifests/v1", &[], b"").body).unwrap();
    let both = good.replacen('{', "{\"manifests\":[],", 1);
    let old = good.replace("\"schemaVersion\":2", "\"schemaVersion\":1");
    let traversal = good.replace(&sha256(b"layer").to_string(), "sha256:../../../etc/passwd");
    for bad in
        ["", "{}", "[]", "null", "{\"schemaVersion\":2}", &both, &old, &traversal, &"[".repeat(100_000)]
    {
        let reply = server.ask("PUT", "/v2/a/manifests/v2", &[MANIFEST], bad.as_bytes());
        assert_eq!((reply.status, reply.code().as_str()), (400, "MANIFEST_INVALID"), "{bad:.80}");
    }
    for kind in ["application/vnd.oci.image.index.v1+json", "text/html"] {
        let header = format!("Content-Type: {kind}");
        let reply = server.ask("PUT", "/v2/a/manifests/v2", &[&header], good.as_bytes());
        assert_eq!(reply.code(), "MANIFEST_INVALID", "{kind}");
    }
    let large = format!("{}{good}", " ".repeat(4 * 1024 * 1024));
    assert_eq!(server.ask("PUT", "/v2/a/manifests/v2", &[MANIFEST], large.as_bytes()).status, 413);
    assert_eq!(server.ask("PUT", "/v2/a/manifests/-v", &[MANIFEST], good.as_bytes()).status, 400);
}

#[test]
fn every_push_and_deletion_is_written_down_or_refused() {
    let server = Running::new();
    let digest = server.image("a", "v1", b"layer");
    server.ask("GET", "/v2/a/manifests/v1", &[], b"");
    let path = format!("/v2/a/manifests/{digest}");
    server.journal.broken.store(true, Ordering::Relaxed);
    assert_eq!(server.ask("DELETE", "/v2/a/manifests/v1", &[], b"").status, 500);
    server.journal.broken.store(false, Ordering::Relaxed);
    assert_eq!(server.ask("DELETE", &path, &[], b"").status, 202);
    let events = server.journal.events.lock().unwrap();
    let deeds: Vec<_> = events.iter().map(|event| (event.action, event.reference.as_deref())).collect();
    assert_eq!(deeds[..2], [(Deed::Push, Some("v1")), (Deed::Pull, Some("v1"))]);
    assert_eq!(deeds.last(), Some(&(Deed::Delete, None)));
    assert!(events.iter().all(|event| event.who == "user:test" && event.repository == "a"));
}

#[test]
fn a_push_on_a_condition_moves_what_was_looked_at_and_nothing_else() {
    let server = Running::new();
    let config = server.blob("a", b"{}");
    let put = |text: &[u8], headers: &[&str]| {
        let layer = server.blob("a", text);
        let body = manifest(&config, &layer, text.len(), None);
        let headers = [&[MANIFEST][..], headers].concat();
        let reply = server.ask("PUT", "/v2/a/manifests/latest", &headers, body.as_bytes());
        (reply.status, reply.header("etag").map(str::to_owned))
    };
    let there = || server.ask("GET", "/v2/a/manifests/latest", &[], b"").header("etag").unwrap().to_owned();
    assert_eq!(put(b"never", &["If-Match: *"]), (412, None));
    let (status, first) = put(b"one", &["If-None-Match: *"]);
    assert_eq!((status, first.as_deref()), (201, Some(there().as_str())));
    let first = format!("If-Match: {}", first.unwrap());
    assert_eq!(put(b"two", &["If-None-Match: *"]).0, 412);
    let (status, second) = put(b"two", &[&first]);
    assert_eq!(status, 201);
    assert_eq!(put(b"three", &[&first]).0, 412, "it is the second one by now");
    let (second, other) = (second.unwrap(), format!("\"{}\"", sha256(b"other")));
    for wrong in ["If-Match: nonsense", "If-Match: \"nonsense\"", &format!("If-Match: W/{second}")] {
        assert_eq!(put(b"three", &[wrong]).0, 412, "{wrong}");
    }
    assert_eq!(put(b"three", &[&format!("If-None-Match: {other}, {second}")]).0, 412);
    assert_eq!(there(), second);
    assert_eq!(put(b"three", &[&format!("If-Match: {other}"), &format!("If-Match: {second}")]).0, 201);
    assert_eq!(put(b"four", &[]).0, 201, "without a condition, whoever comes last");
}

#[test]
fn of_many_who_push_on_one_condition_one_is_let() {
    let server = Running::new();
    let config = server.blob("a", b"{}");
    let bodies: Vec<String> = (0..8)
        .map(|number| format!("layer {number}"))
        .map(|text| manifest(&config, &server.blob("a", text.as_bytes()), text.len(), None))
        .collect();
    let (address, starts) = (server.address, std::sync::Barrier::new(bodies.len()));
    let push = |body: &str| {
        starts.wait();
        let headers = [MANIFEST, crate::http::SOMEBODY, "If-None-Match: *"];
        crate::http::ask(address, "PUT", "/v2/a/manifests/latest", &headers, body.as_bytes()).status
    };
    let push = &push;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> = bodies.iter().map(|body| scope.spawn(move || push(body))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
}
