//! Hosts of registries, and which spellings mean the same one.

use model::reference::{DOCKER_HUB, ImageName};

/// Docker Hub's other names.
const HUB_NAMES: [&str; 2] = ["index.docker.io", "registry-1.docker.io"];

/// Whether the text can be a registry's host, with or without a port.
pub(super) fn is_host(text: &str) -> bool {
    // The grammar of names has the rule; any repository will do.
    let name = format!("{text}/repository").parse::<ImageName>();
    !text.contains(['/', '@']) && name.is_ok_and(|name| name.tag.is_none())
}

/// One spelling for all that lead to the same registry: a rule about it must not be evaded by a capital
/// letter or by the port that is meant anyway.
pub(super) fn canonical(host: &str) -> String {
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
    fn a_host_is_no_path() {
        for host in ["docker.io", "localhost", "localhost:5000", "127.0.0.1:5000", "R.example"] {
            assert!(is_host(host), "{host}");
        }
        for text in ["", ".", "..", "a/b", "a:b", "a:70000", "../x", "a@b", "http://a", "a b"] {
            assert!(!is_host(text), "{text}");
        }
    }
}
