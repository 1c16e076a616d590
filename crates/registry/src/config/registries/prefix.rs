//! What a `[[registry]]` is about: a host, a part of one, or all hosts below a domain.

use model::reference::Repository;

use crate::config::host::{canonical, is_host};

/// The part of a name that settings are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prefix {
    hosts: Hosts,
    /// Components of the path, none for all of a registry.
    path: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    One(String),
    /// With the dot that a host has to end with: `.example.com`.
    Below(String),
}

/// A place as a file writes it: `host[:port][/path]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    host: String,
    path: Vec<String>,
}

impl Prefix {
    /// From a file; `None` where it is no prefix.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let wild = text.strip_prefix("*.");
        let Location { host, path } = Location::parse(wild.unwrap_or(text))?;
        let host = canonical(&host);
        let hosts = if wild.is_some() { Hosts::Below(format!(".{host}")) } else { Hosts::One(host) };
        Some(Self { hosts, path })
    }

    /// How much of the repository's name this is about; `None` where it is about another. The longest wins.
    pub(super) fn matches(&self, repository: &Repository) -> Option<usize> {
        let host = canonical(&repository.registry);
        let named = match &self.hosts {
            Hosts::One(one) => host == *one,
            Hosts::Below(end) => host.len() > end.len() && host.ends_with(end.as_str()),
        };
        let rest = named.then(|| self.rest(repository)).flatten()?;
        // Among equals a host by its name is closer than a pattern.
        let exact = usize::from(matches!(self.hosts, Hosts::One(_)));
        Some(2 * (host.len() + repository.path.len() - rest.len()) + exact)
    }

    /// Whether hosts are meant that the settings do not name.
    pub(super) fn is_pattern(&self) -> bool {
        matches!(self.hosts, Hosts::Below(_))
    }

    /// The repository's path below this prefix.
    pub(super) fn rest<'a>(&self, repository: &'a Repository) -> Option<&'a str> {
        let mut rest = repository.path.as_str();
        for component in &self.path {
            let (first, after) = rest.split_once('/').unwrap_or((rest, ""));
            if first != component {
                return None;
            }
            rest = after;
        }
        Some(rest)
    }
}

impl Location {
    /// From a file; `None` where it is no place.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let host = parts.next().filter(|host| is_host(host))?.to_owned();
        let path: Vec<String> = parts.map(str::to_owned).collect();
        let written =
            path.iter().all(|part| is_host(part) && !part.contains(':') && *part == part.to_lowercase());
        written.then_some(Self { host, path })
    }

    /// The repository with this path below the place.
    pub(super) fn below(&self, rest: &str) -> Repository {
        let mut path = self.path.clone();
        if !rest.is_empty() {
            path.push(rest.to_owned());
        }
        let registry = match canonical(&self.host).as_str() {
            model::reference::DOCKER_HUB => model::reference::DOCKER_HUB.to_owned(),
            _ => self.host.clone(),
        };
        Repository { registry, path: path.join("/") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn repository(text: &str) -> Repository {
        let (registry, path) = text.split_once('/').unwrap();
        Repository { registry: registry.into(), path: path.into() }
    }

    fn matches(prefix: &str, name: &str) -> bool {
        Prefix::parse(prefix).unwrap().matches(&repository(name)).is_some()
    }

    #[test]
    fn a_prefix_ends_where_a_component_does() {
        assert!(matches("docker.io", "docker.io/library/nginx"));
        assert!(matches("docker.io/library", "docker.io/library/nginx"));
        assert!(matches("docker.io/library/nginx", "docker.io/library/nginx"));
        assert!(!matches("docker.io/lib", "docker.io/library/nginx"));
        assert!(!matches("docker.io/library/nginx/more", "docker.io/library/nginx"));
        assert!(!matches("reg.example", "reg.example:5000/a"), "another port is another registry");
    }

    #[test]
    fn a_pattern_is_about_hosts_below_and_not_about_the_domain() {
        assert!(matches("*.example.com", "a.example.com/x"));
        assert!(matches("*.example.com", "b.a.example.com/x"));
        assert!(matches("*.example.com/team", "a.example.com/team/x"));
        assert!(!matches("*.example.com", "example.com/x"));
        assert!(!matches("*.example.com", "badexample.com/x"));
        assert!(!matches("*.example.com/team", "a.example.com/other/x"));
    }

    #[test]
    fn no_spelling_of_a_host_evades_a_rule() {
        for name in
            ["Docker.io/library/nginx", "docker.io:443/library/nginx", "registry-1.docker.io/library/nginx"]
        {
            assert!(matches("docker.io", name), "{name}");
        }
        assert!(matches("index.docker.io", "docker.io/library/nginx"));
    }

    #[test]
    fn the_longest_wins_and_a_host_by_its_name_before_a_pattern() {
        let weight = |prefix: &str| Prefix::parse(prefix).unwrap().matches(&repository("a.example.com/t/x"));
        assert!(weight("a.example.com/t") > weight("a.example.com"));
        assert!(weight("a.example.com") > weight("*.example.com"));
        assert!(weight("*.example.com/t") > weight("a.example.com"));
    }

    #[test]
    fn what_follows_a_prefix_follows_the_location() {
        let location = Location::parse("mirror.example:5000/hub").unwrap();
        let rest = Prefix::parse("docker.io/library").unwrap();
        let name = repository("docker.io/library/nginx");
        let moved = location.below(rest.rest(&name).unwrap());
        assert_eq!(moved.to_string(), "mirror.example:5000/hub/nginx");
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in
            ["", "*", "*.", "https://a.example", "a.example/", "a.example/x:tag", "a.example/../b", "a/B"]
        {
            assert!(Prefix::parse(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_prefix_of_a_name_matches_it(parts in prop::collection::vec("[a-z0-9]{1,5}", 2..6), cut in 1_usize..6) {
            let name = repository(&format!("{}.example/{}", parts[0], parts[1..].join("/")));
            let whole = name.to_string();
            let prefix: Vec<&str> = whole.split('/').take(cut).collect();
            prop_assert!(matches(&prefix.join("/"), &whole));
        }
    }
}
