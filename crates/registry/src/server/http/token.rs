//! `/token`: the distribution token specification's endpoint, a form or a query for a token.

use bytes::BytesMut;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::answer::{self, Headers as _, Outcome};
use super::failure::Failure;
use super::paced::PacedBody;
use super::service::{Caller, Service, the_only};
use crate::server::access::{QUERY, TokenRequest};

impl Service {
    pub(super) async fn token(&self, request: Request<Incoming>, caller: Caller) -> Outcome {
        let (head, body) = request.into_parts();
        let wanted = match head.method {
            Method::GET => TokenRequest::query(head.uri.query().unwrap_or_default()),
            Method::POST => TokenRequest::form(&form(PacedBody::new(body, caller.pace)).await?),
            _ => return Err(Failure::method("GET, POST")),
        };
        let wanted = wanted.map_err(|error| Failure::bad("UNSUPPORTED", error.to_string()))?;
        let authorization = the_only(&head.headers, &AUTHORIZATION)?;
        let token = self.access.token(&wanted, authorization, caller.peer, (self.clock)()).await;
        let token = token.map_err(|denied| self.denied(&denied, denied.basic()))?;
        Ok(answer::whole(StatusCode::OK, token.into())
            .with(CONTENT_TYPE, "application/json")
            .with(CACHE_CONTROL, "no-store"))
    }
}

async fn form(mut body: PacedBody<Incoming>) -> Result<BytesMut, Failure> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let broken = |error| Failure::bad("UNSUPPORTED", format!("the form broke off: {error}"));
        if let Ok(piece) = frame.map_err(broken)?.into_data() {
            bytes.extend_from_slice(&piece);
        }
        if bytes.len() > QUERY {
            return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", "the form is too long"));
        }
    }
    Ok(bytes)
}
