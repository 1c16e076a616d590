//! Files at an address that somebody typed, which belong to no repository.

use std::io::Read;

use http::Method;
use http::header::LAST_MODIFIED;
use model::reference::Repository;

use super::address::{Address, is_loopback};
use super::exchange::{Ask, Load, Place};
use super::{ClientError, Result, Shared};
use crate::config::Scheme;

/// Bytes for which there is time: more than anybody publishes in one file.
const MOST: u64 = 4 << 30;

/// What is at an address.
pub struct Download {
    /// Its bytes.
    pub body: Box<dyn Read + Send>,
    /// When it was changed last, as the server writes it.
    pub modified: Option<String>,
}

impl Shared {
    /// Opens what is at an address. Nobody is shown credentials, and without TLS only this machine is asked.
    pub(crate) fn download(&self, url: &str) -> Result<Download> {
        let sound = |address: &Address| address.scheme == Scheme::Https || is_loopback(&address.authority);
        let address = Address::parse(url).filter(sound).ok_or_else(|| ClientError::Configured {
            code: "E-advisories-address",
            cause: format!("`{url}` is no address that files are fetched from"),
            remedy: "give one that begins with https://, or fetch the file yourself".to_owned(),
        })?;
        // Who is asked for nothing of theirs needs no credentials.
        let nobody = Repository { registry: address.authority.clone(), path: String::new() };
        let what = format!("`{address}`");
        let ask = Ask {
            method: Method::GET,
            place: Place::At(&address),
            headers: Vec::new(),
            repository: &nobody,
            scope: String::new(),
            what: &what,
            bytes: MOST,
        };
        let host = self.stranger(&address)?;
        let answer = self.persistently(|| self.followed(&host, &ask, Load::Nothing, None))?;
        match answer.status.as_u16() {
            200 => {
                let modified = answer.header(LAST_MODIFIED).map(str::to_owned);
                Ok(Download { body: Box::new(answer.reader()), modified })
            }
            _ => Err(answer.refusal(&what)),
        }
    }
}
