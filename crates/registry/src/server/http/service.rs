//! One request: parsed, allowed or not, and handed to whoever does it.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;

use super::answer::{self, Answer, Headers as _, Outcome};
use super::failure::Failure;
use super::paced::{PacedBody, Trickle};
use super::pulls::Pulls;
use super::query::Query;
use super::route::{self, Route, Thing};
use super::watch::{Shown, Watch};
use crate::server::access::{Access, Action, Denied, Identity, Scope};
use crate::server::depot::Depot;
use crate::server::journal::{Deed, Event};
use crate::server::names::RepositoryName;
use crate::server::scribe::Scribe;
use crate::server::shelf::ContentDigest;

/// Says what time it is, in seconds since 1970.
pub type Clock = fn() -> u64;

/// A registry, ready to answer.
pub struct Service {
    pub(super) depot: Depot,
    pub(super) access: Arc<Access>,
    pub(super) scribe: Scribe,
    pub(super) clock: Clock,
    /// Its address as clients know it; what they call it where nothing is said.
    pub(super) public: Option<String>,
    /// The largest blob that it takes.
    pub(super) largest: u64,
    pub(super) pulls: Option<Pulls>,
    watch: Arc<Watch>,
}

/// Who is on the other end.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// From where.
    pub peer: IpAddr,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// How slowly its bodies may arrive.
    pub pace: Trickle,
}

/// A request that may be done.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) query: Query,
    pub(super) body: PacedBody<Incoming>,
    pub(super) identity: Identity,
    pub(super) peer: IpAddr,
    pub(super) now: u64,
}

impl Service {
    /// A registry over a depot.
    #[must_use]
    pub fn new(
        depot: Depot,
        access: Arc<Access>,
        scribe: Scribe,
        clock: Clock,
        public: Option<String>,
        largest: u64,
    ) -> Self {
        let watch = Arc::new(Watch::new(depot.shelf().clone(), Shown::Here));
        Self { depot, access, scribe, clock, public, largest, pulls: None, watch }
    }

    /// The same, watched over by somebody who may show what is seen elsewhere.
    #[must_use]
    pub fn watched_by(self, watch: Arc<Watch>) -> Self {
        Self { watch, ..self }
    }

    /// The same, and it is written down when tags were last pulled by.
    #[must_use]
    pub fn noting_pulls(self) -> Self {
        Self { pulls: Some(Pulls::default()), ..self }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Incoming>, caller: Caller) -> Answer {
        let begun = self.watch.begin(&request);
        if let Some(page) = self.watch.page(request.method(), request.uri().path()).await {
            return page;
        }
        let answer = match request.uri().path() {
            "/token" => self.token(request, caller).await,
            _ => self.registry(request, caller).await,
        };
        let answer = answer.unwrap_or_else(Failure::answer);
        self.watch.end(&begun, &answer);
        answer
            .with(HeaderName::from_static("docker-distribution-api-version"), "registry/2.0")
            .with(HeaderName::from_static("x-content-type-options"), "nosniff")
    }

    async fn registry(&self, request: Request<Incoming>, caller: Caller) -> Outcome {
        let nothing = || Failure::new(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "there is nothing at this path");
        let route = route::parse(request.uri().path())?.ok_or_else(nothing)?;
        let query = Query::parse(request.uri().query().unwrap_or_default())?;
        let mut needed: Vec<Scope> = needed(&route, request.method())?.into_iter().collect();
        let now = (self.clock)();
        let authorization = the_only(request.headers(), &AUTHORIZATION)?;
        if authorization.is_none() {
            needed.extend(mount_needs(&route, &query));
        }
        let checked = self.access.check(authorization, caller.peer, &needed, now).await;
        let identity = checked
            .map_err(|denied| self.denied(&denied, denied.bearer(&self.base(request.headers(), caller))))?;
        let (head, body) = request.into_parts();
        let asked = Asked {
            method: head.method,
            headers: head.headers,
            query,
            body: PacedBody::new(body, caller.pace),
            identity,
            peer: caller.peer,
            now,
        };
        self.answer_route(route, asked).await
    }

    async fn answer_route(&self, route: Route, asked: Asked) -> Outcome {
        match route {
            Route::Base => answer::json("application/json", &serde_json::Map::new()),
            Route::Catalog => self.catalog(&asked).await,
            Route::In(name, Thing::Blob(digest)) => self.blob(&name, &digest, &asked).await,
            Route::In(name, Thing::Uploads) => self.begin_upload(&name, asked).await,
            Route::In(name, Thing::Upload(id)) => self.upload(&name, id, asked).await,
            Route::In(name, Thing::Manifest(reference)) => self.manifest(&name, &reference, asked).await,
            Route::In(name, Thing::Tags) => self.tags(&name, &asked).await,
            Route::In(name, Thing::Referrers(subject)) => self.referrers(&name, &subject, &asked).await,
        }
    }

