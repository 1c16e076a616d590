//! Blobs: end-2 and end-10.

use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, RANGE};
use http::{Method, Response, StatusCode};

use super::answer::{self, Answer, AnswerBody, Headers as _, Outcome};
use super::failure::Failure;
use super::range::{Wanted, wanted};
use super::service::{Asked, Service};
use crate::server::access::Action;
use crate::server::journal::Deed;
use crate::server::names::RepositoryName;
use crate::server::shelf::ContentDigest;

impl Service {
    pub(super) async fn blob(&self, name: &RepositoryName, digest: &ContentDigest, asked: &Asked) -> Outcome {
        match asked.method {
            Method::DELETE => self.delete_blob(name, digest, asked).await,
            Method::HEAD => {
                // Whoever may push will not upload what is there: it has to stay until they have said what for.
                if asked.identity.may(name.as_str(), Action::Push) {
                    self.depot.renew(name, digest, asked.now).await?;
                }
                let size = self.depot.blob(name, digest).await?;
                Ok(described(answer::empty(StatusCode::OK), digest).length(size))
            }
            _ => self.get_blob(name, digest, asked).await,
        }
    }

    async fn get_blob(&self, name: &RepositoryName, digest: &ContentDigest, asked: &Asked) -> Outcome {
        let size = self.depot.blob(name, digest).await?;
        let (status, range) = match wanted(asked.header(&RANGE), size) {
            Wanted::All => (StatusCode::OK, 0..size),
            Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
            Wanted::Nothing => return Err(Failure::range(size)),
        };
        let body = self.depot.read_blob(digest, range.clone()).await?;
        let mut answer = Response::new(AnswerBody::Blob(body));
        *answer.status_mut() = status;
        let answer = described(answer, digest);
        Ok(match status {
            StatusCode::PARTIAL_CONTENT => {
                let last = range.end.saturating_sub(1);
                answer.with(CONTENT_RANGE, &format!("bytes {}-{last}/{size}", range.start))
            }
            _ => answer,
        })
    }

    async fn delete_blob(&self, name: &RepositoryName, digest: &ContentDigest, asked: &Asked) -> Outcome {
        self.depot.delete_blob(name, digest, asked.now).await?;
        self.record(asked, Deed::Delete, name, None, digest).await?;
        Ok(answer::empty(StatusCode::ACCEPTED).with(CONTENT_LENGTH, "0"))
    }
}

/// What is true of a blob for ever.
fn described(answer: Answer, digest: &ContentDigest) -> Answer {
    answer
        .digest(digest)
        .with(CONTENT_TYPE, "application/octet-stream")
        .with(ACCEPT_RANGES, "bytes")
        .with(ETAG, &format!("\"{digest}\""))
        .with(CACHE_CONTROL, "private, max-age=31536000, immutable")
}
