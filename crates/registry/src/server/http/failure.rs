//! Failures as clients read them: a status, a code of the specification's (spec.md, "Error Codes") and words.

use std::fmt::Display;

use http::header::{ALLOW, CONTENT_RANGE, HeaderName, RANGE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::answer::{self, Answer, Headers as _};
use crate::server::depot::DepotError;
use crate::server::names::NameError;
use crate::server::shelf::{KeyError, ShelfError};

/// Why a request was not done.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    code: &'static str,
    message: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Document<'a> {
    errors: [Error<'a>; 1],
}

#[derive(Serialize)]
struct Error<'a> {
    code: &'a str,
    message: &'a str,
}

impl Failure {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), headers: Vec::new() }
    }

    /// A request that nobody may send.
    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Something that no client can help.
    pub(super) fn internal(error: &dyn Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", error.to_string())
    }

    /// What is there cannot be asked like this.
    pub(super) fn method(allowed: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "this is not done here")
            .with(ALLOW, HeaderValue::from_static(allowed))
    }

    /// A part of a blob that it does not have.
    pub(super) fn range(size: u64) -> Self {
        let failure = Self::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "SIZE_INVALID",
            format!("the blob has {size} bytes, and none there"),
        );
        match HeaderValue::from_str(&format!("bytes */{size}")) {
            Ok(value) => failure.with(CONTENT_RANGE, value),
            Err(_) => failure,
        }
    }

    /// A chunk that does not go on where its upload ends.
    pub(super) fn out_of_order(has: u64) -> Self {
        let failure = Self::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "BLOB_UPLOAD_INVALID",
            format!("the upload has {has} bytes; the next chunk begins there"),
        );
        match HeaderValue::from_str(&format!("0-{}", has.saturating_sub(1))) {
            Ok(value) => failure.with(RANGE, value),
            Err(_) => failure,
        }
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer that says so.
    pub(super) fn answer(self) -> Answer {
        let document = Document { errors: [Error { code: self.code, message: &self.message }] };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut answer = answer::whole(self.status, body.into());
        for (name, value) in self.headers {
            answer.headers_mut().append(name, value);
        }
        answer.with(http::header::CONTENT_TYPE, "application/json")
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        let code = match error {
            NameError::Repository(_) => "NAME_INVALID",
            NameError::Tag(_) => "MANIFEST_INVALID",
            NameError::Digest(_) => "DIGEST_INVALID",
        };
        Self::bad(code, error.to_string())
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::bad("NAME_INVALID", error.to_string())
    }
}

impl From<DepotError> for Failure {
    fn from(error: DepotError) -> Self {
        let (status, code) = match error {
            DepotError::Shelf(error) => return error.into(),
            DepotError::Key(error) => return error.into(),
            DepotError::NoRepository(_) => (StatusCode::NOT_FOUND, "NAME_UNKNOWN"),
            DepotError::NoBlob(_) => (StatusCode::NOT_FOUND, "BLOB_UNKNOWN"),
            DepotError::NoManifest(_) => (StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN"),
            DepotError::Incomplete(_) => (StatusCode::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN"),
            DepotError::Manifest(_) => (StatusCode::BAD_REQUEST, "MANIFEST_INVALID"),
            DepotError::InUse { .. } | DepotError::Refused(_) => (StatusCode::FORBIDDEN, "DENIED"),
            DepotError::Quota { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "DENIED"),
            DepotError::Contended(_) | DepotError::Collecting { .. } => (StatusCode::CONFLICT, "DENIED"),
            // The specification has no code for it.
            DepotError::Condition(_) => (StatusCode::PRECONDITION_FAILED, "DENIED"),
            DepotError::Damaged { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<ShelfError> for Failure {
    fn from(error: ShelfError) -> Self {
        let (status, code) = match error {
            ShelfError::Offset { has, .. } => return Self::out_of_order(has),
            ShelfError::NoBlob(_) => (StatusCode::NOT_FOUND, "BLOB_UNKNOWN"),
            ShelfError::NoUpload(_) => (StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN"),
            ShelfError::Busy(_) => {
                return Self::new(StatusCode::CONFLICT, "BLOB_UPLOAD_INVALID", error.to_string())
                    .with(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            ShelfError::Limit { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID"),
            ShelfError::Digest { .. } => (StatusCode::BAD_REQUEST, "DIGEST_INVALID"),
            ShelfError::Body { .. } => (StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID"),
            ShelfError::Full { .. } => (StatusCode::INSUFFICIENT_STORAGE, "UNAVAILABLE"),
            ShelfError::Place { .. } | ShelfError::Damaged { .. } | ShelfError::Unfit { .. } => {
                (StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN")
            }
        };
        Self::new(status, code, error.to_string())
    }
}
