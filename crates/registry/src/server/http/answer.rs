//! Answers, and the bodies they have.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};

use super::failure::Failure;
use crate::server::shelf::{BlobBody, ContentDigest};

/// What a handler returns.
pub(super) type Outcome = Result<Answer, Failure>;

/// An answer.
pub type Answer = Response<AnswerBody>;

/// An answer's body.
#[derive(Debug)]
pub enum AnswerBody {
    /// All of it is in memory, or there is none.
    Whole(Bytes),
    /// A part of a blob.
    Blob(BlobBody),
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Blob(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Blob(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Blob(body) => body.size_hint(),
        }
    }
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Answer {
    whole(status, Bytes::new())
}

/// An answer whose body is in memory.
pub(super) fn whole(status: StatusCode, bytes: Bytes) -> Answer {
    let mut answer = Response::new(AnswerBody::Whole(bytes));
    *answer.status_mut() = status;
    answer
}

/// An answer in JSON.
pub(super) fn json<T: serde::Serialize>(content_type: &'static str, document: &T) -> Outcome {
    let bytes = serde_json::to_vec(document).map_err(|error| Failure::internal(&error))?;
    let mut answer = whole(StatusCode::OK, bytes.into());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Ok(answer)
}

/// What is added to an answer in passing.
pub(super) trait Headers: Sized {
    /// A header of checked text; text that cannot be one is left out.
    fn with(self, name: HeaderName, value: &str) -> Self;

    /// Where something is.
    fn located(self, place: &str) -> Self {
        self.with(LOCATION, place)
    }

    /// Which bytes it is about.
    fn digest(self, digest: &ContentDigest) -> Self {
        self.with(HeaderName::from_static("docker-content-digest"), &digest.to_string())
    }

    /// How many bytes there would be, where there are none because nobody asked for them.
    fn length(self, length: u64) -> Self;
}

impl Headers for Answer {
    fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers_mut().append(name, value);
        }
        self
    }

    fn length(mut self, length: u64) -> Self {
        self.headers_mut().insert(CONTENT_LENGTH, length.into());
        self
    }
}
