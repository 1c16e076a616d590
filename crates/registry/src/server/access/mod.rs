//! Who may do what: accounts, passwords, tokens, scopes, and how often.
//!
//! Nothing is allowed that is not granted. Whoever shows credentials that do not hold is nobody, and not
//! `anonymous`. Accounts are on the shelf; what is in memory are caches and counts of this server.

mod pattern;
mod scope;
mod identity;
mod denied;

mod error;
mod record;
mod accounts;

mod password;
mod credentials;
mod limit;
mod doorkeeper;

mod jwt;
mod keys;
mod exchange;

#[doc(hidden)]
pub mod fuzz;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;

pub use accounts::Accounts;
pub use denied::Denied;
pub use error::AccountError;
pub use exchange::{QUERY, TokenRequest, TokenSyntax};
pub use identity::{Identity, Kind};
pub use pattern::{Pattern, PatternSyntax};
pub use record::{Role, TOKEN_USER, Team, Token, User};
pub use scope::{Action, Actions, Grant, Rights, Scope};

pub(super) use password::{generate, hash};

use super::settings::{AccessSettings, Anonymous};
use super::shelf::Shelf;
use crate::config::Secret;
use credentials::Credentials;
use denied::Challenge;
use doorkeeper::{Doorkeeper, Turned};
use jwt::Unchecked;
use keys::Keys;
use limit::{Buckets, Rate, neighbourhood};
use record::ANONYMOUS;

/// What the secret of an account's token begins with, so that a leaked one can be found by searching.
const TOKEN_PREFIX: &str = "coffer_";

/// How often it is written down that a token is used, in seconds.
const USE_NOTED: u64 = 600;

/// Whoever decides.
pub struct Access {
    service: String,
    anonymous: Anonymous,
    accounts: Accounts,
    keys: Keys,
    door: Doorkeeper,
    addresses: Buckets<IpAddr>,
    identities: Buckets<String>,
    /// When the use of a token was last written down, by its id.
    noted: Mutex<HashMap<String, u64>>,
}

impl Access {
    /// Decides by the accounts on this shelf.
    ///
    /// # Errors
    /// A kernel without random bytes.
    pub fn new(shelf: &Shelf, settings: &AccessSettings) -> Result<Self, AccountError> {
        let rate =
            |per_second: u32| Rate { burst: f64::from(per_second) * 4.0, per_second: f64::from(per_second) };
        Ok(Self {
            service: settings.service.clone(),
            anonymous: settings.anonymous,
            accounts: Accounts::new(shelf.clone()),
            keys: Keys::new(shelf.clone()),
            door: Doorkeeper::new()?,
            addresses: Buckets::new(rate(settings.requests_per_address)),
            identities: Buckets::new(rate(settings.requests_per_identity)),
            noted: Mutex::default(),
        })
    }

    /// Whether whoever sent this request may do all that it needs. A request that needs nothing, `/v2/` above all,
    /// still needs credentials: that is how clients find out where to log in.
    ///
    /// # Errors
    /// [`Denied`], ready to be sent.
    pub async fn check(
        &self,
        authorization: Option<&HeaderValue>,
        peer: IpAddr,
        needed: &[Scope],
        now: u64,
    ) -> Result<Identity, Denied> {
        self.pace(peer)?;
        let shown = self.shown(authorization).map_err(|denied| with_scopes(denied, needed))?;
        let by = Proof::of(shown.as_ref());
        if by == Proof::Nothing && needed.is_empty() {
            return Err(with_scopes(self.unknown("say who you are"), needed));
        }
        let identity = self.identify(shown, peer, now).await.map_err(|denied| with_scopes(denied, needed))?;
        let covered = needed.iter().all(|scope| identity.rights.cover(scope));
        match by {
            _ if covered => Ok(identity),
            Proof::Nothing => Err(with_scopes(self.unknown("say who you are"), needed)),
            Proof::Ticket => Err(with_scopes(self.insufficient(), needed)),
            Proof::Account => Err(Denied::forbidden(&format!("`{}` may not do this", identity.who()))),
        }
    }

