//! What we show to be let in: passwords, and tokens that are asked for once for all threads.
//!
//! Distribution's token specification, "Requesting a Token" and "Token Authentication Using OAuth 2".

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use model::reference::Repository;
use serde::Deserialize;

use super::address::{Address, escaped, is_loopback};
use super::answer::Answer;
use super::challenge::{Bearer, Challenge};
use super::document::object;
use super::exchange::{Ask, Load, Place};
use super::host::{Host, Plain, locked};
use super::settings::configured;
use super::{ClientError, Result, Shared};
use crate::config::{Credentials, Scheme, Secret};

/// Most bytes of a token server's answer.
const LONGEST: u64 = 64 * 1024;

/// How long a token is good for that does not say.
const USUAL: Duration = Duration::from_secs(60);

/// Nobody needs a token longer before it is asked for again.
const MOST: Duration = Duration::from_secs(3600);

/// Credentials that were looked up, and tokens that are still good.
#[derive(Default)]
pub(crate) struct Keyring {
    /// Those that are to be tried instead of any that are kept.
    tried: Option<Credentials>,
    found: Mutex<BTreeMap<Repository, Option<Credentials>>>,
    tokens: Mutex<BTreeMap<Slot, Kept>>,
}

/// A token once somebody has asked for it. Whoever holds it may ask, and everybody else waits for that.
type Kept = Arc<Mutex<Option<Token>>>;

/// What a token is for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    host: String,
    /// Tokens are for the credentials that they were given for.
    repository: Repository,
    bearer: Bearer,
}

struct Token {
    header: HeaderValue,
    until: Instant,
}

#[derive(Deserialize)]
struct Granted {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Keyring {
    /// With these credentials and no others.
    pub(crate) fn trying(user: &str, password: &str) -> Self {
        let (user, password) = (user.to_owned(), Secret::new(password.to_owned()));
        Self { tried: Some(Credentials::Password { user, password }), ..Self::default() }
    }

    /// Drops a token that was not taken.
    pub(crate) fn forget(&self, shown: Option<&HeaderValue>) {
        let Some(shown) = shown else { return };
        let all: Vec<Kept> = locked(&self.tokens).values().cloned().collect();
        for kept in all {
            locked(&kept).take_if(|token| token.header == *shown);
        }
    }

    fn kept(&self, slot: Slot) -> Kept {
        Arc::clone(locked(&self.tokens).entry(slot).or_default())
    }
}

impl Shared {
    /// What to show to a host for a request of this scope, as far as we know what it wants.
    pub(crate) fn authorization(&self, host: &Host, ask: &Ask<'_>) -> Result<Option<HeaderValue>> {
        match host.challenge() {
            None => Ok(None),
            Some(Challenge::Basic) => match self.credentials(ask.repository)? {
                Some(Credentials::Password { user, password }) => {
                    basic(host, &user, password.reveal()).map(Some)
                }
                Some(Credentials::IdentityToken { .. }) | None => Ok(None),
            },
            Some(Challenge::Bearer(bearer)) => self.token(host, bearer, ask).map(Some),
        }
    }

    /// A helper may have to be run for them, so they are looked up once.
    fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
        if self.keyring.tried.is_some() {
            return Ok(self.keyring.tried.clone());
        }
        let mut found = locked(&self.keyring.found);
        if let Some(credentials) = found.get(repository) {
            return Ok(credentials.clone());
        }
        let credentials = self.config.credentials(repository).map_err(configured)?;
        found.insert(repository.clone(), credentials.clone());
        Ok(credentials)
    }

    fn token(&self, host: &Host, bearer: Bearer, ask: &Ask<'_>) -> Result<HeaderValue> {
        let scope = if ask.scope.is_empty() { bearer.scope } else { ask.scope.clone() };
        let bearer = Bearer { scope, ..bearer };
        let (authority, repository) = (host.authority.clone(), ask.repository.clone());
        let kept = self.keyring.kept(Slot { host: authority, repository, bearer: bearer.clone() });
        let mut kept = locked(&kept);
        if let Some(token) = kept.as_ref().filter(|token| token.until > Instant::now()) {
            return Ok(token.header.clone());
        }
        let token = self.granted(host, &bearer, ask.repository)?;
        let header = token.header.clone();
        *kept = Some(token);
        Ok(header)
    }

