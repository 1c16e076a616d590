//! What a registry answers, and what its status means.

use std::io::Read;
use std::time::Duration;

use http::header::{AsHeaderName, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use ureq::{Body, BodyReader};

use super::address::Address;
use super::complaint;
use super::pace::{Paced, TooSlow};
use super::patience::Patience;
use super::ranges::number;
use super::{ClientError, Result};

/// An answer's head, with its body still to come.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    body: Body,
    /// Who answered in the end.
    pub(crate) from: Address,
    /// Whom we had asked.
    registry: String,
    patience: Patience,
}

impl Answer {
    pub(crate) fn new(
        response: http::Response<Body>,
        from: Address,
        registry: &str,
        patience: Patience,
    ) -> Self {
        let (parts, body) = response.into_parts();
        let registry = registry.to_owned();
        Self { status: parts.status, headers: parts.headers, body, from, registry, patience }
    }

    /// A header's value, where it is text.
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn headers(&self, name: impl AsHeaderName) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// The body's length by the head; of a HEAD's answer, the length that there would be.
    pub(crate) fn length(&self) -> Option<u64> {
        number(self.header(CONTENT_LENGTH)?.trim())
    }

    /// What the body is, without parameters.
    pub(crate) fn media_type(&self) -> Option<&str> {
        let whole = self.header(CONTENT_TYPE)?;
        Some(whole.split(';').next().unwrap_or_default().trim()).filter(|text| !text.is_empty())
    }

    /// The body as it comes.
    pub(crate) fn reader(self) -> Paced<BodyReader<'static>> {
        Paced::new(self.body.into_reader(), self.patience)
    }

    /// All of a body that may not be longer than this.
    pub(crate) fn bytes(self, what: &str, limit: u64) -> Result<Vec<u8>> {
        let too_long = || ClientError::Limit { what: what.to_owned(), limit: "bytes", allowed: limit };
        let announced = self.length();
        if announced.is_some_and(|length| length > limit) {
            return Err(too_long());
        }
        let mut bytes = Vec::new();
        let read = self.reader().take(limit + 1).read_to_end(&mut bytes);
        let got = bytes.len() as u64;
        read.map_err(|error| broken(what, &error, got, announced.unwrap_or(got)))?;
        if got > limit { Err(too_long()) } else { Ok(bytes) }
    }

    /// What it says, of an answer that is none.
    pub(crate) fn complaint(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // What cannot be read of an excuse does not matter.
        let _partly = self.reader().take(complaint::LONGEST).read_to_end(&mut bytes);
        bytes
    }

    /// The error that this status is.
    pub(crate) fn refusal(self, what: &str) -> ClientError {
        let (status, wait) = (self.status, self.retry_after());
        let (registry, what) = (self.registry.clone(), what.to_owned());
        let said = complaint::said(&self.complaint());
        let code = status.as_u16();
        match code {
            401 => ClientError::Login { registry, what, said },
            403 => ClientError::Denied { registry, what, said },
            404 => ClientError::Missing { registry, what, said },
            429 => ClientError::RateLimit { registry, said, wait },
            408 | 500 | 502..=504 | 506.. => ClientError::Failed { registry, what, status: code, said, wait },
            400.. => ClientError::Refused { registry, what, status: code, said },
            _ => ClientError::Protocol { registry, what, why: format!("it answers with status {code}") },
        }
    }

    /// An answer that breaks the protocol.
    pub(crate) fn nonsense(&self, what: &str, why: impl Into<String>) -> ClientError {
        ClientError::Protocol { registry: self.registry.clone(), what: what.to_owned(), why: why.into() }
    }

    /// RFC 9110, section 10.2.3, in seconds. A date would have to be compared with clocks that differ.
    fn retry_after(&self) -> Option<Duration> {
        number(self.header(RETRY_AFTER)?.trim()).map(Duration::from_secs)
    }
}

/// A body that ended before its end.
pub(crate) fn broken(what: &str, error: &std::io::Error, got: u64, expected: u64) -> ClientError {
    let what = what.to_owned();
    if let Some(slow) = error.get_ref().and_then(|inner| inner.downcast_ref::<TooSlow>()) {
        return ClientError::Slow { what, least: slow.least, over: slow.over };
    }
    ClientError::Cut { what, got, expected, cause: error.to_string() }
}
