//! One request and its answer: over TLS or not, redirected, authorised, and tried again.

use std::io::Read;
use std::thread;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderName, LOCATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request};
use model::reference::Repository;
use ureq::SendBody;

use super::address::Address;
use super::answer::Answer;
use super::challenge::Challenge;
use super::failure::{malformed, not_spoken};
use super::host::{Host, Plain};
use super::{ClientError, Result, Shared};
use crate::config::Scheme;

/// How often an answer may send us on.
const REDIRECTS: usize = 5;

/// A request, but for what is to be sent.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) place: Place<'a>,
    pub(crate) headers: Vec<(HeaderName, String)>,
    /// Whose credentials it needs.
    pub(crate) repository: &'a Repository,
    /// What a token for it has to allow.
    pub(crate) scope: String,
    /// What it is about, for people.
    pub(crate) what: &'a str,
    /// Bytes that go or come along, for how long that may take.
    pub(crate) bytes: u64,
}

/// Where a request goes.
pub(crate) enum Place<'a> {
    /// A path of the host's.
    Path(String),
    /// Where an answer of it has sent us.
    At(&'a Address),
}

/// What a request brings along.
pub(crate) enum Load<'a> {
    Nothing,
    Bytes(&'a [u8]),
    /// So many bytes of a stream: they can be sent only once.
    Stream(&'a mut dyn Read, u64),
}

impl Load<'_> {
    /// The same again, for what can be sent again.
    fn again(&mut self) -> Load<'_> {
        match self {
            Self::Nothing => Load::Nothing,
            Self::Bytes(bytes) => Load::Bytes(bytes),
            Self::Stream(stream, length) => Load::Stream(*stream, *length),
        }
    }
}

impl Shared {
    /// Tries until there is an answer or no patience left.
    pub(crate) fn persistently<T>(&self, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        let mut failed = 0;
        loop {
            let error = match attempt() {
                Err(error) if error.is_passing() => error,
                other => return other,
            };
            failed += 1;
            match self.patience.pause_after(failed, error.wait()) {
                Some(pause) => thread::sleep(pause),
                None => return Err(error),
            }
        }
    }

    /// One try, and one more with a token when the first is answered by a challenge.
    pub(crate) fn ask(&self, host: &Host, ask: &Ask<'_>, body: &[u8]) -> Result<Answer> {
        let load = || if body.is_empty() { Load::Nothing } else { Load::Bytes(body) };
        let shown = self.authorization(host, ask)?;
        let answer = self.followed(host, ask, load(), shown.as_ref())?;
        if answer.status != 401 {
            return settled(answer, ask.what);
        }
        let Some(fresh) = self.answer_to(host, ask, &answer, shown.as_ref())? else {
            return Err(answer.refusal(ask.what));
        };
        answer.complaint();
        settled(self.followed(host, ask, load(), Some(&fresh))?, ask.what)
    }

    /// One try with what we know of the host already, and no redirects: for bodies that can be sent only once.
    pub(crate) fn ask_once(&self, host: &Host, ask: &Ask<'_>, load: Load<'_>) -> Result<Answer> {
        let (address, shown) = (self.first(host, ask)?, self.authorization(host, ask)?);
        let answer = self.reached(host, ask, &address, load, shown.as_ref())?;
        if answer.status == 401 {
            // A token may run out during an upload; the caller goes on with another.
            self.answer_to(host, ask, &answer, shown.as_ref())?;
        }
        settled(answer, ask.what)
    }

    /// What to show instead after a 401: nothing if nothing else can help.
    fn answer_to(
        &self,
        host: &Host,
        ask: &Ask<'_>,
        answer: &Answer,
        shown: Option<&HeaderValue>,
    ) -> Result<Option<HeaderValue>> {
        // Somebody else's 401, after a redirect, is not about our credentials.
        if !self.is_own(host, &answer.from) {
            return Ok(None);
        }
        let Some(challenge) = Challenge::best(answer.headers(WWW_AUTHENTICATE)) else { return Ok(None) };
        host.learn(challenge);
        self.keyring.forget(shown);
        Ok(self.authorization(host, ask)?.filter(|fresh| Some(fresh) != shown))
    }

    /// Follows redirects of what only reads. What we show goes nowhere but to the host it is for.
    pub(crate) fn followed(
        &self,
        host: &Host,
        ask: &Ask<'_>,
        mut load: Load<'_>,
        shown: Option<&HeaderValue>,
    ) -> Result<Answer> {
        let mut address = self.first(host, ask)?;
        let mut answer = self.reached(host, ask, &address, load.again(), shown)?;
        let mut secret = shown;
        for _ in 0..REDIRECTS {
            let Some(to) = redirect(&answer, ask)? else { return Ok(answer) };
            // Read, so that the connection can be used again.
            answer.complaint();
            secret = secret.filter(|_| to.same_origin(&address));
            address = to;
            answer = self.reached(host, ask, &address, load.again(), secret)?;
        }
        match redirect(&answer, ask)? {
            None => Ok(answer),
            Some(to) => Err(ClientError::Redirect {
                from: host.registry.clone(),
                to: to.to_string(),
                why: "it is one redirect too many",
            }),
        }
    }

