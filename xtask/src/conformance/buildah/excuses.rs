//! What two builds by one builder have otherwise, too: `conformance/buildah/differs.toml`, each with its reason.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::conformance::lists;
use crate::shell::Outcome;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Excuses {
    #[serde(rename = "path")]
    excuses: Vec<Excuse>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Excuse {
    /// A `*` at the end is all that begins so, one at the beginning all that ends so.
    path: String,
    /// For these projects; for all where none is named.
    #[serde(default)]
    of: Vec<String>,
    because: String,
}

impl Excuses {
    pub(super) fn load(suite: &str) -> Outcome<Self> {
        let file = lists::directory(suite).join("differs.toml");
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let read: Self = toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        match read.excuses.iter().find(|excuse| excuse.because.trim().is_empty()) {
            Some(excuse) => Err(format!("{}: `{}` has no reason", file.display(), excuse.path)),
            None => Ok(read),
        }
    }

    /// Whether `path` of `project` may differ.
    pub(super) fn cover(&self, project: &str, path: &Path) -> bool {
        let path = path.to_string_lossy();
        self.excuses.iter().any(|excuse| excuse.is_about(project) && matches(&excuse.path, &path))
    }
}

impl Excuse {
    fn is_about(&self, project: &str) -> bool {
        self.of.is_empty() || self.of.iter().any(|name| name == project)
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(ending), _) => path.ends_with(ending),
        (None, Some(beginning)) => path.starts_with(beginning),
        (None, None) => path == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_reason() {
        Excuses::load("buildah").unwrap();
    }

    #[test]
    fn an_excuse_covers_what_it_names_and_nothing_else() {
        let text = "[[path]]\npath = 'var/log/*'\nbecause = 'times'\n\
                    [[path]]\npath = '*.pyc'\nof = ['flask']\nbecause = 'times'\n";
        let excuses: Excuses = toml::from_str(text).unwrap();
        let cover = |project, path| excuses.cover(project, Path::new(path));
        assert!(cover("vote", "var/log/apt/term.log") && !cover("vote", "usr/var/log/apt"));
        assert!(cover("flask", "usr/lib/a.pyc") && !cover("vote", "usr/lib/a.pyc"));
    }
}
