//! Releases of distributions: which advisories are theirs, and how long there are any.

use model::inventory::Distribution;

use super::endings::ENDINGS;
use crate::ecosystem::of_debian;

/// Which of the ecosystems in a database are a release's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// This one.
    Named(String),
    /// All that begin and end so: Red Hat and SUSE have one for each product of a release.
    Between(String, String),
}

impl Wanted {
    pub(super) fn is(&self, ecosystem: &str) -> bool {
        match self {
            Self::Named(name) => name == ecosystem,
            Self::Between(start, end) => {
                ecosystem.starts_with(start.as_str()) && ecosystem.ends_with(end.as_str())
            }
        }
    }
}

/// The ecosystems of a release, those that decide first; none where the distribution is not known.
pub(super) fn ecosystems(distribution: &Distribution) -> Vec<Wanted> {
    let version = distribution.version.as_str();
    let major = first_parts(version, 1);
    let named = |name: String| vec![Wanted::Named(name)];
    match distribution.id.as_str() {
        // What is to come has a name and no number yet.
        "debian" if major.is_empty() => of_debian(&distribution.codename).map(named).unwrap_or_default(),
        // Before 4 there were two of each.
        "debian" if major == "3" => named(format!("Debian:{}", first_parts(version, 2))),
        "debian" | "raspbian" => named(format!("Debian:{major}")),
        "ubuntu" => ubuntu(version),
        "alpine" if is_edge(distribution) => named("Alpine:edge".to_owned()),
        "alpine" => named(format!("Alpine:v{}", first_parts(version, 2))),
        "wolfi" => named("Wolfi".to_owned()),
        "chainguard" => named("Chainguard".to_owned()),
        "almalinux" => named(format!("AlmaLinux:{major}")),
        "rocky" => named(format!("Rocky Linux:{major}")),
        "rhel" | "centos" => red_hat(major),
        "opensuse-leap" | "opensuse" => named(format!("openSUSE:Leap {}", first_parts(version, 2))),
        "opensuse-tumbleweed" => named("openSUSE:Tumbleweed".to_owned()),
        "sles" | "sle_hpc" | "sles_sap" => vec![suse(version)],
        "mageia" => named(format!("Mageia:{major}")),
        "photon" => named(format!("Photon OS:{}", first_parts(version, 2))),
        "azurelinux" => named(format!("Azure Linux:{major}")),
        _ => Vec::new(),
    }
}

/// Whether an Alpine has no release: by where its packages come from, or by a version that is still to come.
fn is_edge(distribution: &Distribution) -> bool {
    distribution.codename == "edge" || distribution.version.contains(['_', '-'])
}

/// The first dot-separated parts of a version.
fn first_parts(version: &str, parts: usize) -> &str {
    let end = version.match_indices('.').nth(parts.saturating_sub(1)).map(|(at, _)| at);
    end.and_then(|end| version.get(..end)).unwrap_or(version)
}

/// What Canonical mends for subscribers only comes last: it still says which versions are vulnerable.
fn ubuntu(version: &str) -> Vec<Wanted> {
    let release = first_parts(version, 2);
    let forms = ["Ubuntu:{}:LTS", "Ubuntu:{}", "Ubuntu:Pro:{}:LTS"];
    forms.map(|form| Wanted::Named(form.replace("{}", release))).into()
}

fn red_hat(major: &str) -> Vec<Wanted> {
    let products = Wanted::Between(format!("Red Hat:enterprise_linux:{major}:"), String::new());
    let names =
        ["Red Hat:", "Red Hat:enterprise_linux:"].map(|start| Wanted::Named(format!("{start}{major}")));
    names.into_iter().chain([products]).collect()
}

fn suse(version: &str) -> Wanted {
    let end = match version.split_once('.') {
        Some((major, pack)) => format!(" {major} SP{pack}"),
        None => format!(" {version}"),
    };
    Wanted::Between("SUSE:Linux Enterprise".to_owned(), end)
}

/// The last day on which anybody mended the release, where that is known: `2024-06-30`.
#[must_use]
pub fn end_of_life(distribution: &Distribution) -> Option<&'static str> {
    let is = |version: &str| {
        let rest = distribution.version.strip_prefix(version);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if distribution.id == "alpine" && is_edge(distribution) {
        return None;
    }
    let ending = ENDINGS.iter().find(|ending| ending.id == distribution.id && is(ending.version))?;
    Some(ending.day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distribution(id: &str, version: &str) -> Distribution {
        Distribution { id: id.into(), version: version.into(), ..Distribution::default() }
    }

    #[test]
    fn releases_have_the_ecosystems_that_osv_names() {
        for (id, version, ecosystem) in [
            ("debian", "12", "Debian:12"),
            ("debian", "11.7", "Debian:11"),
            ("raspbian", "12", "Debian:12"),
            ("debian", "3.1", "Debian:3.1"),
            ("ubuntu", "22.04", "Ubuntu:22.04:LTS"),
            ("ubuntu", "23.10", "Ubuntu:23.10"),
            ("ubuntu", "18.04", "Ubuntu:Pro:18.04:LTS"),
            ("alpine", "3.19.1", "Alpine:v3.19"),
            ("alpine", "3.21_alpha20240606", "Alpine:edge"),
            ("almalinux", "9.3", "AlmaLinux:9"),
            ("rocky", "8.9", "Rocky Linux:8"),
            ("rhel", "9.4", "Red Hat:enterprise_linux:9::appstream"),
            ("centos", "7", "Red Hat:enterprise_linux:7"),
            ("opensuse-leap", "15.5", "openSUSE:Leap 15.5"),
            ("sles", "15.5", "SUSE:Linux Enterprise Module for Basesystem 15 SP5"),
            ("wolfi", "20230201", "Wolfi"),
        ] {
            let wanted = ecosystems(&distribution(id, version));
            assert!(wanted.iter().any(|wanted| wanted.is(ecosystem)), "{id} {version}: {wanted:?}");
            assert!(!wanted.iter().any(|wanted| wanted.is("Debian:1")));
        }
        assert_eq!(ecosystems(&distribution("debian", "")), []);
        assert_eq!(ecosystems(&distribution("plan9", "4")), []);
    }

    #[test]
    fn a_release_ends_on_the_day_of_its_own_and_of_no_other() {
        assert_eq!(end_of_life(&distribution("alpine", "3.1.2")), None);
        assert_eq!(end_of_life(&distribution("alpine", "3.10.9")), Some("2021-05-01"));
        assert_eq!(end_of_life(&distribution("debian", "10")), Some("2024-06-30"));
        assert_eq!(end_of_life(&distribution("amzn", "2")), Some("2026-06-30"));
        assert_eq!(end_of_life(&distribution("amzn", "2023.3")), Some("2029-06-30"));
    }

    #[test]
    fn an_alpine_whose_packages_come_from_edge_is_of_no_release() {
        let edge = Distribution { codename: "edge".into(), ..distribution("alpine", "3.10.9") };
        assert!(ecosystems(&edge).iter().all(|wanted| wanted.is("Alpine:edge")));
        assert_eq!(end_of_life(&edge), None);
    }

    #[test]
    fn every_day_is_one_and_no_release_has_two() {
        let days = ENDINGS.iter().all(|ending| {
            ending.day.len() == 10 && ending.day.split('-').all(|part| part.parse::<u16>().is_ok())
        });
        assert!(days);
        let releases: std::collections::BTreeSet<_> =
            ENDINGS.iter().map(|ending| (ending.id, ending.version)).collect();
        assert_eq!(releases.len(), ENDINGS.len());
    }
}
