//! One host that answers for registries: its connections, and what we have learned about it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use ureq::config::Config as AgentConfig;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _, SocksConnector, TcpConnector};
use ureq::{Agent, AsSendBody, Body, Proxy};

use super::challenge::Challenge;
use super::connector::Tls;
use super::patience::Patience;
use super::tls::{Certificates, Roots, Verification};
use super::{ClientError, Result};
use crate::config::Scheme;

/// Idle connections that are kept for each host: as many as threads that pull.
const IDLE: usize = 8;

/// Longest head of an answer.
const HEAD: usize = 64 * 1024;

/// Whether a connection without TLS is made where TLS is not spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Plain {
    /// As everywhere on a network.
    Never,
    /// This machine itself, or a registry that registries.conf calls insecure.
    Allowed,
}

/// How a host is reached.
pub(crate) struct Reach {
    /// What the configuration and people call the registry.
    pub(crate) registry: String,
    /// Host and port.
    pub(crate) authority: String,
    pub(crate) plain: Plain,
    pub(crate) verification: Verification,
    pub(crate) certificates: Certificates,
    /// Addresses of proxies, by what is to go through them.
    pub(crate) proxies: BTreeMap<Scheme, String>,
}

/// A host, once it is needed. Threads share it.
pub(crate) struct Host {
    pub(crate) registry: String,
    pub(crate) authority: String,
    pub(crate) plain: Plain,
    agent: Agent,
    proxies: BTreeMap<Scheme, Proxy>,
    /// Whether TLS is spoken, once that is known.
    pub(crate) scheme: OnceLock<Scheme>,
    challenge: Mutex<Option<Challenge>>,
    given_up: AtomicBool,
}

impl Host {
    pub(crate) fn new(reach: Reach, roots: &Roots, patience: &Patience) -> Result<Self> {
        let Reach { registry, authority, plain, verification, certificates, proxies } = reach;
        let settings = roots.settings(&certificates, verification);
        let settings =
            settings.map_err(|cause| ClientError::Certificate { host: authority.clone(), cause })?;
        let proxy = |(scheme, address): (Scheme, String)| match Proxy::new(&address) {
            Ok(proxy) => Ok((scheme, proxy)),
            // Its address may hold a password.
            Err(error) => Err(ClientError::Proxy { host: authority.clone(), cause: error.to_string() }),
        };
        let proxies = proxies.into_iter().map(proxy).collect::<Result<_>>()?;
        let config = agent_config(patience);
        let connector =
            ().chain(SocksConnector::default())
                .chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(Tls(settings));
        let agent = Agent::with_parts(config, connector, DefaultResolver::default());
        let scheme = OnceLock::new();
        let (challenge, given_up) = (Mutex::new(None), AtomicBool::new(false));
        Ok(Self { registry, authority, plain, agent, proxies, scheme, challenge, given_up })
    }

    /// A request with what applies to it alone: the proxy for what it speaks, and how long its bodies may take.
    pub(crate) fn run(
        &self,
        scheme: Scheme,
        request: Request<impl AsSendBody>,
        most: Duration,
    ) -> std::result::Result<Response<Body>, ureq::Error> {
        let request = self.agent.configure_request(request).proxy(self.proxies.get(&scheme).cloned());
        self.agent.run(request.timeout_send_body(Some(most)).timeout_recv_body(Some(most)).build())
    }

    /// What it wanted to see the last time.
    pub(crate) fn challenge(&self) -> Option<Challenge> {
        locked(&self.challenge).clone()
    }

    pub(crate) fn learn(&self, challenge: Challenge) {
        *locked(&self.challenge) = Some(challenge);
    }

    /// Nobody has to wait again for a mirror that did not answer.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }
}

/// Redirects, statuses and tries are ours to judge, and the environment is not read here.
fn agent_config(patience: &Patience) -> AgentConfig {
    Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("coffer/", env!("CARGO_PKG_VERSION")))
        .accept_encoding("identity")
        .max_response_header_size(HEAD)
        .max_idle_connections(4 * IDLE)
        .max_idle_connections_per_host(IDLE)
        .timeout_resolve(Some(patience.connect))
        .timeout_connect(Some(patience.connect))
        .timeout_send_request(Some(patience.answer))
        .timeout_recv_response(Some(patience.answer))
        .timeout_per_read(Some(patience.over.max(patience.answer)))
        .timeout_per_write(Some(patience.over))
        .build()
}

/// What a thread that panicked left behind here is whole: each change is one assignment.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
