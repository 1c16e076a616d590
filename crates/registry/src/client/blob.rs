//! Blobs on their way here: distribution specification, "Pulling blobs".

use std::io::{self, Read};
use std::sync::Arc;
use std::thread;

use http::Method;
use http::header::{CONTENT_RANGE, RANGE};
use model::digest::ClaimedDigest;
use model::oci::Descriptor;
use model::reference::Repository;
use ureq::BodyReader;

use super::answer::{Answer, broken};
use super::exchange::{Ask, Place};
use super::pace::Paced;
use super::ranges::ContentRange;
use super::settings::Way;
use super::{ClientError, Result, Shared};
use crate::config::Named;

/// As many new bytes make a connection that broke worth another full count of tries.
const PROGRESS: u64 = 64 * 1024;

/// Bytes that are passed over at a time, where a registry knows no ranges.
const SKIP: usize = 64 * 1024;

impl Shared {
    pub(crate) fn has_blob(&self, repository: &Repository, digest: &ClaimedDigest) -> Result<bool> {
        self.has_blob_there(&self.registry(repository)?, digest)
    }

    pub(crate) fn has_blob_there(&self, way: &Way, digest: &ClaimedDigest) -> Result<bool> {
        let what = format!("blob `{digest}` of `{}`", way.repository);
        let ask = asking(way, Method::HEAD, digest, &what, 0);
        self.persistently(|| {
            let answer = self.ask(&way.host, &ask, &[])?;
            match answer.status.as_u16() {
                200 => Ok(true),
                404 => Ok(false),
                _ => Err(answer.refusal(&what)),
            }
        })
    }
}

fn asking<'a>(way: &'a Way, method: Method, digest: &ClaimedDigest, what: &'a str, bytes: u64) -> Ask<'a> {
    Ask {
        method,
        place: Place::Path(way.path(&format!("blobs/{digest}"))),
        headers: Vec::new(),
        repository: &way.repository,
        scope: way.scope("pull"),
        what,
        bytes,
    }
}

/// A blob that is being read. A connection that breaks is replaced by one that goes on where it was.
pub(crate) struct Transfer {
    shared: Arc<Shared>,
    way: Way,
    blob: Descriptor,
    what: String,
    /// Offset of the next byte.
    at: u64,
    body: Option<Paced<BodyReader<'static>>>,
    /// Connections that broke since `progress`.
    failed: u32,
    progress: u64,
}

impl Transfer {
    pub(crate) fn start(
        shared: &Arc<Shared>,
        repository: &Repository,
        blob: &Descriptor,
        from: u64,
    ) -> Result<Self> {
        shared.anywhere(repository, Named::ByDigest, |way| {
            let mut transfer = Self {
                shared: Arc::clone(shared),
                way: way.clone(),
                blob: blob.clone(),
                what: format!("blob `{}` of `{}`", blob.digest, way.repository),
                at: from,
                body: None,
                failed: 0,
                progress: from,
            };
            if from < blob.size {
                transfer.body = Some(shared.persistently(|| transfer.connect())?);
            }
            Ok(transfer)
        })
    }

    /// One connection, whose next byte is the one that we want.
    fn connect(&self) -> Result<Paced<BodyReader<'static>>> {
        let digest = &self.blob.digest;
        let mut ask = asking(&self.way, Method::GET, digest, &self.what, self.blob.size);
        if self.at > 0 {
            ask.headers.push((RANGE, format!("bytes={}-", self.at)));
        }
        let answer = self.shared.ask(&self.way.host, &ask, &[])?;
        match answer.status.as_u16() {
            200 => {
                self.measured(answer.length(), self.blob.size)?;
                self.skipped(answer)
            }
            206 if self.at > 0 => {
                self.placed(&answer)?;
                self.measured(answer.length(), self.blob.size - self.at)?;
                Ok(answer.reader())
            }
            416 => Err(self.of_another_size(self.at)),
            _ => Err(answer.refusal(&self.what)),
        }
    }

    /// Whether the length that is announced is the one that is expected.
    fn measured(&self, announced: Option<u64>, expected: u64) -> Result<()> {
        match announced {
            Some(length) if length != expected => {
                Err(self.of_another_size((self.blob.size - expected).saturating_add(length)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a part is the one that was asked for.
    fn placed(&self, answer: &Answer) -> Result<()> {
        let range = answer.header(CONTENT_RANGE).and_then(ContentRange::parse);
        let range =
            range.ok_or_else(|| answer.nonsense(&self.what, "it sends a part and does not say which"))?;
        if let Some(total) = range.total.filter(|total| *total != self.blob.size) {
            return Err(self.of_another_size(total));
        }
        if (range.first, range.last) != (self.at, self.blob.size - 1) {
            return Err(answer.nonsense(&self.what, "it sends another part than was asked for"));
        }
        Ok(())
    }

    /// From a registry that sends everything again: without what we have.
    fn skipped(&self, answer: Answer) -> Result<Paced<BodyReader<'static>>> {
        let mut body = answer.reader();
        let mut had = body.by_ref().take(self.at);
        let mut buffer = vec![0; SKIP];
        let mut passed = 0;
        while passed < self.at {
            match had.read(&mut buffer) {
                Ok(0) => return Err(self.cut("it ends".to_owned())),
                Ok(amount) => passed += amount as u64,
                Err(error) => return Err(broken(&self.what, &error, passed, self.blob.size)),
            }
        }
        Ok(body)
    }

    fn of_another_size(&self, found: u64) -> ClientError {
        ClientError::Size { what: self.what.clone(), claimed: self.blob.size, found }
    }

    fn cut(&self, cause: String) -> ClientError {
        ClientError::Cut { what: self.what.clone(), got: self.at, expected: self.blob.size, cause }
    }

    /// Another connection after one that broke, unless there have been too many without progress.
    fn again(&mut self, mut error: ClientError) -> Result<()> {
        if self.at - self.progress >= PROGRESS {
            self.failed = 0;
        }
        self.progress = self.at;
        loop {
            self.failed += 1;
            let pause =
                self.shared.patience.pause_after(self.failed, error.wait()).filter(|_| error.is_passing());
            let Some(pause) = pause else { return Err(error) };
            thread::sleep(pause);
            match self.connect() {
                Ok(body) => {
                    self.body = Some(body);
                    return Ok(());
                }
                Err(next) => error = next,
            }
        }
    }

    /// After the last byte: whether there is really no more. The connection can be used again then.
    fn ended(&mut self) -> Result<()> {
        let Some(mut body) = self.body.take() else { return Ok(()) };
        match body.read(&mut [0; 1]) {
            Ok(1..) => Err(self.of_another_size(self.blob.size.saturating_add(1))),
            // Everything is here, however it ended; the digest decides.
            Ok(0) | Err(_) => Ok(()),
        }
    }
}

impl Read for Transfer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.blob.size.saturating_sub(self.at);
            if left == 0 {
                return self.ended().map(|()| 0).map_err(io::Error::other);
            }
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let Some(room) = buffer.get_mut(..most).filter(|room| !room.is_empty()) else { return Ok(0) };
            let error = match self.body.as_mut().map(|body| body.read(room)) {
                Some(Ok(amount @ 1..)) => {
                    self.at += amount as u64;
                    return Ok(amount);
                }
                Some(Err(error)) => broken(&self.what, &error, self.at, self.blob.size),
                Some(Ok(0)) | None => self.cut("it ends".to_owned()),
            };
            self.body = None;
            self.again(error).map_err(io::Error::other)?;
        }
    }
}
