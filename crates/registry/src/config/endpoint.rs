//! Where a repository's bytes come from: its mirrors first, then the registry itself.

use model::reference::{DOCKER_HUB, Repository};

/// One place to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The repository as this place calls it.
    pub repository: Repository,
    /// Whether the place has to prove who it is.
    pub security: Security,
    /// What may be pulled from it.
    pub pulls: Pulls,
    /// Whether it is the registry itself.
    pub role: Role,
}

/// Whether a place has to prove who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS, and a certificate that holds.
    Verified,
    /// `insecure = true`: any certificate, and plain HTTP where there is no TLS.
    Insecure,
}

/// What may be pulled from a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulls {
    /// Everything.
    All,
    /// Only what is named by its digest, so that a mirror cannot say what a tag means.
    Digests,
    /// Only what is named by a tag.
    Tags,
}

/// What a place is to a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A copy; nothing is pushed to it.
    Mirror,
    /// The registry itself.
    Registry,
}

impl Endpoint {
    /// The host, and port if there is one, that a connection goes to.
    #[must_use]
    pub fn host(&self) -> &str {
        match self.repository.registry.as_str() {
            DOCKER_HUB => "registry-1.docker.io",
            host => host,
        }
    }

    /// Whether a manifest may be pulled from here that is named so.
    #[must_use]
    pub fn serves(&self, named: Named) -> bool {
        match self.pulls {
            Pulls::All => true,
            Pulls::Digests => named == Named::ByDigest,
            Pulls::Tags => named == Named::ByTag,
        }
    }
}

/// How a manifest is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// By what it hashes to.
    ByDigest,
    /// By what the registry says the tag means.
    ByTag,
}
