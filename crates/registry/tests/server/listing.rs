//! Lists: tags, referrers, the catalog; all of them in pages.

use crate::running::{MANIFEST, Running, manifest, sha256};

/// All pages of a list, one after the other, as the links say.
fn pages(server: &Running, path: &str, field: &str) -> Vec<Vec<String>> {
    let (mut path, mut pages) = (path.to_owned(), Vec::new());
    loop {
        let reply = server.ask("GET", &path, &[], b"");
        assert_eq!(reply.status, 200, "{path}");
        let items = reply.json()[field].as_array().unwrap().clone();
        let text = |item: &serde_json::Value| item.as_str().or(item["digest"].as_str()).unwrap().to_owned();
        pages.push(items.iter().map(text).collect());
        match reply.header("link") {
            None => return pages,
            Some(link) => path = link.strip_prefix('<').unwrap().split('>').next().unwrap().to_owned(),
        }
    }
}

#[test]
fn tags_come_in_pages_and_in_order() {
    let server = Running::new();
    assert_eq!(server.ask("GET", "/v2/a/tags/list", &[], b"").code(), "NAME_UNKNOWN");
    for tag in ["c", "a", "b", "D", "e.1"] {
        server.image("a", tag, b"layer");
    }
    let all = [vec!["D", "a", "b", "c", "e.1"]];
    assert_eq!(pages(&server, "/v2/a/tags/list", "tags"), all);
    let two = [vec!["D", "a"], vec!["b", "c"], vec!["e.1"]];
    assert_eq!(pages(&server, "/v2/a/tags/list?n=2", "tags"), two);
    assert_eq!(pages(&server, "/v2/a/tags/list?last=bb", "tags"), [vec!["c", "e.1"]]);
    assert_eq!(server.ask("GET", "/v2/a/tags/list?n=0", &[], b"").json()["tags"], serde_json::json!([]));
    assert_eq!(server.ask("GET", "/v2/a/tags/list?n=x", &[], b"").status, 400);
}

#[test]
fn repositories_come_in_pages() {
    let server = Running::new();
    for name in ["b", "a", "a/b/c", "a-b", "a/b"] {
        server.image(name, "v1", b"layer");
    }
    server.blob("only-a-blob", b"x");
    let all = pages(&server, "/v2/_catalog", "repositories").concat();
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(sorted, ["a", "a-b", "a/b", "a/b/c", "b"]);
    assert_eq!(pages(&server, "/v2/_catalog?n=1", "repositories").concat(), all);
    assert_eq!(pages(&server, "/v2/_catalog?n=2", "repositories").concat(), all);
}

#[test]
fn referrers_are_listed_by_what_they_are_about() {
    let server = Running::new();
    let subject = server.image("a", "v1", b"layer");
    let (config, layer) = (sha256(b"{}"), server.blob("a", b"facts"));
    let mut digests = Vec::new();
    for number in 0..3 {
        let text =
            manifest(&config, &layer, 5, Some(&subject)).replacen('{', &format!("{{\"x\":{number},"), 1);
        let reply = server.ask("PUT", &format!("/v2/a/manifests/r{number}"), &[MANIFEST], text.as_bytes());
        assert_eq!((reply.status, reply.header("oci-subject")), (201, Some(&*subject.to_string())));
        digests.push(sha256(text.as_bytes()).to_string());
    }
    digests.sort();
    let path = format!("/v2/a/referrers/{subject}");
    assert_eq!(pages(&server, &path, "manifests").concat(), digests);
    assert_eq!(pages(&server, &format!("{path}?n=1"), "manifests").concat(), digests);
    let filtered = server.ask("GET", &format!("{path}?artifactType=application/x-test"), &[], b"");
    assert_eq!(filtered.header("oci-filters-applied"), Some("artifactType"));
    assert_eq!(filtered.json()["manifests"].as_array().unwrap().len(), 3);
    let none = server.ask("GET", &format!("{path}?artifactType=other"), &[], b"").json();
    assert_eq!(none["manifests"], serde_json::json!([]));
    assert_eq!(server.ask("DELETE", &format!("/v2/a/manifests/{}", digests[0]), &[], b"").status, 202);
    assert_eq!(pages(&server, &path, "manifests").concat(), digests[1..]);
    let nobody = server.ask("GET", &format!("/v2/a/referrers/{}", sha256(b"nothing")), &[], b"");
    assert_eq!(
        (nobody.status, nobody.header("content-type")),
        (200, Some("application/vnd.oci.image.index.v1+json"))
    );
    assert_eq!(server.ask("GET", "/v2/a/referrers/nonsense", &[], b"").status, 400);
}
