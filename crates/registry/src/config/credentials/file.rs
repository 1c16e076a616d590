//! auth.json and Docker's config.json: containers-auth.json(5).

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::reference::Repository;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::Credentials;
use super::keys::{DOCKERS_HUB, weight};
use crate::config::error::{ConfigError, Result};
use crate::config::host::canonical;
use crate::config::read;
use crate::config::secret::Secret;

const AUTHS: &str = "auths";
const HELPERS: &str = "credHelpers";
const STORE: &str = "credsStore";

/// One file with credentials, with all that others keep in it.
pub(super) struct AuthFile {
    pub(super) path: PathBuf,
    document: Map<String, Value>,
}

/// Where a file says that credentials are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In it.
    Inline(Credentials),
    /// With the helper of this name.
    Helper(String),
}

impl AuthFile {
    /// The file at that place, or what it would be if it was there.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bytes = read::bytes(path)?.unwrap_or_default();
        Self::parse(path, &bytes)
    }

    /// The file's text; no text at all is an empty document.
    pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let path = path.to_owned();
        if bytes.trim_ascii().is_empty() {
            return Ok(Self { path, document: Map::new() });
        }
        // The parser's own message may quote what it read.
        let document = serde_json::from_slice(bytes).map_err(|error| ConfigError::Syntax {
            path: path.clone(),
            line: Some(error.line()),
            what: "it is no JSON object".into(),
        })?;
        Ok(Self { path, document })
    }

    /// All of it as text.
    pub(super) fn text(&self) -> Result<Zeroizing<String>> {
        let text = serde_json::to_string_pretty(&self.document).map(|text| Zeroizing::new(text + "\n"));
        text.map_err(|error| ConfigError::Write { path: self.path.clone(), source: error.into() })
    }

    /// What the file has for a repository. A helper of the registry's own comes first, then an entry, then the
    /// helper for all.
    pub(super) fn source(&self, repository: &Repository) -> Result<Option<Source>> {
        if let Some(helper) = self.own_helper(repository)? {
            return Ok(Some(Source::Helper(helper)));
        }
        let auths = self.section(AUTHS)?.into_iter().flatten();
        let weighed = auths.filter_map(|(key, auth)| Some((weight(key, repository)?, key, auth)));
        let mut weighed: Vec<_> = weighed.collect();
        weighed.sort_by_key(|(weight, ..)| std::cmp::Reverse(*weight));
        for (_, key, auth) in weighed {
            if let Some(credentials) = self.credentials(key, auth)? {
                return Ok(Some(Source::Inline(credentials)));
            }
        }
        Ok(self.store()?.map(Source::Helper))
    }

    /// The helper that keeps what is logged in to a registry, if the file has one.
    pub(super) fn keeper(&self, registry: &Repository) -> Result<Option<String>> {
        Ok(self.own_helper(registry)?.or(self.store()?))
    }

    /// Adds or replaces the entry of a registry.
    pub(super) fn keep(&mut self, registry: &Repository, user: &str, password: &Secret) -> Result<()> {
        self.remove(registry)?;
        let login = Zeroizing::new(format!("{user}:{}", password.reveal()));
        let auth = STANDARD.encode(login.as_bytes());
        let key = self.key(registry);
        let auths = self.document.entry(AUTHS).or_insert_with(|| json!({}));
        if auths.is_null() {
            *auths = json!({});
        }
        if let Some(auths) = auths.as_object_mut() {
            auths.insert(key, json!({ "auth": auth }));
        }
        Ok(())
    }

    /// Takes out every entry that is about the whole registry, or about exactly that part of it.
    pub(super) fn remove(&mut self, registry: &Repository) -> Result<bool> {
        self.section(AUTHS)?;
        let Some(auths) = self.document.get_mut(AUTHS).and_then(Value::as_object_mut) else {
            return Ok(false);
        };
        let before = auths.len();
        auths.retain(|key, _| weight(key, registry) != Some(registry.path.len()));
        Ok(auths.len() != before)
    }

    /// Takes out every entry; their keys.
    pub(super) fn clear(&mut self) -> Result<Vec<String>> {
        self.section(AUTHS)?;
        let auths = self.document.get_mut(AUTHS).and_then(Value::as_object_mut).map(std::mem::take);
        Ok(auths.into_iter().flatten().map(|(key, _)| key).collect())
    }

    /// Docker looks for Docker Hub under an address of its own, in its own file.
    fn key(&self, registry: &Repository) -> String {
        let host = canonical(&registry.registry);
        let dockers = self.path.file_name().is_some_and(|name| name == "config.json");
        match (host == model::reference::DOCKER_HUB, registry.path.as_str()) {
            (true, "") if dockers => DOCKERS_HUB.to_owned(),
            (true, "") => host,
            (false, "") => registry.registry.clone(),
            (_, path) => format!("{}/{path}", registry.registry),
        }
    }

    fn own_helper(&self, repository: &Repository) -> Result<Option<String>> {
        let helpers = self.section(HELPERS)?.into_iter().flatten();
        let weighed = helpers.filter_map(|(key, name)| Some((weight(key, repository)?, key, name)));
        let Some((_, key, name)) = weighed.max_by_key(|(weight, ..)| *weight) else { return Ok(None) };
        let name = name.as_str().ok_or_else(|| self.wrong(&format!("{HELPERS}.{key}"), "a helper's name"))?;
        Ok(Some(name.to_owned()).filter(|name| !name.is_empty()))
    }

    fn store(&self) -> Result<Option<String>> {
        let Some(name) = self.document.get(STORE).filter(|name| !name.is_null()) else { return Ok(None) };
        let name = name.as_str().ok_or_else(|| self.wrong(STORE, "a helper's name"))?;
        Ok(Some(name.to_owned()).filter(|name| !name.is_empty()))
    }

    /// One entry of `auths`; Docker leaves empty ones where a helper has the rest.
    fn credentials(&self, key: &str, auth: &Value) -> Result<Option<Credentials>> {
        let wrong = |key: &str, right: &str| self.wrong(&format!("{AUTHS}.{key}"), right);
        let auth = auth.as_object().ok_or_else(|| wrong(key, "an object"))?;
        let field = |name: &str| match auth.get(name) {
            None | Some(Value::Null) => Ok(""),
            Some(value) => value.as_str().ok_or_else(|| wrong(&format!("{key}.{name}"), "a text")),
        };
        let (encoded, token) = (field("auth")?, field("identitytoken")?);
        let login =
            decoded(encoded).ok_or_else(|| wrong(&format!("{key}.auth"), "USER:PASSWORD in base64"))?;
        Ok(match (login, token) {
            (login, token) if !token.is_empty() => {
                let user = login.map(|(user, _)| user).unwrap_or_default();
                Some(Credentials::IdentityToken { user, token: Secret::new(token.to_owned()) })
            }
            (Some((user, password)), _) => Some(Credentials::Password { user, password }),
            (None, _) => None,
        })
    }

    fn section(&self, name: &str) -> Result<Option<&Map<String, Value>>> {
        match self.document.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_object().map(Some).ok_or_else(|| self.wrong(name, "an object")),
        }
    }

    fn wrong(&self, key: &str, right: &str) -> ConfigError {
        ConfigError::Syntax { path: self.path.clone(), line: None, what: format!("`{key}` takes {right}") }
    }
}

/// User and password; nothing for nothing, `None` for what is no such pair.
#[expect(clippy::option_option, reason = "nothing and a mistake are two things")]
fn decoded(encoded: &str) -> Option<Option<(String, Secret)>> {
    if encoded.is_empty() {
        return Some(None);
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    // Docker pads with zeros.
    Some(Some((user.to_owned(), Secret::new(password.trim_end_matches('\0').to_owned()))))
}
