//! Blobs over connections that break, creep and lie.

use std::io::{self, Read as _};
use std::time::Duration;

use coffer_registry::client::{Client, ClientError, Patience};
use model::digest::Digest;
use model::oci::{Descriptor, OCI_LAYER};

use crate::server::{Exchange, Server, client, patience, patient};

fn bytes() -> Vec<u8> {
    (0..300_000_u32).map(|n| (n % 251) as u8).collect()
}

fn blob() -> Descriptor {
    Descriptor::new(OCI_LAYER, Digest::of(&bytes()).into(), bytes().len() as u64)
}

fn pull(client: &Client, server: &Server, from: u64) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    let reader = client.blob(&server.repository(), &blob(), from).map_err(io::Error::other);
    reader?.read_to_end(&mut read)?;
    Ok(read)
}

fn code(result: io::Result<Vec<u8>>) -> &'static str {
    result.unwrap_err().downcast::<ClientError>().unwrap().code()
}

/// Where the request wants to begin.
fn begin(exchange: &Exchange) -> usize {
    let range = exchange.seen.header("range").and_then(|range| range.strip_prefix("bytes="));
    range.map_or(0, |range| range.trim_end_matches('-').parse().unwrap())
}

/// The head of a good answer, and the bytes that belong to it.
fn answer(exchange: &Exchange) -> (String, Vec<u8>) {
    let (from, all) = (begin(exchange), bytes());
    let length = all.len() - from;
    let head = match from {
        0 => format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"),
        _ => format!(
            "HTTP/1.1 206 Partial\r\nContent-Length: {length}\r\nContent-Range: bytes {from}-{}/{}\r\n\r\n",
            all.len() - 1,
            all.len()
        ),
    };
    (head, all[from..].to_vec())
}

fn good(exchange: &mut Exchange) {
    let (head, body) = answer(exchange);
    exchange.raw(head.as_bytes());
    exchange.raw(&body);
}

#[test]
fn a_blob_comes_whole_and_from_any_offset() {
    let server = Server::start(good);
    assert_eq!(pull(&client(), &server, 0).unwrap(), bytes());
    assert_eq!(pull(&client(), &server, 1000).unwrap(), &bytes()[1000..]);
    assert_eq!(pull(&client(), &server, 300_000).unwrap(), b"");
    assert_eq!(server.count(), 2);
}

/// A connection that breaks before the status, in the head, before the first byte, in the middle, and before the
/// last.
#[test]
fn a_connection_may_break_anywhere() {
    for cut in [0, 5, 20, 40, 41, 42, 43, 150_000, 300_000, 300_040, 300_041] {
        let server = Server::start(move |exchange| {
            if exchange.nth > 0 {
                return good(exchange);
            }
            let (head, body) = answer(exchange);
            let all = [head.as_bytes(), &body].concat();
            exchange.raw(&all[..cut.min(all.len() - 1)]);
            exchange.hang_up();
        });
        assert_eq!(pull(&client(), &server, 0).unwrap(), bytes(), "{cut}");
        assert_eq!(server.count(), 2, "{cut}");
    }
}

#[test]
fn what_has_arrived_is_not_asked_for_again() {
    let server = Server::start(|exchange| {
        let (head, body) = answer(exchange);
        exchange.raw(head.as_bytes());
        exchange.raw(&body[..body.len().min(70_000)]);
        exchange.hang_up();
    });
    // More connections than tries: each brings enough to be worth another.
    assert_eq!(pull(&client(), &server, 0).unwrap(), bytes());
    let begins: Vec<_> = server.seen().iter().map(|seen| seen.header("range").map(str::to_owned)).collect();
    assert_eq!(begins[..2], [None, Some("bytes=70000-".to_owned())]);
    assert_eq!(begins.len(), 5);
}

#[test]
fn a_connection_that_always_breaks_is_given_up() {
    for cut in [0, 1, 60] {
        let server = Server::start(move |exchange| {
            let (head, body) = answer(exchange);
            exchange.raw(head.as_bytes());
            exchange.raw(&body[..cut]);
            exchange.hang_up();
        });
        assert_eq!(code(pull(&client(), &server, 0)), "E-registry-cut", "{cut}");
        assert!((3..6).contains(&server.count()), "{}", server.count());
    }
}

#[test]
fn a_registry_without_ranges_sends_all_of_it_again() {
    let server = Server::start(|exchange| {
        let all = bytes();
        exchange.raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", all.len()).as_bytes());
        if exchange.nth == 0 {
            exchange.raw(&all[..200_000]);
            return exchange.hang_up();
        }
        exchange.raw(&all);
    });
    assert_eq!(pull(&client(), &server, 0).unwrap(), bytes());
    assert_eq!(server.count(), 2);
}

#[test]
fn a_part_that_was_not_asked_for_is_refused() {
    for (range, expected) in [
        ("bytes 0-299999/300000", "E-registry-protocol"),
        ("bytes 1000-299998/300000", "E-registry-protocol"),
        ("bytes 1000-299999/300001", "E-registry-size"),
        ("bytes */300000", "E-registry-protocol"),
        ("", "E-registry-protocol"),
    ] {
        let server = Server::start(move |exchange| {
            let body = &bytes()[1000..];
            exchange.reply(206, &[("Content-Range", range)], body);
        });
        assert_eq!(code(pull(&client(), &server, 1000)), expected, "{range}");
    }
    let whole = Server::start(|exchange| {
        exchange.reply(206, &[("Content-Range", "bytes 0-299999/300000")], &bytes())
    });
    assert_eq!(code(pull(&client(), &whole, 0)), "E-registry-protocol");
}

