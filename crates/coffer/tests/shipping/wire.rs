//! As much of HTTP as the client speaks.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// RFC 8446, 5.1: the first byte of what a client says in TLS.
const TLS_HANDSHAKE: u8 = 22;

/// A request, read whole.
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    query: String,
    headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// `None` at the connection's end.
    pub(crate) fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
            // The client first tries TLS.
            if head[0] == TLS_HANDSHAKE {
                return None;
            }
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let mut words = lines.next().unwrap().split(' ');
        let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_lowercase(), value.trim().to_owned()))
        };
        let headers: BTreeMap<String, String> = lines.filter_map(header).collect();
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        Some(Self { method, path: path.to_owned(), query: query.to_owned(), headers, body })
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).cloned()
    }

    /// Values with `%3A` and `%2F` only, as the client escapes digests and names.
    pub(crate) fn query(&self) -> BTreeMap<String, String> {
        let plain = |text: &str| text.replace("%3A", ":").replace("%2F", "/");
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(k, v)| (k.to_owned(), plain(v)))
            .collect()
    }
}

/// An answer, and how it is sent.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The connection breaks after so many bytes.
    pub(crate) cut: Option<usize>,
    /// How many bytes a piece has ...
    pub(crate) piece: usize,
    /// ... and how long it is until the next.
    pub(crate) pause: Duration,
}

impl Answer {
    pub(crate) fn new(status: u16, body: &[u8]) -> Self {
        let (body, piece) = (body.to_vec(), 64 * 1024);
        Self { status, headers: Vec::new(), body, cut: None, piece, pause: Duration::ZERO }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Whether the connection goes on.
    pub(crate) fn write(self, stream: &mut TcpStream, method: &str) -> bool {
        let mut head = format!("HTTP/1.1 {} x\r\nContent-Length: {}\r\n", self.status, self.body.len());
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if stream.write_all(format!("{head}\r\n").as_bytes()).is_err() {
            return false;
        }
        if method == "HEAD" {
            return true;
        }
        let sent = self.cut.unwrap_or(self.body.len()).min(self.body.len());
        for piece in self.body[..sent].chunks(self.piece) {
            if stream.write_all(piece).is_err() {
                return false;
            }
            std::thread::sleep(self.pause);
        }
        self.cut.is_none()
    }
}