    /// A refusal, with what credentials are asked for.
    pub(super) fn denied(&self, denied: &Denied, challenge: Option<HeaderValue>) -> Failure {
        let mut failure = Failure::new(denied.status, denied.code, denied.message.clone());
        if let Some(challenge) = challenge {
            failure = failure.with(WWW_AUTHENTICATE, challenge);
        }
        match denied.retry_after {
            Some(seconds) => failure.with(RETRY_AFTER, seconds.into()),
            None => failure,
        }
    }

    /// The server's address, as the client knows it.
    fn base(&self, headers: &HeaderMap, caller: Caller) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.filter(|host| host.len() <= 255 && host.bytes().all(plain)).unwrap_or("localhost");
        self.public.clone().unwrap_or_else(|| format!("{}://{host}", caller.scheme))
    }

    /// Has it written down what was done.
    pub(super) async fn record(
        &self,
        asked: &Asked,
        action: Deed,
        name: &RepositoryName,
        reference: Option<&str>,
        digest: &ContentDigest,
    ) -> Result<(), Failure> {
        let event = Event {
            when: asked.now,
            who: asked.identity.who(),
            action,
            repository: name.to_string(),
            reference: reference.map(str::to_owned),
            digest: Some(digest.to_string()),
            peer: Some(asked.peer),
        };
        let written = self.scribe.record(event).await;
        written.map_err(|error| Failure::internal(&format!("the journal cannot be written: {error}")))
    }
}

impl Asked {
    /// A header's text.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The parts of a header that is a list, over all its lines; nothing where it is not there.
    pub(super) fn list(&self, name: &HeaderName) -> Option<Vec<&str>> {
        let lines = self.headers.contains_key(name).then(|| self.headers.get_all(name).iter())?;
        // What is no text is a part that nothing fits.
        let parts = lines.flat_map(|line| line.to_str().unwrap_or_default().split(','));
        Some(parts.map(str::trim).collect())
    }
}

/// What a request needs to be allowed; a failure if it is none that this path knows.
fn needed(route: &Route, method: &Method) -> Result<Option<Scope>, Failure> {
    let (allowed, action) = match route {
        Route::Base => ("GET, HEAD", None),
        Route::Catalog => ("GET, HEAD", None),
        Route::In(_, thing) => thing_needs(thing, method),
    };
    if !allowed.split(", ").any(|allowed| allowed == method.as_str()) {
        return Err(Failure::method(allowed));
    }
    Ok(match (route, action) {
        (Route::Catalog, _) => Some(Scope::Catalog),
        (Route::In(name, _), Some(action)) => Some(Scope::repository(name.as_str(), action)),
        _ => None,
    })
}

/// What a mount needs besides. It is asked for, so that a client gets a token for both repositories; whoever comes
/// without that right uploads instead.
fn mount_needs(route: &Route, query: &Query) -> Option<Scope> {
    match route {
        Route::In(_, Thing::Uploads) => {
            query.get("mount")?;
            let from: RepositoryName = query.get("from")?.parse().ok()?;
            Some(Scope::repository(from.as_str(), Action::Pull))
        }
        _ => None,
    }
}

fn thing_needs(thing: &Thing, method: &Method) -> (&'static str, Option<Action>) {
    let changed = match *method {
        Method::GET | Method::HEAD => Action::Pull,
        Method::DELETE => Action::Delete,
        _ => Action::Push,
    };
    match thing {
        Thing::Blob(_) => ("GET, HEAD, DELETE", Some(changed)),
        Thing::Manifest(_) => ("GET, HEAD, PUT, DELETE", Some(changed)),
        Thing::Uploads => ("POST", Some(Action::Push)),
        Thing::Upload(_) => ("GET, PATCH, PUT, DELETE", Some(Action::Push)),
        Thing::Tags | Thing::Referrers(_) => ("GET, HEAD", Some(Action::Pull)),
    }
}

/// A header that says who somebody is has to be there once: of two, one would be checked and the other believed.
pub(super) fn the_only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Failure> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(Failure::bad("UNSUPPORTED", format!("the header `{name}` is there twice"))),
    }
}