    /// The accounts that this decides by.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    fn pace(&self, peer: IpAddr) -> Result<(), Denied> {
        self.addresses
            .take(neighbourhood(peer), Instant::now())
            .map_err(|wait| Denied::too_many("too many requests from your address", wait.as_secs() + 1))
    }

    fn shown(&self, authorization: Option<&HeaderValue>) -> Result<Option<Credentials>, Denied> {
        let Some(header) = authorization else { return Ok(None) };
        let credentials = Credentials::parse(header.as_bytes());
        credentials.map(Some).ok_or_else(|| self.unknown("the `Authorization` header is not understood"))
    }

    /// Who has shown these.
    async fn identify(&self, shown: Option<Credentials>, peer: IpAddr, now: u64) -> Result<Identity, Denied> {
        let identity = match shown {
            None => self.nobody()?,
            Some(Credentials::Bearer(bearer)) if is_account_token(bearer.reveal()) => {
                self.account_token(&bearer, peer, now).await?
            }
            Some(Credentials::Bearer(bearer)) => self.ticket(&bearer, now).await?,
            Some(Credentials::Basic(name, secret)) if name == TOKEN_USER => {
                self.account_token(&secret, peer, now).await?
            }
            Some(Credentials::Basic(name, password)) => self.user(name, &password, peer).await?,
        };
        if identity.kind != Kind::Anonymous {
            self.identities
                .take(identity.who(), Instant::now())
                .map_err(|wait| Denied::too_many("too many requests", wait.as_secs() + 1))?;
        }
        Ok(identity)
    }

    fn nobody(&self) -> Result<Identity, Denied> {
        match self.anonymous {
            Anonymous::None => Err(self.unknown("say who you are")),
            Anonymous::Pull => Ok(Identity {
                name: ANONYMOUS.to_owned(),
                kind: Kind::Anonymous,
                rights: Rights::new(vec![Grant {
                    repositories: Pattern::all(),
                    actions: Action::Pull.into(),
                }]),
            }),
        }
    }

    async fn user(&self, name: String, password: &Secret, peer: IpAddr) -> Result<Identity, Denied> {
        let user = self.accounts.user(&name).await.map_err(unavailable)?;
        let hash = user.as_ref().map(|user| user.password.clone());
        self.door.check(&name, password, hash, peer).await.map_err(|turned| self.turned(turned))?;
        let user = user.ok_or_else(|| self.turned(Turned::Wrong))?;
        let rights = self.accounts.rights(&user).await.map_err(unavailable)?;
        Ok(Identity { name, kind: Kind::User, rights })
    }

    /// Whoever has a token of an account, `coffer_ID_SECRET`.
    async fn account_token(&self, secret: &Secret, peer: IpAddr, now: u64) -> Result<Identity, Denied> {
        let id = token_id(secret.reveal()).unwrap_or_default().to_owned();
        let token = self.accounts.token(&id).await.map_err(unavailable)?;
        let shown = model::digest::Digest::of(secret.reveal().as_bytes()).hex();
        let valid = token
            .filter(|token| password::same(token.hash.as_bytes(), shown.as_bytes()) && !token.is_over(now));
        let Some(token) = valid else {
            let turned = self.door.wrong_secret(peer).await;
            return Err(self.turned(turned));
        };
        self.note_use(&id, now).await;
        Ok(Identity { name: id, kind: Kind::Token, rights: Rights::new(token.grants) })
    }

    /// Whoever has one of our own short-lived tokens.
    async fn ticket(&self, bearer: &Secret, now: u64) -> Result<Identity, Denied> {
        let no = || self.unknown("the token does not hold, or no longer");
        let unchecked = Unchecked::parse(bearer.reveal()).ok_or_else(no)?;
        let key = self.keys.verifying(&unchecked.kid, now).await.map_err(unavailable)?.ok_or_else(no)?;
        let claims = unchecked.verify(&key, &self.service, now).ok_or_else(no)?;
        let (kind, name) = match claims.sub.split_once(':') {
            Some(("user", name)) => (Kind::User, name),
            Some(("token", id)) => (Kind::Token, id),
            _ => (Kind::Anonymous, ANONYMOUS),
        };
        Ok(Identity { name: name.to_owned(), kind, rights: Rights::new(claims.grants()) })
    }

    /// Writes down that a token is used, now and then. That it could not be written down harms nobody.
    async fn note_use(&self, id: &str, now: u64) {
        let due = {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            let due = noted.get(id).is_none_or(|last| last.saturating_add(USE_NOTED) <= now);
            if due {
                noted.insert(id.to_owned(), now);
            }
            due
        };
        if due {
            let _ = self.accounts.note_use(id, now).await;
        }
    }

    fn turned(&self, turned: Turned) -> Denied {
        match turned {
            Turned::Wrong => self.unknown("the name or the password is wrong"),
            Turned::Away(wait) => {
                Denied::too_many("too many wrong passwords; wait a while", wait.as_secs().saturating_add(1))
            }
        }
    }

    fn unknown(&self, message: &str) -> Denied {
        Denied::unauthorized(message, self.challenge(None))
    }

    fn insufficient(&self) -> Denied {
        Denied::unauthorized("the token does not allow this", self.challenge(Some("insufficient_scope")))
    }

    fn challenge(&self, error: Option<&'static str>) -> Challenge {
        Challenge { service: self.service.clone(), scopes: Vec::new(), error }
    }
}

/// What somebody has shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Nothing,
    /// A short-lived token, which may allow less than whoever has it may do.
    Ticket,
    /// A password, or the token of an account.
    Account,
}

impl Proof {
    fn of(shown: Option<&Credentials>) -> Self {
        match shown {
            None => Self::Nothing,
            Some(Credentials::Bearer(bearer)) if !is_account_token(bearer.reveal()) => Self::Ticket,
            Some(_) => Self::Account,
        }
    }
}

fn with_scopes(mut denied: Denied, needed: &[Scope]) -> Denied {
    if let Some(challenge) = &mut denied.challenge {
        challenge.scopes = needed.to_vec();
    }
    denied
}

fn unavailable(_: AccountError) -> Denied {
    Denied::unavailable("accounts cannot be read at the moment")
}

fn is_account_token(text: &str) -> bool {
    text.starts_with(TOKEN_PREFIX)
}

/// The id in the secret of an account's token.
fn token_id(secret: &str) -> Option<&str> {
    secret.strip_prefix(TOKEN_PREFIX)?.split_once('_').map(|(id, _)| id)
}

/// A new token's id, and its secret.
pub(super) fn new_token() -> Result<(String, Secret), AccountError> {
    let id = u64::from_be_bytes(password::random()?) >> 16;
    let id = format!("{id:012x}");
    let secret = URL_SAFE_NO_PAD.encode(password::random::<32>()?);
    Ok((id.clone(), Secret::new(format!("{TOKEN_PREFIX}{id}_{secret}"))))
}

/// What is kept of a token's secret.
pub(super) fn token_hash(secret: &Secret) -> String {
    model::digest::Digest::of(secret.reveal().as_bytes()).hex()
}
