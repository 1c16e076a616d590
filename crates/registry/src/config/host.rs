//! Hosts of registries, and which spellings mean the same one.

use model::reference::{DOCKER_HUB, ImageName, Repository};

use super::error::{ConfigError, Result};

/// Docker Hub's other names.
const HUB_NAMES: [&str; 2] = ["index.docker.io", "registry-1.docker.io"];

/// What a person logs in to: `HOST[:PORT]`, or a part of it, `HOST[:PORT]/PATH`. An address is taken as well, since
/// people copy them.
///
/// # Errors
/// [`ConfigError::Host`].
pub fn scope(text: &str) -> Result<Repository> {
    let wrong = || ConfigError::Host(text.to_owned());
    let bare = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    let docker_s_own = HUB_NAMES.contains(&host) && path == "v1";
    let path = if docker_s_own { "" } else { path };
    let name = format!("{host}/{}", if path.is_empty() { "x" } else { path }).parse::<ImageName>();
    if !is_host(host) || !name.is_ok_and(|name| name.tag.is_none() && name.digest.is_none()) {
        return Err(wrong());
    }
    let canonical = canonical(host);
    let registry = if canonical == DOCKER_HUB { canonical } else { host.to_owned() };
    Ok(Repository { registry, path: path.to_owned() })
}

/// Whether the text can be a registry's host, with or without a port.
pub(super) fn is_host(text: &str) -> bool {
    // The grammar of names has the rule; any repository will do.
    let name = format!("{text}/repository").parse::<ImageName>();
    !text.contains(['/', '@']) && name.is_ok_and(|name| name.tag.is_none())
}

/// One spelling for all that lead to the same registry: a rule about it must not be evaded by a capital
/// letter or by the port that is meant anyway.
#[must_use]
pub fn canonical(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(":443").unwrap_or(&host);
    if HUB_NAMES.contains(&host) { DOCKER_HUB.to_owned() } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_registry_are_one() {
        for host in ["docker.io", "Docker.IO", "docker.io:443", "index.docker.io", "REGISTRY-1.docker.io:443"]
        {
            assert_eq!(canonical(host), "docker.io", "{host}");
        }
        assert_eq!(canonical("reg.example:5000"), "reg.example:5000");
    }

    #[test]
    fn people_name_registries_in_several_ways() {
        let of = |text: &str| {
            let Repository { registry, path } = scope(text).unwrap();
            (registry, path)
        };
        let pair = |registry: &str, path: &str| (registry.to_owned(), path.to_owned());
        for text in ["docker.io", "https://index.docker.io/v1/", "index.docker.io", "Docker.io/"] {
            assert_eq!(of(text), pair("docker.io", ""), "{text}");
        }
        assert_eq!(of("http://reg.example:5000/"), pair("reg.example:5000", ""));
        assert_eq!(of("reg.example/team/app"), pair("reg.example", "team/app"));
        for text in
            ["", "/", "a b", "reg.example:x", "reg.example/A", "reg.example/a:1", "../x", "u:p@reg.example"]
        {
            assert!(matches!(scope(text), Err(ConfigError::Host(_))), "{text}");
        }
    }

    #[test]
    fn a_host_is_no_path() {
        for host in ["docker.io", "localhost", "localhost:5000", "127.0.0.1:5000", "R.example"] {
            assert!(is_host(host), "{host}");
        }
        for text in ["", ".", "..", "a/b", "a:b", "a:70000", "../x", "a@b", "http://a", "a b"] {
            assert!(!is_host(text), "{text}");
        }
    }
}
