//! Many clients at once.

use std::thread;

use crate::http::ask;
use crate::running::{Running, push_image, sha256};

#[test]
fn two_hundred_pull_one_image_together() {
    let server = Running::new();
    let layer: Vec<u8> = (0..500_000_u32).map(|number| (number >> 3) as u8).collect();
    let digest = server.image("a", "v1", &layer);
    let (address, blob) = (server.address, sha256(&layer));
    let pulls: Vec<_> = (0..200)
        .map(|_| {
            let (digest, blob, length) = (digest.clone(), blob.clone(), layer.len());
            thread::spawn(move || {
                let manifest = ask(address, "GET", "/v2/a/manifests/v1", &[], b"");
                assert_eq!(sha256(&manifest.body), digest);
                let got = ask(address, "GET", &format!("/v2/a/blobs/{blob}"), &[], b"");
                assert_eq!((got.body.len(), sha256(&got.body)), (length, blob));
            })
        })
        .collect();
    pulls.into_iter().for_each(|pull| pull.join().unwrap());
}

#[test]
fn pushes_and_deletions_of_the_same_image_leave_it_whole_or_gone() {
    let server = Running::new();
    let address = server.address;
    push_image(address, "a", "v1", b"layer");
    let pushers: Vec<_> = (0..4)
        .map(|_| thread::spawn(move || (0..15).for_each(|_| drop(push_image(address, "a", "v1", b"layer")))))
        .collect();
    let digest = sha256(&server.ask("GET", "/v2/a/manifests/v1", &[], b"").body);
    for _ in 0..15 {
        let status = server.ask("DELETE", &format!("/v2/a/manifests/{digest}"), &[], b"").status;
        assert!(matches!(status, 202 | 404), "{status}");
    }
    pushers.into_iter().for_each(|pusher| pusher.join().unwrap());
    let last = push_image(address, "a", "v1", b"layer");
    let got = server.ask("GET", "/v2/a/manifests/v1", &[], b"");
    assert_eq!((got.status, sha256(&got.body)), (200, last));
}
