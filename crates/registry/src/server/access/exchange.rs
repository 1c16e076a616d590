//! The token endpoint, by the distribution token specification: `GET /token` with a query, `POST /token` with a
//! form. The answer allows what was asked for and is granted, and never more.

use std::net::IpAddr;

use http::HeaderValue;
use serde::Serialize;

use super::Access;
use super::credentials::Credentials;
use super::denied::Denied;
use super::identity::Identity;
use super::jwt::{self, Claims, LIFETIME};
use super::password::random;
use super::scope::{Actions, Scope};

/// How many scopes one request may ask for.
const SCOPES: usize = 32;

/// The longest query or form.
pub const QUERY: usize = 32 * 1024;

/// What a client asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenRequest {
    service: Option<String>,
    scopes: Vec<String>,
    grant: Option<String>,
    credentials: Option<Credentials>,
}

/// Why a request for a token is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TokenSyntax(&'static str);

/// A name and a password, as far as they are there.
type Typed = (Option<String>, Option<String>);

impl TokenRequest {
    /// Reads a query.
    ///
    /// # Errors
    /// One that is too long or not percent-encoded.
    pub fn query(query: &str) -> Result<Self, TokenSyntax> {
        Self::read(query).map(|(request, _)| request)
    }

    /// Reads a form, with the name and the password in it.
    ///
    /// # Errors
    /// As [`TokenRequest::query`]; a grant that is not by password, as no other is given.
    pub fn form(form: &[u8]) -> Result<Self, TokenSyntax> {
        let text = std::str::from_utf8(form).map_err(|_| TokenSyntax("the form is no text"))?;
        let (mut request, (name, password)) = Self::read(text)?;
        if request.grant.as_deref() != Some("password") {
            return Err(TokenSyntax("the grant type has to be `password`: there are no refresh tokens"));
        }
        let credentials = Credentials::named(&name.unwrap_or_default(), &password.unwrap_or_default());
        request.credentials = Some(credentials.ok_or(TokenSyntax("the form needs a name and a password"))?);
        Ok(request)
    }

    fn read(text: &str) -> Result<(Self, Typed), TokenSyntax> {
        if text.len() > QUERY {
            return Err(TokenSyntax("the request is too long"));
        }
        let (mut request, mut name, mut password) = (Self::default(), None, None);
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value).ok_or(TokenSyntax("the request is not percent-encoded"))?;
            match key {
                "service" => request.service = Some(value),
                "scope" => request.scopes.extend(value.split_ascii_whitespace().map(str::to_owned)),
                "grant_type" => request.grant = Some(value),
                "username" => name = Some(value),
                "password" => password = Some(value),
                _ => {}
            }
        }
        match request.scopes.len() > SCOPES {
            true => Err(TokenSyntax("the request has too many scopes")),
            false => Ok((request, (name, password))),
        }
    }
}

