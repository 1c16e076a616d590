//! What the probe says of the inside, in five lines that a person can check.

use serde::{Deserialize, Serialize};

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

    /// The walls, the most telling first.
    pub(crate) fn walls(&self) -> Vec<Wall> {
        let identity = &self.identity;
        let shared = &self.namespaces.shared_with_host;
        let both = &self.mounts.writable_and_executable;
        vec![
            Wall::new("users", self.users(), self.outside() != Some(0)),
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

    fn users(&self) -> String {
        let uid = self.identity.uid;
        self.outside().map_or_else(
            || format!("uid {uid} inside is nobody outside"),
            |outside| format!("uid {uid} inside is uid {outside} outside"),
        )
    }

    /// What the first id inside is outside (user_namespaces(7), uid_map: inside, outside, length), as
    /// far as this is the map's first line.
    fn outside(&self) -> Option<u32> {
        let mut fields = self.identity.uid_map.split_whitespace().map(str::parse::<u32>);
        let (inside, outside) = (fields.next()?.ok()?, fields.next()?.ok()?);
        let distance = self.identity.uid.checked_sub(inside)?;
        outside.checked_add(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFINED: &str = r#"{"identity":{"uid":0,"uid_map":"0 165536 65536","effective":["chown"],
        "no_new_privs":true,"seccomp":2,"more":1},"namespaces":{"shared_with_host":[]},
        "mounts":{"writable_and_executable":[]}}"#;

    #[test]
    fn a_confined_report_has_every_wall() {
        let walls = Report::parse(CONFINED.as_bytes()).unwrap().walls();
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
        let walls = Report::parse(open.as_bytes()).unwrap().walls();
        assert!(walls.iter().all(|wall| wall.stands == Stands::No), "{walls:?}");
    }
}
