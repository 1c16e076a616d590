//! Whether a registry takes a name and a password: distribution specification, "Determining Support".

use http::Method;

use super::exchange::{Ask, Place};
use super::keyring::Keyring;
use super::settings::Hosts;
use super::{Checked, Result, Shared};

impl Shared {
    /// With connections and a keyring of its own, so that nothing is kept and nothing that is kept helps.
    pub(crate) fn check_login(&self, registry: &str, user: &str, password: &str) -> Result<Checked> {
        let tried = Self {
            config: self.config.clone(),
            patience: self.patience,
            hosts: Hosts::default(),
            keyring: Keyring::trying(user, password),
            evidence: None,
        };
        let way = tried.whole(registry)?;
        let what = "login";
        let ask = Ask {
            method: Method::GET,
            place: Place::Path("/v2/".to_owned()),
            headers: Vec::new(),
            repository: &way.repository,
            scope: String::new(),
            what,
            bytes: 0,
        };
        tried.persistently(|| {
            let answer = tried.ask(&way.host, &ask, &[])?;
            if answer.status == 200 { Ok(()) } else { Err(answer.refusal(what)) }
        })?;
        Ok(if way.host.challenge().is_some() { Checked::Accepted } else { Checked::NotAsked })
    }
}
