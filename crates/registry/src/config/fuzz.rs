//! Entry points for fuzzers: hostile text in, nothing but an answer out.

use std::path::Path;

use model::reference::{ImageName, Repository};

pub use super::credentials::fuzz::{answer, credentials};
use super::endpoint::Endpoint;
use super::no_proxy::NoProxy;
use super::registries::Registries;
use super::shortname::full_name;

/// Where a name leads by the text of a registries.conf: its whole name, where to pull from, where to push to.
///
/// # Errors
/// What is wrong with the text, or forbids the name.
pub fn registries(text: &str, name: &ImageName) -> super::Result<(ImageName, Vec<Endpoint>, Endpoint)> {
    let registries = Registries::of_text(Path::new("registries.conf"), text)?;
    let full = full_name(&registries, name)?;
    let repository: Repository = full.located();
    Ok((full, registries.endpoints(&repository)?, registries.destination(&repository)?))
}

/// Whether a host is reached without a proxy by the rules of a `NO_PROXY`.
#[must_use]
pub fn is_exempt(rules: &str, host: &str) -> bool {
    NoProxy::parse(rules).covers(host, 443)
}