    /// A token as its server grants it.
    fn granted(&self, host: &Host, bearer: &Bearer, repository: &Repository) -> Result<Token> {
        let what = format!("a token of `{}`", host.registry);
        let asked = Instant::now();
        let answer = self.requested(host, bearer, repository, &what)?;
        if answer.status != 200 {
            // RFC 6749 has 400 for credentials that are wrong.
            return Err(match answer.refusal(&what) {
                ClientError::Refused { registry, what, status: 400, said } => {
                    ClientError::Login { registry, what, said }
                }
                other => other,
            });
        }
        let bytes = answer.bytes(&what, LONGEST)?;
        let unreadable = |why: &str| ClientError::Document { what: what.clone(), why: why.to_owned() };
        // What serde says of it might hold a piece of a token.
        let granted: Granted = object(&what, &bytes).map_err(|_| unreadable("it is no token in JSON"))?;
        let text = [granted.token, granted.access_token].into_iter().flatten().find(|text| !text.is_empty());
        let text = text.ok_or_else(|| unreadable("it holds no token"))?;
        let header = secret(&format!("Bearer {text}")).ok_or_else(|| unreadable("it is no token"))?;
        let life = granted.expires_in.filter(|life| *life > 0).map_or(USUAL, Duration::from_secs).min(MOST);
        // It was made before it came here, and has to hold until the request arrives.
        Ok(Token { header, until: asked + life.mul_f64(0.9) })
    }

    /// A password goes along to the token server that the registry names, and from there nowhere.
    fn requested(&self, host: &Host, bearer: &Bearer, repository: &Repository, what: &str) -> Result<Answer> {
        let realm = realm(host, bearer, what)?;
        let (mut address, mut shown, mut form) = (realm.clone(), None, String::new());
        match self.credentials(repository)? {
            Some(Credentials::IdentityToken { token, .. }) => form = refresh_form(bearer, token.reveal()),
            Some(Credentials::Password { user, password }) => {
                address = query(&realm, bearer).with("account", &user);
                shown = Some(basic(host, &user, password.reveal())?);
            }
            None => address = query(&realm, bearer),
        }
        let mut ask = Ask {
            method: Method::GET,
            place: Place::At(&address),
            headers: Vec::new(),
            repository,
            scope: String::new(),
            what,
            bytes: LONGEST,
        };
        if form.is_empty() {
            return self.asked_elsewhere(host, &ask, Load::Nothing, shown.as_ref());
        }
        ask.method = Method::POST;
        ask.headers.push((CONTENT_TYPE, "application/x-www-form-urlencoded".to_owned()));
        self.asked_elsewhere(host, &ask, Load::Bytes(form.as_bytes()), None)
    }

    fn asked_elsewhere(
        &self,
        host: &Host,
        ask: &Ask<'_>,
        load: Load<'_>,
        shown: Option<&HeaderValue>,
    ) -> Result<Answer> {
        match ask.place {
            Place::At(address) if !self.is_own(host, address) => {
                self.followed(&*self.stranger(address)?, ask, load, shown)
            }
            _ => self.followed(host, ask, load, shown),
        }
    }
}

/// The token server's address. A password is not sent in the clear to anybody but this machine and a host
/// that is itself reached so.
fn realm(host: &Host, bearer: &Bearer, what: &str) -> Result<Address> {
    let realm = Address::parse(&bearer.realm).ok_or_else(|| ClientError::Protocol {
        registry: host.registry.clone(),
        what: what.to_owned(),
        why: "the address of its token server is none".to_owned(),
    })?;
    let refused = |why| ClientError::Redirect { from: host.registry.clone(), to: realm.to_string(), why };
    let own = Address::new(host.scheme.get().copied().unwrap_or(realm.scheme), &host.authority, "/");
    if let Some(why) = own.forbids(&realm) {
        return Err(refused(why));
    }
    let name = |authority: &str| authority.rsplit_once(':').map_or(authority, |(name, _)| name).to_owned();
    let same = host.plain == Plain::Allowed && name(&host.authority) == name(&realm.authority);
    if realm.scheme == Scheme::Http && !same && !is_loopback(&realm.authority) {
        return Err(refused("its token server does not use TLS"));
    }
    Ok(realm)
}

fn scopes(bearer: &Bearer) -> impl Iterator<Item = &str> {
    bearer.scope.split(' ').filter(|scope| !scope.is_empty())
}

fn query(realm: &Address, bearer: &Bearer) -> Address {
    let address = match bearer.service.as_str() {
        "" => realm.clone(),
        service => realm.with("service", service),
    };
    scopes(bearer).fold(address, |address, scope| address.with("scope", scope))
}

/// RFC 6749, section 6.
fn refresh_form(bearer: &Bearer, token: &str) -> String {
    let (service, scope, token) = (escaped(&bearer.service), escaped(&bearer.scope), escaped(token));
    format!("grant_type=refresh_token&client_id=coffer&service={service}&scope={scope}&refresh_token={token}")
}

/// RFC 7617.
pub(crate) fn basic(host: &Host, user: &str, password: &str) -> Result<HeaderValue> {
    let text = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
    secret(&text).ok_or_else(|| ClientError::Login {
        registry: host.registry.clone(),
        what: "anything".to_owned(),
        said: String::new(),
    })
}

/// A header's value that no log shows.
fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
