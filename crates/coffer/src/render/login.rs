//! Logins and tags, as text and as data.

use engine::registries::{Forgotten, Kept};
use model::reference::Repository;
use serde::Serialize;

use super::text;

/// `--format json` of `coffer login`.
#[derive(Debug, Serialize)]
pub(crate) struct LoginJson<'a> {
    registry: String,
    user: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<PlaceJson>,
}

/// `--format json` of `coffer logout`: one registry.
#[derive(Debug, Serialize)]
pub(crate) struct LogoutJson {
    registry: String,
    removed: Vec<PlaceJson>,
    left: Vec<String>,
}

/// `--format json` of `coffer search-tags`.
#[derive(Debug, Serialize)]
pub(crate) struct TagsJson<'a> {
    pub(crate) repository: String,
    pub(crate) tags: &'a [String],
}

/// A file, or a helper.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum PlaceJson {
    File(String),
    Helper(String),
}

impl PlaceJson {
    fn new(kept: &Kept) -> Self {
        match kept {
            Kept::File(path) => Self::File(path.to_string_lossy().into_owned()),
            Kept::Helper(name) => Self::Helper(name.clone()),
        }
    }
}

impl<'a> LoginJson<'a> {
    pub(crate) fn new(registry: &Repository, user: &'a str, kept: Option<&Kept>) -> Self {
        Self { registry: scope(registry), user, kept: kept.map(PlaceJson::new) }
    }
}

impl LogoutJson {
    pub(crate) fn new(registry: &Repository, forgotten: &Forgotten) -> Self {
        Self {
            registry: scope(registry),
            removed: forgotten.from.iter().map(PlaceJson::new).collect(),
            left: forgotten.left.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
        }
    }
}

/// `docker.io`, or a part of it.
pub(crate) fn scope(registry: &Repository) -> String {
    if registry.path.is_empty() { registry.registry.clone() } else { registry.to_string() }
}

/// Where credentials are, for people.
pub(crate) fn place(kept: &Kept) -> String {
    text::plain(&match kept {
        Kept::File(path) => format!("`{}`", path.display()),
        Kept::Helper(name) => format!("the helper `docker-credential-{name}`"),
    })
}
