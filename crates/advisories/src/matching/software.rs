//! Software that no package manager knows of, by the names under which Bitnami has advisories about it.

/// Names that differ, ours first; everything else has one name.
const NAMES: &[(&str, &str)] = &[
    ("apache-httpd", "apache"),
    ("cpython", "python"),
    ("go", "golang"),
    ("grafana-server", "grafana"),
    ("httpd", "apache"),
    ("jdk", "java"),
    ("mysqld", "mysql"),
    ("nodejs", "node"),
    ("openjdk", "java"),
    ("postgres", "postgresql"),
    ("redis-server", "redis"),
    ("traefik-proxy", "traefik"),
];

/// The name of a piece of software in its advisories.
pub(super) fn name(ours: &str) -> &str {
    NAMES.iter().find(|(name, _)| *name == ours).map_or(ours, |(_, theirs)| theirs)
}
