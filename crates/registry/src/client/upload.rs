//! Blobs on their way out: distribution specification, "Pushing blobs" and "Mounting a blob from another
//! repository".

use std::thread;

use http::Method;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE};
use model::digest::ClaimedDigest;
use model::oci::Descriptor;
use model::reference::Repository;

use super::address::{Address, escaped};
use super::answer::Answer;
use super::exchange::{Ask, Load, Place};
use super::ranges::{number, uploaded};
use super::settings::Way;
use super::source::Outgoing;
use super::{ClientError, Mount, Opener, Result, Shared};

/// Up to this many bytes a blob is sent in one piece, and again from its start if that breaks.
const WHOLE: u64 = 16 * 1024 * 1024;

/// How much is sent at a time once a connection has broken.
const CHUNK: u64 = 16 * 1024 * 1024;

/// The smallest piece that a registry takes, but for the last.
const LEAST: &str = "oci-chunk-min-length";

/// An upload that a registry has opened.
struct Session {
    at: Address,
    least: u64,
}

impl Session {
    /// What an answer says about where the upload goes on.
    fn follow(&mut self, answer: &Answer, what: &str) -> Result<()> {
        if answer.header(LOCATION).is_some() {
            self.at = location(answer, what)?;
        }
        Ok(())
    }
}

impl Shared {
    pub(crate) fn mount(&self, repository: &Repository, digest: &ClaimedDigest, from: &str) -> Result<Mount> {
        let way = self.registry(repository)?;
        let Some(from) = self.neighbour(&way, repository, from) else { return Ok(Mount::Refused) };
        let what = format!("blob `{digest}` of `{from}` for `{repository}`");
        let query = format!("blobs/uploads/?mount={}&from={}", escaped(&digest.to_string()), escaped(&from));
        let mut ask = asking(&way, Method::POST, Place::Path(way.path(&query)), &what);
        ask.scope = format!("{} repository:{from}:pull", ask.scope);
        let answer = self.persistently(|| self.ask(&way.host, &ask, &[]));
        match answer {
            Ok(answer) if answer.status == 201 => Ok(Mount::Mounted),
            Ok(answer) => {
                if answer.status == 202 {
                    self.abandon(&way, &location(&answer, &what)?);
                }
                Ok(Mount::Refused)
            }
            // Whoever may not read there may still write here.
            Err(ClientError::Denied { .. } | ClientError::Login { .. }) => Ok(Mount::Refused),
            Err(error) => Err(error),
        }
    }

    /// What the place that answers for a repository calls another of its registry, if that is there too.
    fn neighbour(&self, way: &Way, repository: &Repository, from: &str) -> Option<String> {
        let other = Repository { registry: repository.registry.clone(), path: from.to_owned() };
        // One that is blocked is not mounted from.
        let place = self.config.destination(&other).ok()?;
        (place.host() == way.host.authority).then_some(place.repository.path)
    }

    /// An upload that nobody goes on with is only a courtesy to end: registries end it by themselves.
    fn abandon(&self, way: &Way, at: &Address) {
        let _courtesy =
            self.ask_once(&way.host, &asking(way, Method::DELETE, Place::At(at), "an upload"), Load::Nothing);
    }

