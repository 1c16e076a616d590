//! A registry under load: how many bytes of a blob and how many small manifests it serves, and in how much memory.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::bench::results::Row;
use crate::bench::ship::layout::Layout;
use crate::registry::Registry;
use crate::shell::Outcome;

/// Connections at once: more than cores, as a registry has.
const CLIENTS: usize = 8;

/// How long each load lasts; what comes before it is not counted.
const LASTS: Duration = Duration::from_secs(5);
const WARMUP: Duration = Duration::from_secs(1);

/// What a manifest may be, for servers that ask.
const ACCEPT: &str =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// Megabytes of a blob and manifests in a second, and the peak of memory.
pub(crate) fn row(registry: &Registry, layout: &Layout) -> Outcome<Row> {
    let blob = layout.largest("big")?;
    let mut row = Row::new(registry.name(), registry.version());
    let (bytes, _) = load(registry, &format!("/v2/big/blobs/{}", blob.digest))?;
    row.put("blob_mb_per_s", bytes as f64 / 1e6 / LASTS.as_secs_f64());
    let (_, answers) = load(registry, "/v2/big/manifests/latest")?;
    row.put("manifests_per_s", answers as f64 / LASTS.as_secs_f64());
    row.put("peak_mb", registry.peak()?);
    Ok(row)
}

/// Bytes of bodies, and whole answers, that all clients together got while it lasted.
fn load(registry: &Registry, path: &str) -> Outcome<(u64, u64)> {
    let begin = Instant::now() + WARMUP;
    std::thread::scope(|scope| {
        let clients = (0..CLIENTS).map(|_| scope.spawn(|| client(&registry.address(), path, begin)));
        let clients: Vec<_> = clients.collect();
        clients.into_iter().try_fold((0, 0), |(bytes, answers), client| {
            let (more, further) = client.join().map_err(|_| "a client panicked".to_owned())??;
            Ok((bytes + more, answers + further))
        })
    })
}

/// One connection, one request after the other.
fn client(address: &str, path: &str, begin: Instant) -> Outcome<(u64, u64)> {
    let failed = |error: std::io::Error| format!("{address}{path}: {error}");
    let stream = TcpStream::connect(address).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let mut answers = BufReader::with_capacity(512 << 10, stream.try_clone().map_err(failed)?);
    let mut requests = stream;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {ACCEPT}\r\n\r\n");
    let (mut bytes, mut count) = (0, 0);
    loop {
        requests.write_all(request.as_bytes()).map_err(failed)?;
        let length = head(&mut answers).map_err(|error| format!("{address}{path}: {error}"))?;
        let mut left = length;
        while left > 0 {
            let piece = answers.fill_buf().map_err(failed)?.len() as u64;
            if piece == 0 {
                return Err(format!("{address}{path}: it ended early"));
            }
            let piece = piece.min(left);
            answers.consume(usize::try_from(piece).unwrap_or(0));
            left -= piece;
            let now = Instant::now();
            if now >= begin + LASTS {
                return Ok((bytes, count));
            }
            if now >= begin {
                bytes += piece;
            }
        }
        count += u64::from(Instant::now() >= begin);
    }
}

/// The status must be 200; returns the body's length.
fn head(answers: &mut impl std::io::BufRead) -> Outcome<u64> {
    let mut length = None;
    let mut line = String::new();
    for number in 0.. {
        line.clear();
        answers.take(16 << 10).read_line(&mut line).map_err(|error| error.to_string())?;
        let text = line.trim_end();
        if number == 0 && !text.contains(" 200 ") {
            return Err(format!("the answer is `{text}`"));
        }
        if text.is_empty() {
            break;
        }
        let field = text.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        length = field.and_then(|(_, value)| value.trim().parse().ok()).or(length);
    }
    length.ok_or_else(|| "the answer has no Content-Length".to_owned())
}
