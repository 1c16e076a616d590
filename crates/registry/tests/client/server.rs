//! A server that does what a test tells it, over std's sockets.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use coffer_registry::client::{Client, Patience};
use coffer_registry::config::{Config, Places};
use model::reference::Repository;

/// A request, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn is(&self, method: &str, target: &str) -> bool {
        self.method == method && self.target == target
    }
}

/// One request that a script answers.
pub(crate) struct Exchange {
    pub(crate) seen: Seen,
    /// How many requests came before, on all connections.
    pub(crate) nth: usize,
    /// Where the server is.
    pub(crate) host: String,
    stream: BufReader<TcpStream>,
    left: usize,
    open: bool,
}

impl Exchange {
    /// Reads so much more of the request's body.
    pub(crate) fn take(&mut self, most: usize) {
        let mut bytes = vec![0; most.min(self.left)];
        self.stream.read_exact(&mut bytes).unwrap();
        self.left -= bytes.len();
        self.seen.body.extend(bytes);
    }

    pub(crate) fn take_all(&mut self) -> &[u8] {
        self.take(self.left);
        &self.seen.body
    }

    /// An answer with its length.
    pub(crate) fn reply(&mut self, status: u16, headers: &[(&str, &str)], body: &[u8]) {
        self.take_all();
        let mut head = format!("HTTP/1.1 {status} x\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if status != 204 && !headers.iter().any(|(name, _)| *name == "Content-Length") {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        self.raw(format!("{head}\r\n").as_bytes());
        if self.seen.method != "HEAD" {
            self.raw(body);
        }
    }

    /// These very bytes. A client that has gone is its own business.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        let _gone = self.stream.get_mut().write_all(bytes);
    }

    /// The same, a byte at a time.
    pub(crate) fn drip(&mut self, bytes: &[u8], each: Duration) {
        for byte in bytes {
            if self.stream.get_mut().write_all(&[*byte]).is_err() {
                return;
            }
            thread::sleep(each);
        }
    }

    /// Breaks the connection.
    pub(crate) fn hang_up(&mut self) {
        let _gone = self.stream.get_mut().shutdown(Shutdown::Both);
        self.open = false;
    }
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(script: impl Fn(&mut Exchange) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, ended) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let connections = Arc::new(AtomicUsize::new(0));
        let server = Self {
            address,
            seen: Arc::clone(&seen),
            connections: Arc::clone(&connections),
            ended: Arc::clone(&ended),
        };
        let script = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let (script, seen, connections) =
                    (Arc::clone(&script), Arc::clone(&seen), Arc::clone(&connections));
                thread::spawn(move || serve(stream, address, script.as_ref(), &seen, &connections));
            }
        });
        server
    }

    /// Everything that was asked so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// Connections that brought a request.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// A repository that it has, by the name that leads to 127.0.0.1.
    pub(crate) fn repository(&self) -> Repository {
        Repository { registry: self.address.to_string(), path: "team/app".into() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _wakes = TcpStream::connect(self.address);
    }
}

fn serve(
    stream: TcpStream,
    address: SocketAddr,
    script: &dyn Fn(&mut Exchange),
    all: &Mutex<Vec<Seen>>,
    connections: &AtomicUsize,
) {
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let mut is_counted = false;
    loop {
        // Whoever greets in TLS is answered as by any other plain server.
        if stream.fill_buf().is_ok_and(|bytes| bytes.first() == Some(&0x16)) {
            let _gone = stream.get_mut().write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            return;
        }
        let Some(seen) = head(&mut stream) else { return };
        if !is_counted {
            connections.fetch_add(1, Ordering::SeqCst);
            is_counted = true;
        }
        let left = seen.header("content-length").map_or(0, |text| text.parse().unwrap());
        let nth = {
            let mut all = all.lock().unwrap();
            all.push(seen.clone());
            all.len() - 1
        };
        let host = address.to_string();
        let mut exchange = Exchange { seen, nth, host, stream, left, open: true };
        script(&mut exchange);
        if let Some(seen) = all.lock().unwrap().get_mut(nth) {
            seen.body.clone_from(&exchange.seen.body);
        }
        if !exchange.open {
            return;
        }
        stream = exchange.stream;
    }
}

fn head(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|amount| *amount > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    Some(Seen { method, target, headers, body: Vec::new() })
}

/// As little patience as a busy machine allows.
pub(crate) fn patience() -> Patience {
    Patience {
        tries: 3,
        pause: Duration::from_millis(2),
        longest: Duration::from_secs(2),
        ..Patience::default()
    }
}

pub(crate) fn client() -> Client {
    patient(patience())
}

pub(crate) fn patient(patience: Patience) -> Client {
    Client::with_patience(Config::default(), patience)
}

/// With the logins of an auth.json in this directory, and a place for evidence.
pub(crate) fn client_with(dir: &std::path::Path, auths: &serde_json::Value) -> Client {
    let file = dir.join("auth.json");
    std::fs::write(&file, serde_json::json!({ "auths": auths }).to_string()).unwrap();
    let places =
        Places { credentials: vec![file], evidence: Some(dir.join("evidence")), ..Places::default() };
    Client::with_patience(Config::load(places).unwrap(), patience())
}
