//! Manifests and indexes: distribution specification, "Pulling manifests", "Pushing Manifests" and "Deleting tags".

use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH};
use model::digest::{ClaimedDigest, Digest, DigestMismatch};
use model::oci::Descriptor;
use model::reference::Repository;

use super::answer::Answer;
use super::document::{READABLE, media_type};
use super::evidence;
use super::exchange::{Ask, Place};
use super::settings::Way;
use super::{ClientError, Fetched, Result, Shared, Which};
use crate::config::Named;

/// Most bytes of a manifest: what registries have to take, "Pushing Manifests".
pub(crate) const LONGEST: u64 = 4 * 1024 * 1024;

/// What a registry says that a manifest hashes to.
const CONTENT_DIGEST: &str = "docker-content-digest";

impl Which {
    /// As it stands in a path.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Tag(tag) => tag.clone(),
            Self::Digest(digest) => digest.to_string(),
        }
    }

    fn named(&self) -> Named {
        match self {
            Self::Tag(_) => Named::ByTag,
            Self::Digest(_) => Named::ByDigest,
        }
    }

    /// What it has to hash to.
    fn claimed(&self) -> Option<ClaimedDigest> {
        match self {
            Self::Tag(_) => None,
            Self::Digest(digest) => Some(*digest),
        }
    }
}

impl Shared {
    pub(crate) fn manifest(&self, repository: &Repository, which: &Which) -> Result<Fetched> {
        self.anywhere(repository, which.named(), |way| self.manifest_from(way, which))
    }

    pub(crate) fn manifest_from(&self, way: &Way, which: &Which) -> Result<Fetched> {
        let what = format!("manifest `{}` of `{}`", which.text(), way.repository);
        self.persistently(|| {
            let answer = self.ask(&way.host, &asking(way, Method::GET, which, &what), &[])?;
            if answer.status != 200 {
                return Err(answer.refusal(&what));
            }
            self.read(answer, which, &what)
        })
    }

    /// Nothing of it is looked at before its digest holds.
    fn read(&self, answer: Answer, which: &Which, what: &str) -> Result<Fetched> {
        let called = answer.media_type().map(str::to_owned);
        let said = content_digest(&answer, what)?;
        let bytes = answer.bytes(what, LONGEST)?;
        let mut digest = Digest::of(&bytes);
        for claimed in which.claimed().into_iter().chain(said) {
            digest = claimed.confirm(digest).map_err(|mismatch| self.forged(what, mismatch, &bytes))?;
        }
        let media_type = media_type(what, &bytes, called.as_deref())?;
        Ok(Fetched { bytes, media_type, digest })
    }

    /// Keeps what is not what it should be, where there is a place for that.
    fn forged(&self, what: &str, mismatch: DigestMismatch, bytes: &[u8]) -> ClientError {
        let evidence = self.evidence.as_ref().and_then(|place| evidence::keep(place, &mismatch, bytes));
        ClientError::Digest { what: what.to_owned(), mismatch, evidence }
    }

    pub(crate) fn resolve(&self, repository: &Repository, which: &Which) -> Result<Descriptor> {
        self.anywhere(repository, which.named(), |way| self.resolve_from(way, which))
    }

    fn resolve_from(&self, way: &Way, which: &Which) -> Result<Descriptor> {
        let what = format!("manifest `{}` of `{}`", which.text(), way.repository);
        let told = self.persistently(|| {
            let answer = self.ask(&way.host, &asking(way, Method::HEAD, which, &what), &[])?;
            if answer.status != 200 {
                return Err(answer.refusal(&what));
            }
            let Some(digest) = content_digest(&answer, &what)? else { return Ok(None) };
            if let Some(claimed) = which.claimed().filter(|claimed| *claimed != digest) {
                return Err(answer.nonsense(&what, format!("it has {digest} where {claimed} was asked for")));
            }
            let kind = answer.media_type().filter(|kind| READABLE.contains(kind));
            let told = kind.zip(answer.length());
            Ok(told.map(|(kind, length)| Descriptor::new(kind, digest, length)))
        })?;
        if let Some(told) = told {
            return Ok(told);
        }
        let fetched = self.manifest_from(way, which)?;
        Ok(Descriptor::new(fetched.media_type, fetched.digest.into(), fetched.bytes.len() as u64))
    }

