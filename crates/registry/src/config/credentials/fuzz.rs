//! Entry points for fuzzers: files with credentials and answers of helpers.

use std::path::Path;

use model::reference::Repository;

use super::file::{AuthFile, Source};
use super::{Credentials, answer};
use crate::config::error::Result;
use crate::config::secret::Secret;

/// What a file's bytes have for a registry after a login was added, and after it was taken out.
///
/// # Errors
/// What is wrong with the bytes.
pub fn credentials(
    bytes: &[u8],
    registry: &Repository,
    user: &str,
    password: &Secret,
) -> Result<[Option<Credentials>; 2]> {
    let mut file = AuthFile::parse(Path::new("auth.json"), bytes)?;
    file.keep(registry, user, password)?;
    let mut again = AuthFile::parse(&file.path, file.text()?.as_bytes())?;
    let added = again.source(registry)?;
    again.remove(registry)?;
    Ok([added, again.source(registry)?].map(inline))
}

/// What a helper's answer says.
///
/// # Errors
/// What is no answer.
pub fn answer(bytes: &[u8]) -> std::result::Result<Option<Credentials>, &'static str> {
    answer::parse(bytes)
}

fn inline(source: Option<Source>) -> Option<Credentials> {
    match source {
        Some(Source::Inline(credentials)) => Some(credentials),
        Some(Source::Helper(_)) | None => None,
    }
}
