//! Uploads: end-4, end-5, end-6, end-11, end-13 and end-14.

use std::ops::Range;

use http::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderName, LOCATION, RANGE};
use http::{HeaderValue, Method, StatusCode};
use hyper::body::Body as _;

use super::answer::{self, Answer, Headers as _, Outcome};
use super::failure::Failure;
use super::range::chunk;
use super::service::{Asked, Service};
use crate::server::access::Action;
use crate::server::depot::DepotError;
use crate::server::names::{NameError, RepositoryName};
use crate::server::shelf::{ContentDigest, ShelfError, UploadId};

impl Service {
    /// `POST blobs/uploads/`: begins an upload, or does without one.
    pub(super) async fn begin_upload(&self, name: &RepositoryName, asked: Asked) -> Outcome {
        if let Some(algorithm) = asked.query.get("digest-algorithm") {
            known_algorithm(algorithm)?;
        }
        if let Some(mounted) = self.mount(name, &asked).await? {
            return Ok(mounted);
        }
        match asked.query.get("digest") {
            None => {
                let id = self.depot.begin().await?;
                Ok(in_progress(StatusCode::ACCEPTED, name, &id, 0))
            }
            Some(text) => {
                let digest = digest(text)?;
                self.whole_upload(name, &digest, asked).await
            }
        }
    }

    /// `blobs/uploads/ID`.
    pub(super) async fn upload(&self, name: &RepositoryName, id: Option<UploadId>, asked: Asked) -> Outcome {
        let unknown =
            || Failure::new(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", "there is no such upload");
        let id = id.ok_or_else(unknown)?;
        match asked.method {
            Method::PATCH => {
                let size = self.add(name, &id, asked).await?;
                Ok(in_progress(StatusCode::ACCEPTED, name, &id, size))
            }
            Method::PUT => self.finish_upload(name, &id, asked).await,
            Method::DELETE => {
                self.depot.abort(&id).await?;
                Ok(answer::empty(StatusCode::NO_CONTENT))
            }
            _ => {
                let size = self.depot.upload_size(&id).await?;
                Ok(in_progress(StatusCode::NO_CONTENT, name, &id, size))
            }
        }
    }

    /// A blob of another repository is taken over if whoever asks may read it there; otherwise it is uploaded,
    /// and nobody learns whether it is there.
    async fn mount(&self, name: &RepositoryName, asked: &Asked) -> Result<Option<Answer>, Failure> {
        let (Some(text), Some(from)) = (asked.query.get("mount"), asked.query.get("from")) else {
            return Ok(None);
        };
        let digest = digest(text)?;
        let Ok(from) = from.parse::<RepositoryName>() else { return Ok(None) };
        let allowed = asked.identity.may(from.as_str(), Action::Pull);
        match allowed && self.depot.mount(&from, name, &digest, asked.now).await? {
            true => Ok(Some(stored(name, &digest))),
            false => Ok(None),
        }
    }

    /// All of a blob in one request. What comes of it that is no blob is removed at once: nobody knows its name.
    async fn whole_upload(&self, name: &RepositoryName, digest: &ContentDigest, asked: Asked) -> Outcome {
        let now = asked.now;
        let id = self.depot.begin().await?;
        let done = async {
            self.depot.append(&id, 0, asked.body, self.largest).await?;
            self.depot.finish(name, &id, digest, now).await
        };
        match done.await {
            Ok(_) => Ok(stored(name, digest)),
            Err(error) => {
                // The first error is the one that says what happened.
                let _ = self.depot.abort(&id).await;
                Err(error.into())
            }
        }
    }

    async fn finish_upload(&self, name: &RepositoryName, id: &UploadId, asked: Asked) -> Outcome {
        let no_digest = || Failure::bad("DIGEST_INVALID", "`digest` is missing: it says what the upload is");
        let digest = digest(asked.query.get("digest").ok_or_else(no_digest)?)?;
        let now = asked.now;
        if asked.body.size_hint().exact() != Some(0) || asked.headers.contains_key(CONTENT_RANGE) {
            self.add(name, id, asked).await?;
        }
        self.depot.finish(name, id, &digest, now).await?;
        Ok(stored(name, &digest))
    }

    /// Adds a chunk where it says that it goes, or at the end.
    async fn add(&self, name: &RepositoryName, id: &UploadId, asked: Asked) -> Result<u64, Failure> {
        let size = self.depot.upload_size(id).await?;
        let range = self.chunk(&asked)?;
        let (offset, limit) = match &range {
            Some(range) => (range.start, range.end.min(self.largest)),
            None => (size, self.largest),
        };
        if offset != size {
            return Err(resumable(Failure::out_of_order(size), name, id));
        }
        match self.depot.append(id, offset, asked.body, limit).await {
            Ok(size) if range.is_some_and(|range| range.end != size) => Err(Failure::bad(
                "SIZE_INVALID",
                format!("the chunk is shorter than it says; {size} bytes are kept"),
            )),
            Ok(size) => Ok(size),
            Err(DepotError::Shelf(ShelfError::Offset { has, .. })) => {
                Err(resumable(Failure::out_of_order(has), name, id))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Where a chunk says that it goes. Its length is said twice then, and has to be the same.
    fn chunk(&self, asked: &Asked) -> Result<Option<Range<u64>>, Failure> {
        let Some(text) = asked.headers.get(CONTENT_RANGE) else { return Ok(None) };
        let malformed = || Failure::bad("BLOB_UPLOAD_INVALID", "`Content-Range` is not `FIRST-LAST`");
        let range = text.to_str().ok().and_then(chunk).ok_or_else(malformed)?;
        let length = asked.body.size_hint().exact();
        match length.is_some_and(|length| length != range.end - range.start) {
            true => Err(Failure::bad("SIZE_INVALID", "`Content-Range` and `Content-Length` do not agree")),
            false => Ok(Some(range)),
        }
    }
}

fn digest(text: &str) -> Result<ContentDigest, Failure> {
    text.parse().map_err(|error| NameError::Digest(error).into())
}

fn known_algorithm(text: &str) -> Result<(), Failure> {
    match text {
        "sha256" | "sha512" => Ok(()),
        _ => Err(Failure::bad("DIGEST_INVALID", "this digest algorithm is not supported")),
    }
}

/// An upload that goes on.
fn in_progress(status: StatusCode, name: &RepositoryName, id: &UploadId, size: u64) -> Answer {
    let answer = answer::empty(status)
        .located(&place(name, id))
        .with(RANGE, &format!("0-{}", size.saturating_sub(1)))
        .with(HeaderName::from_static("docker-upload-uuid"), id.as_str());
    match status {
        StatusCode::NO_CONTENT => answer,
        _ => answer.with(CONTENT_LENGTH, "0"),
    }
}

/// A blob that is there now.
fn stored(name: &RepositoryName, digest: &ContentDigest) -> Answer {
    answer::empty(StatusCode::CREATED)
        .located(&format!("/v2/{name}/blobs/{digest}"))
        .digest(digest)
        .with(CONTENT_LENGTH, "0")
}

/// Says where to go on, whatever went wrong.
fn resumable(failure: Failure, name: &RepositoryName, id: &UploadId) -> Failure {
    match HeaderValue::from_str(&place(name, id)) {
        Ok(place) => failure.with(LOCATION, place),
        Err(_) => failure,
    }
}

fn place(name: &RepositoryName, id: &UploadId) -> String {
    format!("/v2/{name}/blobs/uploads/{id}")
}
