//! Requests that nobody wrote: whatever they are, they are answered, not with a failure of the server's, and
//! nothing is made outside its directory.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;

use crate::running::{Running, sha256};

/// One registry for all of them.
fn server() -> &'static Running {
    static SERVER: OnceLock<Running> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Running::new();
        server.image("a", "v1", b"layer");
        server
    })
}

fn word() -> impl Strategy<Value = String> {
    let layer = sha256(b"layer").to_string();
    prop_oneof![
        4 => prop::sample::select(vec![
            "v2", "a", "b/c", "blobs", "uploads", "manifests", "tags", "list", "referrers", "_catalog", "v1", "..",
            "%2e%2e", "%00", "", "token", "sha256:", "latest",
        ])
        .prop_map(str::to_owned),
        1 => Just(layer),
        1 => "[!-~]{0,12}",
        1 => "[a-f0-9]{32}",
    ]
}

fn path() -> impl Strategy<Value = String> {
    let query =
        prop::collection::vec(("(n|last|digest|mount|from|tag|artifactType|digest-algorithm)", word()), 0..3);
    let known =
        prop::sample::select(vec!["/v2/a/blobs/", "/v2/a/manifests/", "/v2/a/blobs/uploads/", "/v2/"]);
    (
        prop_oneof![Just(String::new()), known.prop_map(str::to_owned)],
        prop::collection::vec(word(), 0..6),
        query,
    )
        .prop_map(|(known, words, query)| {
            let query: Vec<_> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            let path =
                if known.is_empty() { format!("/{}", words.join("/")) } else { known + &words.join("/") };
            let text = format!("{path}?{}", query.join("&"));
            text.chars().filter(|letter| letter.is_ascii_graphic() && *letter != '#').collect()
        })
}

fn header() -> impl Strategy<Value = String> {
    prop_oneof![
        "Range: (bytes=)?[0-9]{0,20}-[0-9]{0,20}",
        "Content-Range: [0-9]{0,20}-[0-9]{0,20}",
        "Content-Type: [ -~]{0,40}",
        "Accept: [ -~]{0,40}",
        "X-[A-Za-z]{1,8}: [ -~]{0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_request_is_answered(
        method in prop::sample::select(vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "X"]),
        path in path(),
        headers in prop::collection::vec(header(), 0..4),
        body in prop_oneof![Just(Vec::new()), prop::collection::vec(any::<u8>(), 0..300), json()],
    ) {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let reply = server().ask(method, &path, &headers, &body);
        prop_assert!((200..500).contains(&reply.status), "{} {}: {:?}", method, path, reply);
    }
}

fn json() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(br#"{"schemaVersion":2,"config":{"digest":"sha256:..","size":-1}}"#.to_vec()),
        Just(br#"{"schemaVersion":2,"manifests":[]}"#.to_vec()),
        "[\\[\\]{}:,\"0-9a-z]{0,60}".prop_map(String::into_bytes),
    ]
}

#[test]
fn nothing_is_made_outside_the_shelf() {
    let server = Running::new();
    let up = ["..", "../..", "%2e%2e", "..%2f..", "%2e%2e%2f", "....//", "a/../../x"];
    for name in up {
        for path in [
            format!("/v2/{name}/blobs/uploads/?digest={}", sha256(b"x")),
            format!("/v2/a/blobs/uploads/?digest={name}"),
            format!("/v2/a/blobs/uploads/?mount={name}&from={name}"),
            format!("/v2/a/blobs/uploads/{name}"),
            format!("/v2/a/manifests/{name}"),
        ] {
            for method in ["POST", "PUT", "PATCH", "DELETE", "GET"] {
                let reply = server.ask(method, &path, &[], b"x");
                assert!(
                    (400..500).contains(&reply.status) || reply.status == 202,
                    "{method} {path}: {reply:?}"
                );
            }
        }
    }
    assert_eq!(names(&server.directory()), BTreeSet::from(["shelf".to_owned()]));
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