/// Undoes the percent-encoding of a form, once.
fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match first {
            b'%' => {
                let (hex, after) = after.split_at_checked(2)?;
                let hex =
                    std::str::from_utf8(hex).ok().filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
                (u8::from_str_radix(hex, 16).ok()?, after)
            }
            b'+' => (b' ', after),
            byte => (*byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// The answer.
#[derive(Serialize)]
struct Issued {
    token: String,
    access_token: String,
    expires_in: u64,
    issued_at: String,
    /// What the token allows, for clients that look (RFC 6749, 5.1).
    scope: String,
}

impl Access {
    /// Gives a token to whoever says who they are, or to nobody in particular where nobody may pull. The answer is
    /// a JSON document that nobody on the way should keep.
    ///
    /// # Errors
    /// [`Denied`] for credentials that are wrong, or missing where they are needed; to be answered with
    /// [`Denied::basic`].
    pub async fn token(
        &self,
        request: &TokenRequest,
        authorization: Option<&HeaderValue>,
        peer: IpAddr,
        now: u64,
    ) -> Result<Vec<u8>, Denied> {
        if request.service.as_ref().is_some_and(|service| *service != self.service) {
            return Err(Denied::forbidden(&format!("this is the token server of `{}`", self.service)));
        }
        let shown = match (&request.credentials, authorization) {
            (Some(credentials), _) => Some(credentials.clone()),
            (None, header) => self.shown(header)?,
        };
        if matches!(&shown, Some(Credentials::Bearer(bearer)) if !super::is_account_token(bearer.reveal())) {
            return Err(self.unknown("a token is no reason for another one"));
        }
        let identity = self.identify(shown, peer, now).await?;
        let asked = request.scopes.iter().filter_map(|scope| Scope::parse(scope));
        let granted: Vec<Scope> = asked.filter_map(|scope| identity.rights.part_of(&scope)).collect();
        self.issue(&identity, &merged(granted), now).await
    }

    async fn issue(&self, identity: &Identity, scopes: &[Scope], now: u64) -> Result<Vec<u8>, Denied> {
        let failed = |_| Denied::unavailable("no token can be made at the moment");
        let id = u128::from_be_bytes(random().map_err(failed)?);
        let claims = Claims {
            iss: self.service.clone(),
            sub: identity.who(),
            aud: self.service.clone(),
            iat: now,
            nbf: now,
            exp: now.saturating_add(LIFETIME),
            jti: format!("{id:032x}"),
            access: scopes.iter().map(jwt::Access::of).collect(),
        };
        let (kid, key) = self.keys.signing(now).await.map_err(failed)?;
        let token = jwt::sign(&claims, &kid, &key)
            .ok_or_else(|| Denied::unavailable("no token can be made at the moment"))?;
        let issued_at = i64::try_from(now).ok().and_then(|now| jiff::Timestamp::from_second(now).ok());
        let scope = scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let issued = Issued {
            access_token: token.clone(),
            token,
            expires_in: LIFETIME,
            issued_at: issued_at.unwrap_or_default().to_string(),
            scope,
        };
        serde_json::to_vec(&issued).map_err(|_| Denied::unavailable("no token can be made at the moment"))
    }
}

/// Scopes of the same repository are one.
fn merged(scopes: Vec<Scope>) -> Vec<Scope> {
    let mut kept: std::collections::BTreeMap<String, Actions> = std::collections::BTreeMap::new();
    let mut catalog = false;
    for scope in scopes {
        match scope {
            Scope::Repository { name, actions } => {
                let known = kept.entry(name).or_default();
                *known = known.or(actions);
            }
            Scope::Catalog => catalog = true,
        }
    }
    let repositories = kept.into_iter().map(|(name, actions)| Scope::Repository { name, actions });
    repositories.chain(catalog.then_some(Scope::Catalog)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn requests_are_read_as_clients_write_them() {
        let query = "account=anna&client_id=docker&offline_token=true&service=registry\
                     &scope=repository%3Ateam%2Fapp%3Apull%2Cpush&scope=repository:a:pull+registry:catalog:*";
        let request = TokenRequest::query(query).unwrap();
        assert_eq!(request.service.as_deref(), Some("registry"));
        assert_eq!(
            request.scopes,
            ["repository:team/app:pull,push", "repository:a:pull", "registry:catalog:*"]
        );
        let form =
            b"grant_type=password&username=anna&password=a%26b+c&service=registry&scope=repository:a:pull";
        assert_eq!(TokenRequest::form(form).unwrap().credentials, Credentials::named("anna", "a&b c"));
    }

    #[test]
    fn other_requests_are_refused() {
        for bad in ["scope=%", "scope=%4", "scope=%zz", "scope=%+1", "scope=%ff"] {
            assert!(TokenRequest::query(bad).is_err(), "{bad}");
        }
        assert!(TokenRequest::query(&"scope=a&".repeat(33)).is_err());
        assert!(TokenRequest::query(&"a".repeat(QUERY + 1)).is_err());
        for bad in
            ["", "username=a&password=b", "grant_type=refresh_token&refresh_token=x", "grant_type=password"]
        {
            assert!(TokenRequest::form(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_query_is_too_strange(query in ".{0,200}") {
            let _ = TokenRequest::query(&query);
        }
    }
}