    pub(crate) fn push_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        source: &Opener<'_>,
        advanced: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let way = self.registry(repository)?;
        let what = format!("blob `{}` for `{repository}`", blob.digest);
        let mut outgoing = Outgoing::new(blob, what.clone(), source, advanced);
        let mut failed = 0;
        loop {
            let session = self.persistently(|| self.begin(&way, &what))?;
            let error = match self.upload(&way, session, &mut outgoing) {
                // Missing: the registry has lost the upload.
                Err(error) if goes_on(&error) || matches!(error, ClientError::Missing { .. }) => error,
                other => return other,
            };
            failed += 1;
            match self.patience.pause_after(failed, error.wait()) {
                Some(pause) => thread::sleep(pause),
                None => return Err(error),
            }
        }
    }

    fn begin(&self, way: &Way, what: &str) -> Result<Session> {
        let ask = asking(way, Method::POST, Place::Path(way.path("blobs/uploads/")), what);
        let answer = self.ask(&way.host, &ask, &[])?;
        if answer.status != 202 {
            return Err(answer.refusal(what));
        }
        let least = answer.header(LEAST).and_then(number).unwrap_or(0);
        Ok(Session { at: location(&answer, what)?, least })
    }

    fn upload(&self, way: &Way, mut session: Session, outgoing: &mut Outgoing<'_, '_>) -> Result<()> {
        let size = outgoing.blob.size;
        if size <= WHOLE {
            return self.close(way, &session, outgoing, size);
        }
        self.stream(way, &mut session, outgoing)?;
        match self.close(way, &session, outgoing, 0) {
            // The answer was lost; the blob may be there.
            Err(error) if goes_on(&error) && self.has_blob_there(way, &outgoing.blob.digest)? => Ok(()),
            other => other,
        }
    }

    /// The last request: with all of the blob, or with nothing after all of it was sent.
    fn close(
        &self,
        way: &Way,
        session: &Session,
        outgoing: &mut Outgoing<'_, '_>,
        length: u64,
    ) -> Result<()> {
        let what = outgoing.what.clone();
        let at = session.at.with("digest", &outgoing.blob.digest.to_string());
        let mut ask = asking(way, Method::PUT, Place::At(&at), &what);
        ask.bytes = length;
        let answer = if length == 0 {
            self.ask_once(&way.host, &ask, Load::Nothing)?
        } else {
            ask.headers.push((CONTENT_TYPE, "application/octet-stream".to_owned()));
            self.ask_once(&way.host, &ask, Load::Stream(&mut outgoing.part(0, length)?, length))?
        };
        match answer.status.as_u16() {
            201 | 204 => Ok(()),
            _ => Err(answer.refusal(&what)),
        }
    }

    /// Everything in one request; after a connection that broke, in chunks from where the registry is.
    fn stream(&self, way: &Way, session: &mut Session, outgoing: &mut Outgoing<'_, '_>) -> Result<()> {
        let size = outgoing.blob.size;
        let (mut at, mut failed, mut chunk) = (0, 0, size);
        while at < size {
            let error = match self.patch(way, session, outgoing, at, chunk.min(size - at)) {
                Ok(next) if next > at => {
                    (at, failed) = (next, 0);
                    continue;
                }
                Ok(_) => self.stuck(way, outgoing),
                Err(error) if goes_on(&error) => error,
                Err(error) => return Err(error),
            };
            failed += 1;
            let pause = self.patience.pause_after(failed, error.wait());
            let Some(pause) = pause else { return Err(error) };
            thread::sleep(pause);
            chunk = CHUNK.max(session.least);
            let before = at;
            at = self.status(way, session, outgoing)?;
            if at > before {
                failed = 0;
            }
        }
        Ok(())
    }

    /// Sends a part; how far the registry is then.
    fn patch(
        &self,
        way: &Way,
        session: &mut Session,
        outgoing: &mut Outgoing<'_, '_>,
        from: u64,
        length: u64,
    ) -> Result<u64> {
        let what = outgoing.what.clone();
        let place = session.at.clone();
        let mut ask = asking(way, Method::PATCH, Place::At(&place), &what);
        ask.bytes = length;
        ask.headers.push((CONTENT_TYPE, "application/octet-stream".to_owned()));
        let is_whole = length == outgoing.blob.size;
        if !is_whole {
            ask.headers.push((CONTENT_RANGE, format!("{from}-{}", from + length - 1)));
        }
        let answer =
            self.ask_once(&way.host, &ask, Load::Stream(&mut outgoing.part(from, length)?, length))?;
        match answer.status.as_u16() {
            202 | 204 => {
                session.follow(&answer, &what)?;
                let said = answer.header(RANGE).and_then(uploaded);
                self.plausible(&answer, outgoing, said.unwrap_or(from + length))
            }
            416 => Ok(from),
            _ => Err(answer.refusal(&what)),
        }
    }

    /// How far the registry is with an upload.
    fn status(&self, way: &Way, session: &mut Session, outgoing: &Outgoing<'_, '_>) -> Result<u64> {
        let what = &outgoing.what;
        let place = session.at.clone();
        let ask = asking(way, Method::GET, Place::At(&place), what);
        let answer = self.persistently(|| {
            let answer = self.ask(&way.host, &ask, &[])?;
            match answer.status.as_u16() {
                200 | 202 | 204 => Ok(answer),
                _ => Err(answer.refusal(what)),
            }
        })?;
        session.follow(&answer, what)?;
        let at = answer.header(RANGE).and_then(uploaded);
        let at = at.ok_or_else(|| answer.nonsense(what, "it does not say how far it is"))?;
        self.plausible(&answer, outgoing, at)
    }

    fn plausible(&self, answer: &Answer, outgoing: &Outgoing<'_, '_>, at: u64) -> Result<u64> {
        if at > outgoing.sent() {
            return Err(answer.nonsense(&outgoing.what, "it has more than it was sent"));
        }
        Ok(at)
    }

    fn stuck(&self, way: &Way, outgoing: &Outgoing<'_, '_>) -> ClientError {
        let (registry, what) = (way.host.registry.clone(), outgoing.what.clone());
        let said = "it takes no more of the upload".to_owned();
        ClientError::Failed { registry, what, status: 416, said, wait: None }
    }
}

/// Whether an upload may go on after this. A token that has run out has been dropped already.
fn goes_on(error: &ClientError) -> bool {
    error.is_passing() || matches!(error, ClientError::Login { .. })
}

fn asking<'a>(way: &'a Way, method: Method, place: Place<'a>, what: &'a str) -> Ask<'a> {
    let scope = way.scope("pull,push");
    Ask { method, place, headers: Vec::new(), repository: &way.repository, scope, what, bytes: 0 }
}

/// Where an answer says that an upload is.
fn location(answer: &Answer, what: &str) -> Result<Address> {
    let to = answer.header(LOCATION).and_then(|location| answer.from.join(location));
    let to = to.ok_or_else(|| answer.nonsense(what, "it opens an upload, and says no address for it"))?;
    match answer.from.forbids(&to) {
        None => Ok(to),
        Some(why) => Err(ClientError::Redirect { from: answer.from.to_string(), to: to.to_string(), why }),
    }
}
