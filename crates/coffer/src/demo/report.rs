//! What the probe says of the inside, in five lines that a person can check.

use serde::{Deserialize, Serialize};

use crate::idmap::IdMap;
use crate::render::units;

/// The parts of the probe's report that the demo shows.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    identity: Identity,
    namespaces: Namespaces,
    mounts: Mounts,
}

#[derive(Debug, Deserialize)]
struct Identity {
    uid: u32,
    uid_map: String,
    effective: Vec<String>,
    no_new_privs: bool,
    seccomp: u32,
}

#[derive(Debug, Deserialize)]
struct Namespaces {
    shared_with_host: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Mounts {
    writable_and_executable: Vec<String>,
}

/// One wall, as seen from inside.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Wall {
    pub(crate) name: &'static str,
    pub(crate) seen: String,
    pub(crate) stands: Stands,
}

/// Whether it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stands {
    Yes,
    No,
}

impl Wall {
    fn new(name: &'static str, seen: String, stands: bool) -> Self {
        Self { name, seen, stands: if stands { Stands::Yes } else { Stands::No } }
    }
}

impl Report {
    /// From `probe report --json`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The walls, the most telling first. `ours` is the map of the process that ran it.
    pub(crate) fn walls(&self, ours: &IdMap) -> Vec<Wall> {
        let identity = &self.identity;
        let shared = &self.namespaces.shared_with_host;
        let both = &self.mounts.writable_and_executable;
        // The probe writes a map on one line.
        let inside = IdMap::parse(&identity.uid_map.replace(", ", "\n"));
        let outside = inside.outside(identity.uid).and_then(|id| ours.outside(id));
        vec![
            Wall::new("users", users(identity.uid, outside), outside != Some(0)),
            Wall::new(
                "namespaces",
                if shared.is_empty() {
                    "all 8 are private".to_owned()
                } else {
                    format!("shared: {}", shared.join(" "))
                },
                shared.is_empty(),
            ),
            Wall::new(
                "privileges",
                format!(
                    "{}, no_new_privs {}, seccomp {}",
                    units::count(identity.effective.len(), "capability", "capabilities"),
                    if identity.no_new_privs { "set" } else { "not set" },
                    if identity.seccomp == 2 { "filter on" } else { "filter off" }
                ),
                identity.no_new_privs && identity.seccomp == 2,
            ),
            Wall::new(
                "execution",
                match both.len() {
                    0 => "nothing writable can be executed".to_owned(),
                    _ => format!("writable and executable: {}", both.join(" ")),
                },
                both.is_empty(),
            ),
        ]
    }
}

fn users(inside: u32, outside: Option<u32>) -> String {
    match outside {
        Some(outside) => format!("uid {inside} inside is uid {outside} outside"),
        None => format!("uid {inside} inside is nobody outside"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFINED: &str = r#"{"identity":{"uid":0,"uid_map":"0 165536 65536","effective":["chown"],
        "no_new_privs":true,"seccomp":2,"more":1},"namespaces":{"shared_with_host":[]},
        "mounts":{"writable_and_executable":[]}}"#;

    fn host() -> IdMap {
        IdMap::parse("0 0 4294967295")
    }

    #[test]
    fn a_session_s_root_is_its_user_outside() {
        let single = CONFINED.replace("0 165536 65536", "0 0 1");
        let walls = Report::parse(single.as_bytes()).unwrap().walls(&IdMap::parse("0 1000 1"));
        assert_eq!(walls.first().unwrap().seen, "uid 0 inside is uid 1000 outside");
        assert_eq!(walls.first().unwrap().stands, Stands::Yes);
        let several = CONFINED.replace("0 165536 65536", "0 0 1, 1 1 65536");
        let walls =
            Report::parse(several.as_bytes()).unwrap().walls(&IdMap::parse("0 1001 1\n1 100000 65536"));
        assert_eq!(walls.first().unwrap().seen, "uid 0 inside is uid 1001 outside");
    }

    #[test]
    fn a_confined_report_has_every_wall() {
        let walls = Report::parse(CONFINED.as_bytes()).unwrap().walls(&host());
        assert!(walls.iter().all(|wall| wall.stands == Stands::Yes), "{walls:?}");
        assert_eq!(walls.first().unwrap().seen, "uid 0 inside is uid 165536 outside");
    }

    #[test]
    fn a_missing_wall_is_said_to_be_missing() {
        let open = CONFINED
            .replace("165536 65536", "0 4294967295")
            .replace("\"seccomp\":2", "\"seccomp\":0")
            .replace("\"writable_and_executable\":[]", "\"writable_and_executable\":[\"/tmp\"]")
            .replace("\"shared_with_host\":[]", "\"shared_with_host\":[\"net\"]");
        let walls = Report::parse(open.as_bytes()).unwrap().walls(&host());
        assert!(walls.iter().all(|wall| wall.stands == Stands::No), "{walls:?}");
    }
}
