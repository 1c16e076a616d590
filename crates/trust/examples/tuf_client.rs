//! A client with the command line of theupdateframework/tuf-conformance: `cargo xtask conformance tuf` runs it.
//!
//! All decisions are `trust`'s; here are files, arguments, and HTTP/1.1 to a server on this machine.

#![allow(clippy::print_stderr, reason = "it says why it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::digest::Digest;
use trust::SourceError;
use trust::client::{Floors, Source, Trusted, refresh};

/// What stands in for the time of day: a static program cannot be fooled by preloading libfaketime.
const NOW: &str = "TUF_CLIENT_NOW";

/// Where floors are kept: not as `.json`, of which the suite reads every one.
const FLOORS: &str = "floors";

/// The most that a server sends as the head of an answer.
const MOST_HEAD: u64 = 16 * 1024;

/// The most bytes of a target.
const MOST_TARGET: u64 = 1 << 20;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    let mut flags: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut words = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(word) = arguments.next() {
        match word.strip_prefix("--") {
            Some(flag) => {
                let value = arguments.next().ok_or_else(|| format!("--{flag} lacks its value"))?;
                flags.entry(flag.to_owned()).or_default().push(value);
            }
            None => words.push(word),
        }
    }
    let flag =
        |name: &str| flags.get(name).and_then(|values| values.first()).ok_or(format!("--{name} is missing"));
    let store = Store(PathBuf::from(flag("metadata-dir")?));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["init", root] => store.init(&std::fs::read(root)?),
        ["refresh"] => store.with_trusted(flag("metadata-url")?, |trusted, source, now| {
            refresh(trusted, source, now)?;
            Ok(())
        }),
        ["download"] => {
            let (base, directory) = (flag("target-base-url")?, Path::new(flag("target-dir")?));
            let names = flags.get("target-name").ok_or("--target-name is missing")?;
            store.with_trusted(flag("metadata-url")?, |trusted, source, now| {
                refresh(trusted, source, now)?;
                names.iter().try_for_each(|name| download(trusted, name, source, now, base, directory))
            })
        }
        _ => Err("usage: tuf_client --metadata-dir DIRECTORY ... init ROOT | refresh | download".into()),
    }
}

fn download(
    trusted: &mut Trusted,
    name: &str,
    metadata: &mut dyn Source,
    now: i64,
    base: &str,
    directory: &Path,
) -> Outcome {
    let target =
        trusted.target(name, metadata, now)?.ok_or_else(|| format!("nobody vouches for `{name}`"))?;
    let file = directory.join(Digest::of(name.as_bytes()).hex());
    if std::fs::read(&file).is_ok_and(|bytes| target.is(&bytes)) {
        return Ok(());
    }
    let bytes = trusted.fetch(name, &target, &mut Server::at(base)?, MOST_TARGET)?;
    Ok(std::fs::write(file, bytes)?)
}

/// The directory of metadata that are believed.
struct Store(PathBuf);

impl Store {
    fn init(&self, root: &[u8]) -> Outcome {
        let trusted = Trusted::first(root, Digest::of(root).into())?;
        self.keep(&trusted)
    }

    /// Does something with what is believed, and keeps what came of it, also if it failed.
    fn with_trusted(
        &self,
        url: &str,
        work: impl FnOnce(&mut Trusted, &mut dyn Source, i64) -> Outcome,
    ) -> Outcome {
        let floors = std::fs::read(self.0.join(FLOORS))?;
        let floors: Floors = serde_json::from_slice(&floors)?;
        let publisher = Digest::of(&std::fs::read(self.0.join("root.json"))?).into();
        let mut trusted = Trusted::from_cache(publisher, &mut Store(self.0.clone()), floors)?;
        let outcome = work(&mut trusted, &mut Server::at(url)?, now()?);
        self.keep(&trusted)?;
        outcome
    }

    fn keep(&self, trusted: &Trusted) -> Outcome {
        std::fs::write(self.0.join(FLOORS), serde_json::to_vec(trusted.floors())?)?;
        let mut kept = BTreeSet::from([FLOORS.to_owned()]);
        for (name, bytes) in trusted.files() {
            std::fs::write(self.0.join(&name), bytes)?;
            kept.insert(name);
        }
        for entry in std::fs::read_dir(&self.0)? {
            let entry = entry?;
            if !kept.contains(entry.file_name().to_string_lossy().as_ref()) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

impl Source for Store {
    fn fetch(&mut self, name: &str, _most: u64) -> Result<Option<Vec<u8>>, SourceError> {
        match std::fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SourceError(error.to_string())),
        }
    }
}

/// A server of HTTP on this machine.
struct Server {
    host: String,
    path: String,
}

impl Server {
    fn at(url: &str) -> Outcome<Self> {
        let rest = url.strip_prefix("http://").ok_or_else(|| format!("`{url}` is no http:// URL"))?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = path.trim_end_matches('/');
        Ok(Self { host: host.to_owned(), path: format!("/{path}/") })
    }

    fn get(&self, name: &str, most: u64) -> std::io::Result<Option<Vec<u8>>> {
        let mut stream = TcpStream::connect(&self.host)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let (path, host) = (&self.path, &self.host);
        write!(stream, "GET {path}{name} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.take(most.saturating_add(MOST_HEAD)).read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
        let (head, body) = end.and_then(|end| answer.split_at_checked(end + 4)).unwrap_or_default();
        let status = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        match status {
            b"200" if u64::try_from(body.len()).is_ok_and(|length| length <= most) => Ok(Some(body.to_vec())),
            b"200" => Err(std::io::Error::other(format!("has more than {most} bytes"))),
            b"404" | b"403" => Ok(None),
            other => Err(std::io::Error::other(format!("status {}", String::from_utf8_lossy(other)))),
        }
    }
}

impl Source for Server {
    fn fetch(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, SourceError> {
        self.get(name, most).map_err(|error| SourceError(error.to_string()))
    }
}

fn now() -> Outcome<i64> {
    if let Ok(text) = std::env::var(NOW) {
        return Ok(text.parse::<jiff::Timestamp>()?.as_second());
    }
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?)
}
