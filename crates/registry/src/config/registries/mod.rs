//! registries.conf: which registries there are besides those that a name says, and which must not be asked.

mod page;
mod prefix;
mod parse;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::reference::{ImageName, Repository};

use self::parse::parse;
use self::prefix::{Location, Prefix};
use super::endpoint::{Endpoint, Pulls, Role, Security};
use super::error::{ConfigError, Result, Warning};
use super::read;

/// What all files say together.
#[derive(Debug, Clone, Default)]
pub(super) struct Registries {
    entries: Vec<Entry>,
    /// Whole names by their short ones.
    pub(super) aliases: BTreeMap<String, ImageName>,
    /// Where short names without an alias lead.
    pub(super) search: Option<Search>,
    /// Whether aliases count.
    pub(super) aliasing: Aliasing,
}

/// What one file says.
#[derive(Debug, Default)]
struct Layer {
    entries: Vec<Entry>,
    /// An alias without a name takes back what an earlier file said.
    aliases: Vec<(String, Option<ImageName>)>,
    search: Option<Search>,
    aliasing: Option<Aliasing>,
}

/// `unqualified-search-registries`.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub(super) registries: Vec<String>,
    /// The file with the list.
    pub(super) path: PathBuf,
}

/// `short-name-mode`, as far as it makes a difference to somebody who never searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Aliasing {
    #[default]
    On,
    Off,
}

/// One `[[registry]]`.
#[derive(Debug, Clone)]
struct Entry {
    prefix: Prefix,
    /// The prefix as it is written.
    name: String,
    /// Where the registry really is; where names say, for a pattern.
    location: Option<Location>,
    security: Security,
    access: Access,
    mirrors: Vec<Mirror>,
    origin: Origin,
}

/// One `[[registry.mirror]]`.
#[derive(Debug, Clone)]
struct Mirror {
    location: Location,
    security: Security,
    pulls: Pulls,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Allowed,
    Blocked,
}

/// Where something is said.
#[derive(Debug, Clone)]
struct Origin {
    path: PathBuf,
    line: usize,
}

impl Registries {
    /// The first of `files` that exists, and on top of it every `*.conf` of `dirs`, by name in each.
    pub(super) fn load(files: &[PathBuf], dirs: &[PathBuf]) -> Result<(Self, Vec<Warning>)> {
        let (mut registries, mut warnings) = (Self::default(), Vec::new());
        for path in files {
            if registries.read(path, &mut warnings)? {
                break;
            }
        }
        for dir in dirs {
            for name in read::names(dir, ".conf")? {
                registries.read(&dir.join(name), &mut warnings)?;
            }
        }
        Ok((registries, warnings))
    }

    /// What a single file says, by its text.
    pub(super) fn of_text(path: &Path, text: &str) -> Result<Self> {
        let mut registries = Self::default();
        registries.add(parse(path, text)?.0)?;
        Ok(registries)
    }

    /// Whether the file exists.
    fn read(&mut self, path: &Path, warnings: &mut Vec<Warning>) -> Result<bool> {
        let Some(text) = read::text(path)? else { return Ok(false) };
        let (layer, found) = parse(path, &text)?;
        warnings.extend(found);
        self.add(layer)?;
        Ok(true)
    }

    /// What a later file says replaces what earlier ones say about the same thing.
    fn add(&mut self, layer: Layer) -> Result<()> {
        if let Some((first, second)) = twice(&layer.entries) {
            return Err(ConfigError::Syntax {
                path: second.origin.path.clone(),
                line: Some(second.origin.line),
                what: format!("`{}` has a [[registry]] already, in line {}", second.name, first.origin.line),
            });
        }
        for entry in layer.entries {
            self.entries.retain(|earlier| earlier.prefix != entry.prefix);
            self.entries.push(entry);
        }
        for (short, whole) in layer.aliases {
            match whole {
                Some(whole) => self.aliases.insert(short, whole),
                None => self.aliases.remove(&short),
            };
        }
        self.search = layer.search.or(self.search.take());
        self.aliasing = layer.aliasing.unwrap_or(self.aliasing);
        Ok(())
    }

    /// Mirrors in their order, then the registry itself.
    pub(super) fn endpoints(&self, repository: &Repository) -> Result<Vec<Endpoint>> {
        let itself = self.destination(repository)?;
        let mut endpoints = Vec::new();
        if let Some(entry) = self.entry(repository) {
            for Mirror { location, security, pulls } in &entry.mirrors {
                let (security, pulls, role) = (*security, *pulls, Role::Mirror);
                let repository = self.allowed(entry.moved(location, repository)?)?;
                endpoints.push(Endpoint { repository, security, pulls, role });
            }
        }
        endpoints.push(itself);
        Ok(endpoints)
    }

    /// The registry itself, where its settings say that it is.
    pub(super) fn destination(&self, repository: &Repository) -> Result<Endpoint> {
        let repository = self.allowed(repository.clone())?;
        let Some(entry) = self.entry(&repository) else { return Ok(itself(repository, Security::Verified)) };
        let there = match &entry.location {
            Some(location) => self.allowed(entry.moved(location, &repository)?)?,
            None => repository,
        };
        Ok(itself(there, entry.security))
    }

    /// The repository again, unless a rule blocks it: under whatever name it is reached.
    fn allowed(&self, repository: Repository) -> Result<Repository> {
        let entry = self.entry(&repository).filter(|entry| entry.access == Access::Blocked);
        match entry {
            None => Ok(repository),
            Some(Entry { name, origin, .. }) => Err(ConfigError::Blocked {
                repository: repository.to_string(),
                prefix: name.clone(),
                path: origin.path.clone(),
                line: origin.line,
            }),
        }
    }

    /// The entry that says most about a repository.
    fn entry(&self, repository: &Repository) -> Option<&Entry> {
        let weighed =
            self.entries.iter().filter_map(|entry| Some((entry.prefix.matches(repository)?, entry)));
        weighed.max_by_key(|(weight, _)| *weight).map(|(_, entry)| entry)
    }
}

impl Entry {
    /// The repository as a location calls it.
    fn moved(&self, location: &Location, repository: &Repository) -> Result<Repository> {
        let rest = self.prefix.rest(repository).unwrap_or(&repository.path);
        let moved = location.below(rest);
        // Without a path the whole registry is meant, and a host is enough.
        if moved.path.is_empty() && !repository.path.is_empty() {
            return Err(ConfigError::Syntax {
                path: self.origin.path.clone(),
                line: Some(self.origin.line),
                what: format!("`{}` leads to `{}`, and names no repository there", self.name, moved.registry),
            });
        }
        Ok(moved)
    }
}

fn itself(repository: Repository, security: Security) -> Endpoint {
    let repository = Repository { registry: spelled(&repository.registry), path: repository.path };
    Endpoint { repository, security, pulls: Pulls::All, role: Role::Registry }
}

/// Docker Hub has one name here; other hosts are left as they were written.
fn spelled(host: &str) -> String {
    let canonical = super::host::canonical(host);
    if canonical == model::reference::DOCKER_HUB { canonical } else { host.to_owned() }
}

fn twice(entries: &[Entry]) -> Option<(&Entry, &Entry)> {
    entries.iter().enumerate().find_map(|(index, second)| {
        let first = entries.iter().take(index).find(|first| first.prefix == second.prefix)?;
        Some((first, second))
    })
}
