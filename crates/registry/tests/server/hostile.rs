//! Requests that no client sends: smuggled, oversized, slow, and lying about their length.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::http::{SOMEBODY, connect, parse, raw};
use crate::running::{Running, impatient, sha256};

/// Sends a request with another one hidden behind it, and expects one answer, a refusal, and the end.
fn refused(address: SocketAddr, head: &str, statuses: &[u16]) {
    let hidden = format!("GET /v2/hidden/tags/list HTTP/1.1\r\nHost: x\r\n{SOMEBODY}\r\n\r\n");
    let answer = raw(address, format!("{head}{hidden}").as_bytes());
    let text = String::from_utf8_lossy(&answer);
    assert!(!text.contains("hidden"), "{head:?} was answered twice: {text}");
    if !answer.is_empty() {
        let reply = parse(&answer);
        assert!(statuses.contains(&reply.status), "{head:?}: {text}");
    }
}

#[test]
fn smuggled_requests_are_refused() {
    let server = Running::new();
    let post = format!("POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\n{SOMEBODY}\r\n");
    for framing in [
        "Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
        "Content-Length: 0, 5\r\n\r\n",
        "Content-Length: +0\r\n\r\n",
        "Content-Length: 0x0\r\n\r\n",
        "Content-Length: -1\r\n\r\n",
        "Content-Length: 99999999999999999999999\r\n\r\n",
        "Content-Length : 0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding\x0b: chunked\r\n\r\n0\r\n\r\n",
        "X: y\r\n folded\r\nContent-Length: 0\r\n\r\n",
        " X: y\r\nContent-Length: 0\r\n\r\n",
        "X\0: y\r\nContent-Length: 0\r\n\r\n",
        "X: y\0\r\nContent-Length: 0\r\n\r\n",
        "X: y\rContent-Length: 0\r\n\r\n",
    ] {
        refused(server.address, &format!("{post}{framing}"), &[400]);
    }
    for line in ["GET /v2/ HTTP/9.9", "GET  /v2/ HTTP/1.1", "GET /v2/", "G\0T /v2/ HTTP/1.1", "\x16\x03\x01"]
    {
        refused(server.address, &format!("{line}\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), &[400]);
    }
}

/// RFC 9112, 6.3: where both are there, the encoding counts, and the connection ends with the answer.
#[test]
fn a_length_beside_an_encoding_counts_for_nothing_and_ends_the_connection() {
    let server = Running::new();
    let post = format!("POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\n{SOMEBODY}\r\n");
    for framing in [
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 400\r\n\r\n0\r\n\r\n",
    ] {
        refused(server.address, &format!("{post}{framing}"), &[202]);
    }
}

#[test]
fn chunks_that_are_none_end_the_connection() {
    let server = Running::new();
    let path = format!("/v2/a/blobs/uploads/?digest={}", sha256(b"abc"));
    let post = format!("POST {path} HTTP/1.1\r\nHost: x\r\n{SOMEBODY}\r\nTransfer-Encoding: chunked\r\n\r\n");
    for chunks in
        ["zz\r\nabc\r\n0\r\n\r\n", "ffffffffffffffffff\r\nabc", "-3\r\nabc\r\n0\r\n\r\n", "3\nabc\n0\n\n"]
    {
        refused(server.address, &format!("{post}{chunks}"), &[400]);
    }
}

#[test]
fn heads_have_limits() {
    let server = Running::new();
    let long = format!("GET /v2/{}/tags/list HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000));
    let wide = format!("GET /v2/ HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET /v2/ HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(1000));
    for head in [long, wide, many] {
        let answer = raw(server.address, head.as_bytes());
        assert!(answer.is_empty() || matches!(parse(&answer).status, 400 | 414 | 431), "{}", answer.len());
    }
}

#[test]
fn a_body_that_is_shorter_than_it_says_is_kept_and_no_blob() {
    let server = Running::new();
    let place = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    let mut stream = connect(server.address);
    let head = format!("PATCH {place} HTTP/1.1\r\nHost: x\r\n{SOMEBODY}\r\nContent-Length: 1000\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&[b'x'; 600]).unwrap();
    drop(stream);
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let status = server.ask("GET", &place, &[], b"");
        if status.header("range") == Some("0-599") {
            break;
        }
        assert!(Instant::now() < until, "{status:?}");
        thread::sleep(Duration::from_millis(20));
    }
    let rest = server.ask("PATCH", &place, &["Content-Range: 600-999"], &[b'x'; 400]);
    assert_eq!(rest.status, 202, "{rest:?}");
    let digest = sha256(&[b'x'; 1000]);
    assert_eq!(server.ask("PUT", &format!("{place}?digest={digest}"), &[], b"").status, 201);
}

#[test]
fn slow_heads_are_sent_away() {
    let server = Running::with(impatient());
    let mut stream = connect(server.address);
    let begun = Instant::now();
    let mut ended = false;
    for byte in "GET /v2/ HTTP/1.1\r\nHost: somewhere\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa".bytes() {
        ended = ended || stream.write_all(&[byte]).is_err();
        thread::sleep(Duration::from_millis(100));
    }
    let mut answer = Vec::new();
    let closed = stream.read_to_end(&mut answer);
    assert!(ended || closed.is_ok(), "{closed:?}");
    assert!(begun.elapsed() < Duration::from_secs(12));
}

#[test]
fn slow_bodies_are_sent_away_and_what_came_is_kept() {
    let server = Running::with(impatient());
    let place = server.ask("POST", "/v2/a/blobs/uploads/", &[], b"").header("location").unwrap().to_owned();
    let (begun, mut stream) = (Instant::now(), connect(server.address));
    let head = format!("PATCH {place} HTTP/1.1\r\nHost: x\r\n{SOMEBODY}\r\nContent-Length: 1000000\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let ended = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(100));
        stream.write_all(b"slow").is_err()
    });
    assert!(ended && begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    let range = server.ask("GET", &place, &[], b"");
    assert_ne!(range.header("range"), Some("0-0"), "{range:?}");
}

#[test]
fn whoever_says_nothing_is_sent_away() {
    let server = Running::with(impatient());
    let (begun, mut stream) = (Instant::now(), connect(server.address));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn whoever_does_not_take_the_answer_is_sent_away() {
    let server = Running::with(impatient());
    let bytes = vec![1; 32 * 1024 * 1024];
    let digest = server.blob("a", &bytes);
    let mut stream = connect(server.address);
    let get = format!("GET /v2/a/blobs/{digest} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(get.as_bytes()).unwrap();
    thread::sleep(Duration::from_secs(4));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.len() < bytes.len(), "it was still being sent");
}

#[test]
fn connections_of_one_address_are_counted() {
    let server = Running::with(impatient());
    let held: Vec<TcpStream> = (0..16).map(|_| connect(server.address)).collect();
    thread::sleep(Duration::from_millis(200));
    let mut one_more = connect(server.address);
    let _ = one_more.write_all(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    let _ = one_more.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    drop(held);
    let until = Instant::now() + Duration::from_secs(10);
    while raw(server.address, b"GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").is_empty() {
        assert!(Instant::now() < until, "places are not given back");
        thread::sleep(Duration::from_millis(50));
    }
}
