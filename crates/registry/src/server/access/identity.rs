//! Who somebody has proved to be.

use super::scope::{Action, Rights};

/// Who is asking, and what they may do. Made by [`super::Access`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) rights: Rights,
}

/// What kind of somebody it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person with a password.
    User,
    /// A token that was made for a machine.
    Token,
    /// Nobody has said.
    Anonymous,
}

impl Identity {
    /// A user's name, a token's id, or `anonymous`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What kind of somebody it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether they may do something to a repository.
    #[must_use]
    pub fn may(&self, repository: &str, action: Action) -> bool {
        self.rights.on(repository).contain(action.into())
    }

    /// As the ledger has it: `user:anna`, `token:5f0c…`, `anonymous`.
    #[must_use]
    pub fn who(&self) -> String {
        match self.kind {
            Kind::User => format!("user:{}", self.name),
            Kind::Token => format!("token:{}", self.name),
            Kind::Anonymous => self.name.clone(),
        }
    }
}