    /// A single exchange, with the host or with whom it has sent us to, who is shown nothing.
    fn reached(
        &self,
        host: &Host,
        ask: &Ask<'_>,
        address: &Address,
        load: Load<'_>,
        secret: Option<&HeaderValue>,
    ) -> Result<Answer> {
        if self.is_own(host, address) {
            return self.once(host, ask, address, load, secret);
        }
        self.once(&*self.stranger(address)?, ask, address, load, None)
    }

    /// Whether an address is the host's own.
    pub(crate) fn is_own(&self, host: &Host, address: &Address) -> bool {
        let own = Address::new(address.scheme, &host.authority, "/");
        own.authority == address.authority && host.scheme.get().is_none_or(|scheme| *scheme == address.scheme)
    }

    /// Where the request goes first; for a host that may speak no TLS, after finding out.
    fn first(&self, host: &Host, ask: &Ask<'_>) -> Result<Address> {
        match &ask.place {
            Place::At(address) => Ok((*address).clone()),
            Place::Path(path) => Ok(Address::new(self.scheme(host)?, &host.authority, path)),
        }
    }

    /// Whether TLS is spoken: asked once, with a request that means nothing.
    fn scheme(&self, host: &Host) -> Result<Scheme> {
        if let Some(scheme) = host.scheme.get() {
            return Ok(*scheme);
        }
        if host.plain == Plain::Never {
            return Ok(*host.scheme.get_or_init(|| Scheme::Https));
        }
        let address = Address::new(Scheme::Https, &host.authority, "/v2/");
        let request = request(&Method::HEAD, &address, &[], None).body(SendBody::none());
        let request = request.map_err(|error| malformed(&address, &error))?;
        let scheme = match host.run(address.scheme, request, self.patience.transfer(0)) {
            Ok(_) => Scheme::Https,
            Err(ureq::Error::Other(error)) if not_spoken(error.as_ref()) => Scheme::Http,
            Err(error) => return Err(self.failure(&address, error)),
        };
        Ok(*host.scheme.get_or_init(|| scheme))
    }

    /// A single exchange with a single host.
    fn once(
        &self,
        host: &Host,
        ask: &Ask<'_>,
        address: &Address,
        load: Load<'_>,
        secret: Option<&HeaderValue>,
    ) -> Result<Answer> {
        let length = match &load {
            Load::Nothing => matches!(ask.method, Method::POST | Method::PUT | Method::PATCH).then_some(0),
            Load::Bytes(bytes) => Some(bytes.len() as u64),
            Load::Stream(_, length) => Some(*length),
        };
        let mut builder = request(&ask.method, address, &ask.headers, secret);
        if let Some(length) = length {
            builder = builder.header(CONTENT_LENGTH, length);
        }
        match load {
            Load::Nothing => self.sent(host, ask, address, builder.body(SendBody::none())),
            Load::Bytes(bytes) => self.sent(host, ask, address, builder.body(bytes)),
            Load::Stream(stream, _) => {
                self.sent(host, ask, address, builder.body(SendBody::from_reader(stream)))
            }
        }
    }

    fn sent(
        &self,
        host: &Host,
        ask: &Ask<'_>,
        address: &Address,
        request: http::Result<Request<impl ureq::AsSendBody>>,
    ) -> Result<Answer> {
        let request = request.map_err(|error| malformed(address, &error))?;
        let response = host.run(address.scheme, request, self.patience.transfer(ask.bytes));
        let response = response.map_err(|error| self.failure(address, error))?;
        Ok(Answer::new(response, address.clone(), &host.registry, self.patience))
    }
}

/// The statuses that mean the same whatever was asked.
fn settled(answer: Answer, what: &str) -> Result<Answer> {
    match answer.status.as_u16() {
        401 | 403 | 408 | 429 | 500.. => Err(answer.refusal(what)),
        _ => Ok(answer),
    }
}

/// Where an answer sends us, if it does.
fn redirect(answer: &Answer, ask: &Ask<'_>) -> Result<Option<Address>> {
    if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let to = answer.header(LOCATION).and_then(|location| answer.from.join(location));
    let to = to.ok_or_else(|| answer.nonsense(ask.what, "it redirects, and says no address to go to"))?;
    let reads = matches!(ask.method, Method::GET | Method::HEAD);
    let why = if reads { answer.from.forbids(&to) } else { Some("only reading is redirected") };
    match why {
        None => Ok(Some(to)),
        Some(why) => Err(ClientError::Redirect { from: answer.from.to_string(), to: to.to_string(), why }),
    }
}

fn request(
    method: &Method,
    address: &Address,
    headers: &[(HeaderName, String)],
    secret: Option<&HeaderValue>,
) -> http::request::Builder {
    let mut builder = Request::builder().method(method).uri(address.url());
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    match secret {
        Some(secret) => builder.header(AUTHORIZATION, secret),
        None => builder,
    }
}
