//! What can go wrong between us and a registry: the thing, the cause and the next step.
//!
//! Whatever a registry said stands in these messages only after the plain-text filter, and no credential ever
//! does.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use model::digest::DigestMismatch;

/// Why a registry's answer is not what was asked for. Nothing that came with such an answer is kept, but
/// for evidence.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The host has no address, or nothing listens there, or the connection broke before an answer came.
    #[error("`{host}` cannot be reached: {cause}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the system said.
        cause: String,
    },
    /// It does not speak TLS, or its certificate is not one that we trust for it.
    #[error("no trusted connection to `{host}`: {cause}")]
    Tls {
        /// Host and port.
        host: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A certificate or key that the configuration names cannot be used.
    #[error("the certificates for `{host}` cannot be used: {cause}")]
    Certificate {
        /// Host and port.
        host: String,
        /// What is wrong with them.
        cause: String,
    },
    /// The proxy that the environment names cannot be used.
    #[error("the proxy for `{host}` cannot be used: {cause}")]
    Proxy {
        /// Host and port of the registry.
        host: String,
        /// What is wrong with it.
        cause: String,
    },
    /// What the host says about registries cannot be read, or forbids this one.
    #[error("{cause}")]
    Configured {
        /// The stable code of the cause.
        code: &'static str,
        /// In words.
        cause: String,
        /// What a person can do about it.
        remedy: String,
    },
    /// No answer within the time that one may take.
    #[error("`{host}` did not answer within {} seconds", .waited.as_secs())]
    Silent {
        /// Host and port.
        host: String,
        /// How long we waited.
        waited: Duration,
    },
    /// A transfer that crept, again and again.
    #[error("{what} comes too slowly: less than {least} bytes a second for {} seconds", .over.as_secs())]
    Slow {
        /// What was transferred.
        what: String,
        /// Bytes for each second that it should have had.
        least: u64,
        /// For how long it had not.
        over: Duration,
    },
    /// The connection broke in the middle, again and again.
    #[error("{what} breaks off after {got} of {expected} bytes: {cause}")]
    Cut {
        /// What was transferred.
        what: String,
        /// Bytes that arrived.
        got: u64,
        /// Bytes that should have.
        expected: u64,
        /// What the last attempt ended with.
        cause: String,
    },
    /// It wants to know who we are, or does not believe it.
    #[error("`{registry}` wants valid credentials for {what}{}", remark(.said))]
    Login {
        /// The registry.
        registry: String,
        /// What was asked for.
        what: String,
        /// What it said.
        said: String,
    },
    /// It knows who we are, and says no.
    #[error("`{registry}` denies {what}{}", remark(.said))]
    Denied {
        /// The registry.
        registry: String,
        /// What was asked for.
        what: String,
        /// What it said.
        said: String,
    },
    /// It does not have it.
    #[error("`{registry}` has no {what}{}", remark(.said))]
    Missing {
        /// The registry.
        registry: String,
        /// What was asked for.
        what: String,
        /// What it said.
        said: String,
    },
    /// It has had enough of us for now.
    #[error("`{registry}` takes no more requests for now{}", remark(.said))]
    RateLimit {
        /// The registry.
        registry: String,
        /// What it said.
        said: String,
        /// How long it asks us to wait.
        wait: Option<Duration>,
    },
    /// Another refusal.
    #[error("`{registry}` refuses {what} with status {status}{}", remark(.said))]
    Refused {
        /// The registry.
        registry: String,
        /// What was asked for.
        what: String,
        /// HTTP's status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// It could not, and says that this is its own fault.
    #[error("`{registry}` fails at {what} with status {status}{}", remark(.said))]
    Failed {
        /// The registry.
        registry: String,
        /// What was asked for.
        what: String,
        /// HTTP's status.
        status: u16,
        /// What it said.
        said: String,
        /// How long it asks us to wait.
        wait: Option<Duration>,
    },
    /// An answer that the protocol does not know.
    #[error("`{registry}` breaks the protocol at {what}: {why}")]
    Protocol {
        /// The registry.
        registry: String,
        /// What was asked for.
        what: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// It sends us somewhere that we do not go.
    #[error("`{from}` redirects to `{to}`, which is not followed: {why}")]
    Redirect {
        /// Who redirects.
        from: String,
        /// Scheme and host that were named.
        to: String,
        /// Which rule forbids it.
        why: &'static str,
    },
    /// Bytes that hash to something else than was claimed for them: an attack until proven otherwise.
    #[error("{what} is not what its digest says: {mismatch}{}", kept(.evidence))]
    Digest {
        /// What was transferred.
        what: String,
        /// Both digests.
        mismatch: DigestMismatch,
        /// Where the bytes were kept.
        evidence: Option<PathBuf>,
    },
    /// It has another size than was claimed.
    #[error("{what} has {found} bytes where {claimed} are claimed")]
    Size {
        /// What was transferred.
        what: String,
        /// By the descriptor.
        claimed: u64,
        /// By the answer.
        found: u64,
    },
    /// What it is called contradicts what it is.
    #[error("{what} is called `{called}`, and {why}")]
    MediaType {
        /// Which document.
        what: String,
        /// By the answer's header.
        called: String,
        /// By its own content.
        why: String,
    },
    /// A document that is not one.
    #[error("{what} cannot be read: {why}")]
    Document {
        /// Which document.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A limit against endless answers was passed.
    #[error("{what} passes the limit of {allowed} {limit}")]
    Limit {
        /// What was asked for.
        what: String,
        /// What is limited, in words, with its unit.
        limit: &'static str,
        /// The limit's value.
        allowed: u64,
    },
    /// What we were to send could not be read.
    #[error("{what} cannot be read to be sent: {cause}")]
    Source {
        /// What was to be sent.
        what: String,
        /// What the system said.
        cause: io::Error,
    },
}

fn remark(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

fn kept(evidence: &Option<PathBuf>) -> String {
    evidence.as_ref().map_or_else(String::new, |path| format!("; the bytes are kept in `{}`", path.display()))
}

impl ClientError {
    /// The stable code that `coffer help` explains.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "E-registry-unreachable",
            Self::Tls { .. } => "E-registry-tls",
            Self::Certificate { .. } => "E-registry-certificate",
            Self::Proxy { .. } => "E-registry-proxy",
            Self::Configured { code, .. } => code,
            Self::Silent { .. } => "E-registry-silent",
            Self::Slow { .. } => "E-registry-slow",
            Self::Cut { .. } => "E-registry-cut",
            Self::Login { .. } => "E-registry-login",
            Self::Denied { .. } => "E-registry-denied",
            Self::Missing { .. } => "E-registry-missing",
            Self::RateLimit { .. } => "E-registry-rate",
            Self::Refused { .. } => "E-registry-refused",
            Self::Failed { .. } => "E-registry-failed",
            Self::Protocol { .. } => "E-registry-protocol",
            Self::Redirect { .. } => "E-registry-redirect",
            Self::Digest { .. } => "E-registry-digest",
            Self::Size { .. } => "E-registry-size",
            Self::MediaType { .. } => "E-registry-media-type",
            Self::Document { .. } => "E-registry-document",
            Self::Limit { .. } => "E-registry-limit",
            Self::Source { .. } => "E-registry-source",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Unreachable { .. } => {
                "check the name, the network, and HTTPS_PROXY or HTTP_PROXY".to_owned()
            }
            Self::Tls { host, .. } => format!(
                "put its authority's certificate into certs.d/{host}/ca.crt, or name it `insecure` in registries.conf"
            ),
            Self::Certificate { host, .. } => {
                format!("certs.d/{host} takes *.crt, and pairs of *.cert and *.key, all in PEM")
            }
            Self::Proxy { .. } => {
                "HTTPS_PROXY and HTTP_PROXY take http://, https:// or socks5://HOST:PORT".to_owned()
            }
            Self::Configured { remedy, .. } => remedy.clone(),
            Self::Silent { .. } | Self::Slow { .. } | Self::Cut { .. } | Self::Failed { .. } => {
                "try again later; what has been transferred so far need not be again".to_owned()
            }
            Self::Login { registry, .. } => format!("coffer login {registry}"),
            Self::Denied { registry, .. } => {
                format!(
                    "ask the owner of the repository, or log in as somebody else: coffer login {registry}"
                )
            }
            Self::Missing { .. } => {
                "check the name; some registries say so of what they do not want to show".to_owned()
            }
            Self::RateLimit { registry, wait, .. } => {
                let wait =
                    wait.map_or_else(|| "a while".to_owned(), |wait| format!("{} seconds", wait.as_secs()));
                format!("wait {wait}, or log in, which often raises the limit: coffer login {registry}")
            }
            Self::Refused { .. } => "the registry's operators know why".to_owned(),
            Self::Protocol { .. } | Self::Document { .. } | Self::Limit { .. } => {
                "check that it is a registry; if it is, tell its operators".to_owned()
            }
            Self::Redirect { .. } => "name the other registry yourself if you trust it".to_owned(),
            Self::Digest { .. } | Self::Size { .. } | Self::MediaType { .. } => {
                "take it as an attack until you know better: tell the registry's operators, use nothing of it"
                    .to_owned()
            }
            Self::Source { .. } => "coffer image verify".to_owned(),
        }
    }
    /// Whether the same request may succeed a little later.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Silent { .. }
                | Self::Slow { .. }
                | Self::Cut { .. }
                | Self::RateLimit { .. }
                | Self::Failed { .. }
        )
    }

    /// Whether somebody serves what it is not: nobody else's answer makes up for that.
    pub(crate) fn is_forgery(&self) -> bool {
        matches!(self, Self::Digest { .. } | Self::Size { .. } | Self::MediaType { .. })
    }

    /// How long the registry asks us to wait before the next try.
    pub(crate) fn wait(&self) -> Option<Duration> {
        match self {
            Self::RateLimit { wait, .. } | Self::Failed { wait, .. } => *wait,
            _ => None,
        }
    }
}
