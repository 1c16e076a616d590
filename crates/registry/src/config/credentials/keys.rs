//! Which entry of a file with credentials is about which repository.

use model::reference::Repository;

use crate::config::host::canonical;

/// Docker's key for Docker Hub.
pub(super) const DOCKERS_HUB: &str = "https://index.docker.io/v1/";

/// How much of the repository's name a key is about; `None` where it is about another. The longest wins.
/// Docker writes `https://HOST/v1/`, podman also `HOST/PATH`.
pub(super) fn weight(key: &str, repository: &Repository) -> Option<usize> {
    let legacy = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
    let (host, path) = match legacy {
        Some(address) => (address.split('/').next().unwrap_or_default(), ""),
        None => key.split_once('/').unwrap_or((key, "")),
    };
    if canonical(host) != canonical(&repository.registry) {
        return None;
    }
    let rest = repository.path.strip_prefix(path)?;
    let whole = path.is_empty() || rest.is_empty() || rest.starts_with('/');
    whole.then_some(path.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn repository(registry: &str, path: &str) -> Repository {
        Repository { registry: registry.into(), path: path.into() }
    }

    #[test]
    fn docker_s_and_podman_s_keys_mean_the_same() {
        let hub = repository("docker.io", "library/nginx");
        for key in ["docker.io", "https://index.docker.io/v1/", "index.docker.io", "https://docker.io"] {
            assert_eq!(weight(key, &hub), Some(0), "{key}");
        }
        assert_eq!(weight("quay.io", &hub), None);
    }

    #[test]
    fn the_longest_key_is_the_closest_and_ends_where_a_component_does() {
        let app = repository("reg.example:5000", "team/app");
        assert_eq!(weight("reg.example:5000", &app), Some(0));
        assert_eq!(weight("reg.example:5000/team", &app), Some(4));
        assert_eq!(weight("reg.example:5000/team/app", &app), Some(8));
        assert_eq!(weight("reg.example:5000/tea", &app), None);
        assert_eq!(weight("reg.example:5000/team/app/more", &app), None);
        assert_eq!(weight("reg.example", &app), None, "another port is another registry");
    }

    proptest! {
        #[test]
        fn a_key_of_another_host_never_matches(key in ".{0,30}", path in "[a-z/]{0,20}") {
            prop_assume!(!key.contains("reg.example"));
            prop_assert_eq!(weight(&key, &repository("reg.example", &path)), None);
        }
    }
}
