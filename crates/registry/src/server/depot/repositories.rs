//! The list of repositories: a walk over names, which has to keep nothing.

use std::collections::VecDeque;

use super::{Depot, Page, Result, keys};
use crate::server::names::RepositoryName;

/// How many names are read together.
const NAMES: usize = 500;

/// A directory of the walk: its name, and what of it is still to be seen.
struct Level {
    name: String,
    names: VecDeque<String>,
    /// After which to go on reading; nothing once all is read.
    after: After,
}

enum After {
    Beginning,
    Name(String),
    End,
}

impl Depot {
    /// The repositories after `after` that have manifests and that `may` lets through, at most `limit`.
    ///
    /// # Errors
    /// A shelf that cannot be read.
    pub async fn repositories<F: Fn(&str) -> bool>(
        &self,
        after: Option<&RepositoryName>,
        limit: usize,
        may: F,
    ) -> Result<Page<String>> {
        let mut levels = resume(after);
        let mut items: Vec<String> = Vec::new();
        while let Some(name) = self.next_directory(&mut levels).await? {
            if may(&name) && self.has_manifests(&name).await? {
                if items.len() == limit {
                    return Ok(Page { next: items.last().cloned(), items });
                }
                items.push(name.clone());
            }
            levels.push(Level { name, names: VecDeque::new(), after: After::Beginning });
        }
        Ok(Page { items, next: None })
    }

    /// Whether anything was pushed to a repository and is still there.
    pub(super) async fn is_repository(&self, name: &str) -> Result<bool> {
        Ok(self.has_manifests(name).await?
            || !self.shelf.list(&keys::blobs(name)?, None, 1).await?.is_empty())
    }

    async fn has_manifests(&self, name: &str) -> Result<bool> {
        Ok(!self.shelf.list(&keys::manifests(name)?, None, 1).await?.is_empty())
    }

    async fn next_directory(&self, levels: &mut Vec<Level>) -> Result<Option<String>> {
        while let Some(level) = levels.last_mut() {
            if level.names.is_empty() && !matches!(level.after, After::End) {
                self.read_level(level).await?;
            }
            match level.names.pop_front() {
                Some(name) => return Ok(Some(beneath(&level.name, &name))),
                None if matches!(level.after, After::End) => drop(levels.pop()),
                None => {}
            }
        }
        Ok(None)
    }

    async fn read_level(&self, level: &mut Level) -> Result<()> {
        let after = match &level.after {
            After::Name(name) => Some(name.as_str()),
            After::Beginning | After::End => None,
        };
        let names = self.shelf.list(&keys::repositories(&level.name)?, after, NAMES).await?;
        level.after = match names.last() {
            Some(last) if names.len() == NAMES => After::Name(last.clone()),
            _ => After::End,
        };
        // What begins with `_` is a repository's own and no part of a name.
        let directories = names.iter().filter_map(|name| name.strip_suffix('/'));
        level.names = directories.filter(|name| !name.starts_with('_')).map(str::to_owned).collect();
        Ok(())
    }
}

/// Where a walk is that has just seen `after`.
fn resume(after: Option<&RepositoryName>) -> Vec<Level> {
    let Some(after) = after else {
        return vec![Level { name: String::new(), names: VecDeque::new(), after: After::Beginning }];
    };
    let (mut levels, mut name) = (Vec::new(), String::new());
    for component in after.as_str().split('/') {
        let next = beneath(&name, component);
        levels.push(Level { name, names: VecDeque::new(), after: After::Name(format!("{component}/")) });
        name = next;
    }
    levels.push(Level { name, names: VecDeque::new(), after: After::Beginning });
    levels
}

fn beneath(name: &str, component: &str) -> String {
    match name {
        "" => component.to_owned(),
        name => format!("{name}/{component}"),
    }
}
