//! From what the host says about registries to the hosts that are asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use model::reference::Repository;

use super::address::{Address, is_loopback};
use super::host::{Host, Plain, Reach, locked};
use super::tls::{Certificates, Roots, Verification};
use super::{ClientError, Result, Shared};
use crate::config::{ConfigError, Endpoint, Named, Role, Scheme, Security, TlsFiles};

/// The hosts that were asked so far.
#[derive(Default)]
pub(crate) struct Hosts {
    roots: Roots,
    known: Mutex<BTreeMap<(String, Plain, Verification), Arc<Host>>>,
}

/// One place that answers for a repository.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) host: Arc<Host>,
    /// The repository as this place calls it.
    pub(crate) repository: Repository,
}

impl Way {
    /// `/v2/<name>` and what follows.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v2/{}/{rest}", self.repository.path)
    }

    /// What a token has to allow, as the token specification writes it.
    pub(crate) fn scope(&self, actions: &str) -> String {
        format!("repository:{}:{actions}", self.repository.path)
    }
}

impl Shared {
    /// Asks each place that may have it, mirrors first, until one does. Bytes that are wrong are an answer
    /// too: whoever serves them is not passed over in silence.
    pub(crate) fn anywhere<T>(
        &self,
        repository: &Repository,
        named: Named,
        mut attempt: impl FnMut(&Way) -> Result<T>,
    ) -> Result<T> {
        let places = self.config.endpoints(repository).map_err(configured)?;
        for place in places.into_iter().filter(|place| place.serves(named)) {
            let role = place.role;
            let way = self.way(place)?;
            if role == Role::Registry {
                return attempt(&way);
            }
            if way.host.is_given_up() {
                continue;
            }
            match attempt(&way) {
                Err(error) if error.is_forgery() => return Err(error),
                Err(error) if error.is_passing() => way.host.give_up(),
                Err(_) => {}
                Ok(found) => return Ok(found),
            }
        }
        Err(ClientError::Configured {
            code: "E-registry-settings",
            cause: format!("no place is configured that serves `{repository}`"),
            remedy: "change registries.conf: mirrors and `location`".to_owned(),
        })
    }

    /// The registry itself: what is written goes there.
    pub(crate) fn registry(&self, repository: &Repository) -> Result<Way> {
        self.way(self.config.destination(repository).map_err(configured)?)
    }

    /// A registry without any of its repositories.
    pub(crate) fn whole(&self, registry: &str) -> Result<Way> {
        self.registry(&Repository { registry: registry.to_owned(), path: String::new() })
    }

    fn way(&self, place: Endpoint) -> Result<Way> {
        let verification = match place.security {
            Security::Verified => Verification::Enforced,
            Security::Insecure => Verification::Waived,
        };
        let plain = match place.security {
            Security::Insecure => Plain::Allowed,
            Security::Verified if is_loopback(place.host()) => Plain::Allowed,
            Security::Verified => Plain::Never,
        };
        let host = self.host(place.host(), &place.repository.registry, plain, verification)?;
        Ok(Way { host, repository: place.repository })
    }

    /// The host of an address that an answer has named. It gets what certs.d has for it, and no credentials.
    pub(crate) fn stranger(&self, address: &Address) -> Result<Arc<Host>> {
        // Going from TLS to none was ruled out before.
        self.host(&address.authority, &address.authority, Plain::Never, Verification::Enforced)
    }

    fn host(
        &self,
        authority: &str,
        registry: &str,
        plain: Plain,
        verification: Verification,
    ) -> Result<Arc<Host>> {
        let mut known = locked(&self.hosts.known);
        // A host that was only named by an answer is not the same as one that the settings speak of.
        let key = (authority.to_owned(), plain, verification);
        if let Some(host) = known.get(&key) {
            return Ok(Arc::clone(host));
        }
        let files = self.config.tls(authority).map_err(configured)?;
        // Whoever has filed certificates for it means TLS, on this machine too.
        let filed = files != TlsFiles::default();
        let plain = if filed && verification == Verification::Enforced { Plain::Never } else { plain };
        let identity =
            files.client.map(|client| (client.certificate, client.key.reveal().as_bytes().to_vec()));
        let reach = Reach {
            registry: registry.to_owned(),
            authority: authority.to_owned(),
            plain,
            verification,
            certificates: Certificates { authorities: files.authorities, identity },
            proxies: self.proxies(authority)?,
        };
        let host = Arc::new(Host::new(reach, &self.hosts.roots, &self.patience)?);
        known.insert(key, Arc::clone(&host));
        Ok(host)
    }

    fn proxies(&self, authority: &str) -> Result<BTreeMap<Scheme, String>> {
        let mut proxies = BTreeMap::new();
        for scheme in [Scheme::Https, Scheme::Http] {
            let proxy = self.config.proxy_for(authority, scheme).map_err(configured)?;
            proxies.extend(proxy.map(|proxy| (scheme, proxy.address().to_owned())));
        }
        Ok(proxies)
    }
}

/// What is wrong with the settings, in their own words.
pub(crate) fn configured(error: ConfigError) -> ClientError {
    ClientError::Configured { code: error.code(), cause: error.to_string(), remedy: error.remedy() }
}