#[test]
fn a_length_that_lies_is_named_before_the_bytes_are_read() {
    for length in ["1", "299999", "300001", "999999999999"] {
        let server = Server::start(move |exchange| {
            exchange.raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").as_bytes());
            exchange.hang_up();
        });
        assert_eq!(code(pull(&client(), &server, 0)), "E-registry-size", "{length}");
        assert_eq!(server.count(), 1);
    }
    // As long as a number can be, after what we have already.
    let endless = Server::start(|exchange| {
        let length = u64::MAX.to_string();
        let headers = [("Content-Range", "bytes 1000-299999/300000"), ("Content-Length", &length)];
        exchange.reply(206, &headers, b"");
    });
    assert_eq!(code(pull(&client(), &endless, 1000)), "E-registry-size");
}

#[test]
fn in_chunks_one_byte_too_few_is_a_break_and_one_too_many_an_error() {
    let chunked = |exchange: &mut Exchange, body: &[u8]| {
        exchange.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for piece in body.chunks(70_001) {
            exchange.raw(format!("{:x};note=x\r\n", piece.len()).as_bytes());
            exchange.raw(piece);
            exchange.raw(b"\r\n");
        }
        exchange.raw(b"0\r\n\r\n");
    };
    let exact = Server::start(move |exchange| chunked(exchange, &bytes()));
    assert_eq!(pull(&client(), &exact, 0).unwrap(), bytes());
    let short = Server::start(move |exchange| match exchange.nth {
        0 => chunked(exchange, &bytes()[..299_999]),
        _ => good(exchange),
    });
    assert_eq!(pull(&client(), &short, 0).unwrap(), bytes());
    assert_eq!(short.seen()[1].header("range"), Some("bytes=299999-"));
    let long = Server::start(move |exchange| chunked(exchange, &[&bytes()[..], b"x"].concat()));
    assert_eq!(code(pull(&client(), &long, 0)), "E-registry-size");
}

#[test]
fn a_body_that_ends_with_the_connection_is_measured_too() {
    let until_end = |exchange: &mut Exchange, body: &[u8]| {
        exchange.raw(b"HTTP/1.0 200 OK\r\n\r\n");
        exchange.raw(body);
        exchange.hang_up();
    };
    let exact = Server::start(move |exchange| until_end(exchange, &bytes()));
    assert_eq!(pull(&client(), &exact, 0).unwrap(), bytes());
    let short = Server::start(move |exchange| match exchange.nth {
        0 => until_end(exchange, &bytes()[..100]),
        _ => good(exchange),
    });
    assert_eq!(pull(&client(), &short, 0).unwrap(), bytes());
    let long = Server::start(move |exchange| until_end(exchange, &[&bytes()[..], b"x"].concat()));
    assert_eq!(code(pull(&client(), &long, 0)), "E-registry-size");
}

/// The reader does not hash, so that whoever does sees what came: here that it is something else.
#[test]
fn other_bytes_the_second_time_do_not_hash_to_the_blob() {
    let server = Server::start(|exchange| {
        let (head, mut body) = answer(exchange);
        exchange.raw(head.as_bytes());
        if exchange.nth == 0 {
            exchange.raw(&body[..150_000]);
            return exchange.hang_up();
        }
        body.iter_mut().for_each(|byte| *byte ^= 1);
        exchange.raw(&body);
    });
    let read = pull(&client(), &server, 0).unwrap();
    assert!(read.len() == 300_000 && blob().digest.confirm(Digest::of(&read)).is_err());
}

#[test]
fn a_transfer_that_creeps_is_given_up_and_taken_up_again() {
    let brief = Patience { over: Duration::from_millis(200), least: 1_000_000, ..patience() };
    let server = Server::start(|exchange| {
        let (head, body) = answer(exchange);
        exchange.raw(head.as_bytes());
        match exchange.nth {
            0 => exchange.drip(&body[..2000], Duration::from_millis(1)),
            _ => exchange.raw(&body),
        }
    });
    assert_eq!(pull(&patient(brief), &server, 0).unwrap(), bytes());
    assert!(server.seen()[1].header("range").is_some());
    let loris = Server::start(|exchange| {
        let (head, body) = answer(exchange);
        exchange.raw(head.as_bytes());
        exchange.drip(&body[..2000], Duration::from_millis(1));
        exchange.hang_up();
    });
    assert_eq!(code(pull(&patient(brief), &loris, 0)), "E-registry-slow");
}

#[test]
fn connections_are_used_again() {
    let server = Server::start(|exchange| {
        let connection = exchange.seen.header("connection").map(str::to_owned);
        assert_ne!(connection.as_deref(), Some("close"));
        good(exchange);
    });
    let client = client();
    for _ in 0..5 {
        pull(&client, &server, 0).unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_blob_that_is_not_there_is_missing_before_anything_is_read() {
    let server = Server::start(|exchange| exchange.reply(404, &[], b""));
    assert_eq!(code(pull(&client(), &server, 0)), "E-registry-missing");
    assert!(!client().has_blob(&server.repository(), &blob().digest).unwrap());
    let beyond = Server::start(|exchange| exchange.reply(416, &[], b""));
    assert_eq!(code(pull(&client(), &beyond, 7)), "E-registry-size");
}
