//! A site's rules: asked before anything changes.

use std::future::Future;
use std::pin::Pin;

use super::Result;
use crate::server::names::{RepositoryName, Tag};
use crate::server::shelf::ContentDigest;

/// Something that is about to change.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// A repository begins to have a blob or a manifest that it did not have.
    Gain {
        /// Which one.
        digest: &'a ContentDigest,
        /// Its bytes.
        size: u64,
    },
    /// A repository has lost a blob or a manifest. Nobody can refuse that.
    Lose {
        /// Which one.
        digest: &'a ContentDigest,
        /// Its bytes.
        size: u64,
    },
    /// A tag begins to mean another manifest, or none.
    Tag {
        /// Which one.
        tag: &'a Tag,
        /// What it means.
        from: Option<&'a ContentDigest>,
        /// What it will mean.
        to: Option<&'a ContentDigest>,
    },
}

/// A rule's answer, which may take a look at the shelf.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// A site's rules.
pub trait Policy: Send + Sync {
    /// Whether something may change: [`super::DepotError::Refused`] if not.
    fn allow<'a>(&'a self, repository: &'a RepositoryName, change: Change<'a>) -> Answer<'a>;
}

/// No rules: everything may change.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anything;

impl Policy for Anything {
    fn allow<'a>(&'a self, _: &'a RepositoryName, _: Change<'a>) -> Answer<'a> {
        Box::pin(std::future::ready(Ok(())))
    }
}
