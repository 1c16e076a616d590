//! Places: where a publisher's images are, and what the publisher calls them.

use std::fmt;
use std::str::FromStr;

use model::reference::{ImageName, Repository};
use registry::config::canonical;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::TrustError;

/// The repository below a place that has what its publisher says.
const TRUST: &str = "trust";

/// A registry, or a part of one: `registry.example/team`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(Repository);

impl Place {
    /// What the publisher calls a repository that belongs to the place: its name below the place; of a repository
    /// that is the place itself, its last component.
    #[must_use]
    pub fn name_of<'a>(&self, repository: &'a Repository) -> Option<&'a str> {
        if canonical(&repository.registry) != canonical(&self.0.registry) {
            return None;
        }
        let path = repository.path.as_str();
        if self.0.path.is_empty() {
            return Some(path);
        }
        match path.strip_prefix(self.0.path.as_str())? {
            "" => path.rsplit('/').next(),
            rest => rest.strip_prefix('/'),
        }
    }

    /// The repository that has what the publisher says.
    #[must_use]
    pub fn repository(&self) -> Repository {
        let path = if self.0.path.is_empty() { TRUST.to_owned() } else { format!("{}/{TRUST}", self.0.path) };
        Repository { registry: self.0.registry.clone(), path }
    }

    /// The place where a repository has the same name as here, if its name allows that.
    pub(super) fn elsewhere(&self, here: &Repository, there: &Repository) -> Option<Self> {
        let name = self.name_of(here)?;
        if self.0.path != here.path {
            return Self::calling(there, name);
        }
        let place = Self(there.clone());
        (place.name_of(there) == Some(name)).then_some(place)
    }

    /// The place of a publisher who calls a repository so, if its name allows that.
    pub(super) fn calling(there: &Repository, name: &str) -> Option<Self> {
        let above = there.path.strip_suffix(name)?;
        let path = if above.is_empty() { String::new() } else { above.strip_suffix('/')?.to_owned() };
        let place = Self(Repository { registry: there.registry.clone(), path });
        (place.name_of(there) == Some(name)).then_some(place)
    }

    /// Every place that a repository may belong to, the nearest first.
    pub(super) fn around(repository: &Repository) -> Vec<Self> {
        let mut path = repository.path.as_str();
        let mut places = Vec::new();
        while let Some((above, _)) = path.rsplit_once('/') {
            places.push(Self(Repository { registry: repository.registry.clone(), path: above.to_owned() }));
            path = above;
        }
        places.push(Self(Repository { registry: repository.registry.clone(), path: String::new() }));
        places
    }

    /// How many components it has: of several that a repository belongs to, the longest counts.
    pub(super) fn depth(&self) -> usize {
        self.0.path.split('/').filter(|component| !component.is_empty()).count()
    }
}

/// What a publisher calls an image: `NAME:TAG`.
#[must_use]
pub fn target(name: &str, image: &ImageName) -> String {
    format!("{name}:{}", image.tag.as_deref().unwrap_or("latest"))
}

impl FromStr for Place {
    type Err = TrustError;

    fn from_str(text: &str) -> Result<Self, TrustError> {
        let no_place = || TrustError::Place(text.chars().take(80).collect());
        let scope = registry::config::scope(text).map_err(|_| no_place())?;
        // A word alone could be a registry, but is most likely somebody's name on one.
        let names_registry = scope.registry == "localhost" || scope.registry.contains(['.', ':']);
        if !names_registry {
            return Err(no_place());
        }
        // However it is spelled, a place is pinned once.
        Ok(Self(Repository { registry: canonical(&scope.registry), path: scope.path }))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.path.as_str() {
            "" => f.write_str(&self.0.registry),
            path => write!(f, "{}/{path}", self.0.registry),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        text.parse().unwrap()
    }

    fn repository(text: &str) -> Repository {
        text.parse::<ImageName>().unwrap().located()
    }

    #[test]
    fn an_image_belongs_to_a_place_by_whole_components() {
        let check = |at: &str, image: &str, name: Option<&str>| {
            assert_eq!(place(at).name_of(&repository(image)), name, "{image} at {at}");
        };
        check("reg.example/team", "reg.example/team/app", Some("app"));
        check("reg.example/team", "reg.example/team/web/app", Some("web/app"));
        check("reg.example/team", "reg.example/teams/app", None);
        check("reg.example/team", "other.example/team/app", None);
        check("reg.example/team", "reg.example/tea", None);
        check("reg.example", "reg.example/team/app", Some("team/app"));
        check("reg.example/team/app", "reg.example/team/app", Some("app"));
        check("docker.io/library", "nginx", Some("nginx"));
    }

    #[test]
    fn no_other_spelling_of_a_registry_evades_a_place() {
        for image in ["REG.example/team/app", "reg.example:443/team/app", "Reg.Example:443/team/app"] {
            assert_eq!(place("reg.example/team").name_of(&repository(image)), Some("app"), "{image}");
        }
    }

    #[test]
    fn what_names_no_registry_is_no_place() {
        for text in ["", "team", "team/app", "/", "reg.example/A", "reg.example/a:1", "reg.example/../a"] {
            assert!(matches!(text.parse::<Place>(), Err(TrustError::Place(_))), "{text}");
        }
        assert_eq!(place("Reg.Example:443/team/").to_string(), "reg.example/team");
        assert_eq!(place("localhost:5000").repository().to_string(), "localhost:5000/trust");
        assert_eq!(place("reg.example/a/b").repository().to_string(), "reg.example/a/b/trust");
    }

    #[test]
    fn a_copy_has_its_place_where_its_name_is_the_same() {
        let check = |at: &str, from: &str, to: &str, there: Option<&str>| {
            let found = place(at).elsewhere(&repository(from), &repository(to));
            assert_eq!(found.map(|place| place.to_string()).as_deref(), there, "{from} to {to}");
        };
        check("a.example/team", "a.example/team/app", "b.example/mirror/app", Some("b.example/mirror"));
        check("a.example/team", "a.example/team/web/app", "b.example/x/web/app", Some("b.example/x"));
        check("a.example/team", "a.example/team/app", "b.example/app", Some("b.example"));
        check("a.example/team", "a.example/team/app", "b.example/x/other", None);
        check("a.example/team", "a.example/team/app", "b.example/x/wapp", None);
        check("a.example/app", "a.example/app", "b.example/x/app", Some("b.example/x/app"));
        check("a.example/app", "a.example/app", "b.example/x/other", None);
    }

    #[test]
    fn the_nearest_place_around_an_image_comes_first() {
        let around: Vec<_> =
            Place::around(&repository("a.example/x/y/app")).iter().map(ToString::to_string).collect();
        assert_eq!(around, ["a.example/x/y", "a.example/x", "a.example"]);
    }
}
