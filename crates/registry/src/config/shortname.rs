//! Short names: which image is meant where no registry is typed. Nothing is ever searched for.

use model::reference::ImageName;

use super::error::{ConfigError, Result};
use super::registries::{Aliasing, Registries, Search};

/// The name with its registry.
pub(super) fn full_name(registries: &Registries, name: &ImageName) -> Result<ImageName> {
    if name.names_registry() {
        return Ok(located(name.clone()));
    }
    let alias = registries.aliases.get(&name.repository).filter(|_| registries.aliasing == Aliasing::On);
    if let Some(alias) = alias {
        return Ok(located(ImageName { repository: alias.repository.clone(), ..name.clone() }));
    }
    match registries.search.as_ref().map(|search| (search, search.registries.as_slice())) {
        None | Some((_, [])) => Ok(located(name.clone())),
        Some((_, [registry])) => Ok(within(registry, name)),
        Some((search, _)) => Err(ambiguous(search, name)),
    }
}

fn ambiguous(search: &Search, name: &ImageName) -> ConfigError {
    let choices = search.registries.iter().map(|registry| within(registry, name).to_string());
    ConfigError::Ambiguous { name: name.to_string(), choices: choices.collect(), path: search.path.clone() }
}

fn within(registry: &str, name: &ImageName) -> ImageName {
    let repository = format!("{registry}/{}", name.repository);
    located(ImageName { repository, ..name.clone() })
}

/// With `library/` where Docker Hub has it.
fn located(name: ImageName) -> ImageName {
    ImageName { repository: name.located().to_string(), ..name }
}