    /// Sends it, over whatever is there or on a condition.
    pub(crate) fn put_manifest(
        &self,
        way: &Way,
        which: &Which,
        kind: &str,
        bytes: &[u8],
        over: Over,
    ) -> Result<Put> {
        let what = format!("manifest `{}` for `{}`", which.text(), way.repository);
        let digest = Digest::of(bytes);
        let mut ask = asking(way, Method::PUT, which, &what);
        ask.headers = vec![(CONTENT_TYPE, kind.to_owned())];
        ask.headers.extend(over.condition());
        ask.scope = way.scope("pull,push");
        let answer = self.persistently(|| {
            let answer = self.ask(&way.host, &ask, bytes)?;
            if answer.status == 201 { Ok(answer) } else { Err(answer.refusal(&what)) }
        })?;
        if let Some(said) = content_digest(&answer, &what)? {
            said.confirm(digest).map_err(|mismatch| self.forged(&what, mismatch, bytes))?;
        }
        let keeps = match answer.header("oci-subject") {
            Some(_) => KeepsReferrers::Itself,
            None => KeepsReferrers::ByTag,
        };
        // Who says what the new one is told from others by has told it from the old one.
        let guard = match answer.header(ETAG) {
            Some(_) => Guard::Registry,
            None => Guard::Nobody,
        };
        Ok(Put { keeps, guard })
    }

    pub(crate) fn delete_manifest(&self, repository: &Repository, which: &Which) -> Result<()> {
        let way = self.registry(repository)?;
        let what = format!("manifest `{}` of `{repository}`", which.text());
        let mut ask = asking(&way, Method::DELETE, which, &what);
        ask.scope = way.scope("pull,delete");
        let subject = self.subject_of(&way, which)?;
        self.persistently(|| {
            let answer = self.ask(&way.host, &ask, &[])?;
            match answer.status.as_u16() {
                200 | 202 | 204 => Ok(()),
                _ => Err(answer.refusal(&what)),
            }
        })?;
        match (subject, which.claimed()) {
            (Some(subject), Some(digest)) => self.forget_referrer(&way, &subject, &digest),
            _ => Ok(()),
        }
    }
}

/// What a manifest that is sent may take the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Whatever is there.
    Anything,
    /// Nothing.
    Nothing,
    /// What was there when somebody looked.
    This(ClaimedDigest),
}

/// Who sees to it that a manifest takes the place of nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// The registry: of two at once, one is refused with status 412.
    Registry,
    /// Nobody: the registry passes conditions over.
    Nobody,
}

/// What came of sending a manifest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Put {
    pub(crate) keeps: KeepsReferrers,
    pub(crate) guard: Guard,
}

impl Over {
    /// RFC 9110, sections 13.1.1 and 13.1.2. The distribution specification knows no conditions: whoever does not either
    /// passes them over.
    fn condition(self) -> Option<(HeaderName, String)> {
        match self {
            Self::Anything => None,
            Self::Nothing => Some((IF_NONE_MATCH, "*".to_owned())),
            Self::This(digest) => Some((IF_MATCH, format!("\"{digest}\""))),
        }
    }
}

/// Whether a registry answers for referrers, or only their fallback tag does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeepsReferrers {
    Itself,
    ByTag,
}

fn asking<'a>(way: &'a Way, method: Method, which: &Which, what: &'a str) -> Ask<'a> {
    Ask {
        method,
        place: Place::Path(way.path(&format!("manifests/{}", which.text()))),
        headers: vec![(ACCEPT, READABLE.join(", "))],
        repository: &way.repository,
        scope: way.scope("pull"),
        what,
        bytes: LONGEST,
    }
}

/// What it says that the bytes hash to. A registry may use another algorithm there; then it says nothing.
fn content_digest(answer: &Answer, what: &str) -> Result<Option<ClaimedDigest>> {
    let Some(text) = answer.header(CONTENT_DIGEST) else { return Ok(None) };
    if !text.starts_with("sha256:") {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| answer.nonsense(what, "its digest header is no digest"))
}
